import Exposition
import Topology

extension Families {
    /// - Parameter names: the requested nodes; nil for all.
    mutating func add(_ failover: FailoverFinding, only names: Set<String>? = nil, _ labels: LabelBlock) {
        for node in failover.nodes where names?.contains(node) ?? true {
            add(.failoverActive, labels.appending("node", node), node == failover.active)
        }
    }
}
