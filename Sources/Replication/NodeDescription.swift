/// A configured node, as far as it takes to compare it with others.
package struct NodeDescription: Sendable, Hashable {
    package var name: String
    package var address: NodeAddress
    /// Other addresses under which replicas know it.
    package var aliases: [NodeAddress]
    /// The name of the intended source, by channel; the entry "" also stands for the channels without one.
    package var intendedSources: [String: String]

    /// In place of a node's name: the source is none of the set's nodes, and that is as it should be.
    package static let outside = "outside"

    package init(
        name: String, address: NodeAddress, aliases: [NodeAddress] = [], intendedSources: [String: String] = [:]
    ) {
        self.name = name
        self.address = address
        self.aliases = aliases
        self.intendedSources = intendedSources
    }
}

package enum NodeAddress: Sendable, Hashable, CustomStringConvertible {
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// What the nodes of one replication set are held to.
package struct Thresholds: Sendable, Hashable {
    /// Seconds.
    package var lag: Double
    package var bytes: UInt64

    package init(lag: Double = 30, bytes: UInt64 = 100_000_000) {
        self.lag = lag
        self.bytes = bytes
    }
}

/// One round's answer from the nodes of a replication set, in the order of the configuration.
package struct ReplicationSetReport: Sendable {
    package struct Node: Sendable {
        package var description: NodeDescription
        package var report: NodeReport

        package init(_ description: NodeDescription, _ report: NodeReport) {
            self.description = description
            self.report = report
        }
    }

    package var name: String
    package var thresholds: Thresholds
    package var nodes: [Node]
    /// Nil where no heartbeat is configured.
    package var heartbeat: HeartbeatWriting?

    package init(
        name: String, thresholds: Thresholds = Thresholds(), nodes: [Node], heartbeat: HeartbeatWriting? = nil
    ) {
        self.name = name
        self.thresholds = thresholds
        self.nodes = nodes
        self.heartbeat = heartbeat
    }
}
