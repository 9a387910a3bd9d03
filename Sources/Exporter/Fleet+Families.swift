import Configuration
import Metrics
import Monitoring
import Topology

extension Fleet {
    /// The findings as metric families; of a narrowed selection only the wanted nodes.
    /// - Parameter withSets: also what concerns the sets of these nodes as a whole.
    func families(of findings: [SetFindings], _ selection: Selection, withSets: Bool = false) -> Families {
        var families = Families()
        for set in findings {
            if let names = selection.nodes(in: set.name) {
                families.add(set, only: names, withSet: withSets, configuration.metrics)
            } else {
                families.add(set, configuration.metrics)
            }
        }
        return families
    }
}
