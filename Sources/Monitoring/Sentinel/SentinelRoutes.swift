internal import Replication
internal import Topology

/// The channels through which the sentinel's row should reach each node.
struct SentinelRoutes: Sendable {
    /// Channel names by node.
    private(set) var channels: [String: [String]] = [:]

    /// Updates the routes from what the nodes report. A node that does not answer keeps its channels, so that it shows up as
    /// failing instead of disappearing.
    mutating func learn(_ findings: SetFindings, from primary: String) {
        let leading = findings.channels(leadingFrom: primary)
        var now: [String: [String]] = [:]
        for node in findings.nodes where node.description.name != primary {
            let name = node.description.name
            guard let reported = node.report.facts?.channels else {
                now[name] = channels[name] ?? node.intendedChannels
                continue
            }
            // A deliberately delayed replica cannot be checked within the timeout.
            if reported.contains(where: { ($0.configuredDelay ?? 0) > 0 }) { continue }
            now[name] = leading[name]?.map(\.channel.name)
        }
        channels = now
    }
}

extension NodeFindings {
    /// The configured channels, for a node that has not reported any yet; nil if none are configured.
    fileprivate var intendedChannels: [String]? {
        description.intendedSources.isEmpty ? nil : description.intendedSources.keys.sorted()
    }
}
