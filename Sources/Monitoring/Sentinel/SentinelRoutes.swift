internal import Replication
internal import Topology

/// The channels through which the sentinel's row should come to each node.
struct SentinelRoutes: Sendable {
    /// Names, by node.
    private(set) var channels: [String: [String]] = [:]

    /// Takes what the nodes tell. Whoever is silent is taken to follow whom he followed: he is to fail, not to vanish.
    mutating func learn(_ findings: SetFindings, from primary: String) {
        let leading = findings.channels(leadingFrom: primary)
        var now: [String: [String]] = [:]
        for node in findings.nodes where node.description.name != primary {
            let name = node.description.name
            guard let told = node.report.facts?.channels else {
                now[name] = channels[name] ?? node.intendedChannels
                continue
            }
            // Whoever is late on purpose does not show in time whether he works.
            if told.contains(where: { ($0.configuredDelay ?? 0) > 0 }) { continue }
            now[name] = leading[name]?.map(\.channel.name)
        }
        channels = now
    }
}

extension NodeFindings {
    /// Of a node that has not told any yet; nil where none are intended either.
    fileprivate var intendedChannels: [String]? {
        description.intendedSources.isEmpty ? nil : description.intendedSources.keys.sorted()
    }
}
