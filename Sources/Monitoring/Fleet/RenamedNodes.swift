internal import Configuration
internal import Replication

extension Configuration {
    /// Servers that an earlier configuration has under another name, or in another set. What is remembered of a node is kept by the
    /// names of its set and of itself, so it is forgotten: a word that an operator gave for one set must not count in another.
    /// - Returns: by the earlier name of the set, in the order of its nodes; each with the names that the server has now.
    func nodes(renamedSince earlier: Configuration) -> [String: [(name: String, now: String)]] {
        var names: [Address: String] = [:]
        for set in sets {
            for node in set.nodes where names[node.address.canonical] == nil {
                names[node.address.canonical] = "\(set.name)/\(node.name)"
            }
        }
        var renamed: [String: [(name: String, now: String)]] = [:]
        for set in earlier.sets {
            for node in set.nodes {
                let same = self.set(named: set.name)?.node(named: node.name)
                if same?.address.isSame(as: node.address) == true { continue }
                guard let now = names[node.address.canonical] else { continue }
                renamed[set.name, default: []].append((node.name, now))
            }
        }
        return renamed
    }
}
