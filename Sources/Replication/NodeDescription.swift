/// A configured node: what is needed to compare it with others.
package struct NodeDescription: Sendable, Hashable {
    package var name: String
    package var address: Address
    /// Other addresses under which replicas know it.
    package var aliases: [Address]
    /// The name of the intended source, by channel; the entry "" also applies to channels without one of their own.
    package var intendedSources: [String: String]
    /// The channels that may be stopped on purpose.
    package var parkedChannels: Set<String>

    /// Stands in for a node's name: the source is meant to be outside the set.
    package static let outside = "outside"

    package init(
        name: String, address: Address, aliases: [Address] = [], intendedSources: [String: String] = [:],
        parkedChannels: Set<String> = []
    ) {
        self.name = name
        self.address = address
        self.aliases = aliases
        self.intendedSources = intendedSources
        self.parkedChannels = parkedChannels
    }
}

/// One round's answers from the nodes of a replication set, in configuration order.
package struct ReplicationSetReport: Sendable {
    package struct Node: Sendable {
        package var description: NodeDescription
        package var report: NodeReport
        /// What the first look of an earlier round showed; nil if there is none, as in one-shot commands.
        package var earlier: NodeReport.Box?

        package init(_ description: NodeDescription, _ report: NodeReport, earlier: NodeReport.Box? = nil) {
            self.description = description
            self.report = report
            self.earlier = earlier
        }
    }

    package var name: String
    package var thresholds: Thresholds
    package var nodes: [Node]
    /// Nil where no heartbeat is configured.
    package var heartbeat: HeartbeatWriting?
    /// Configured: servers whose transactions are not errant, wherever they are found.
    package var errantAllowed = TransactionHistory.Writers()

    package init(
        name: String, thresholds: Thresholds = Thresholds(), nodes: [Node], heartbeat: HeartbeatWriting? = nil
    ) {
        self.name = name
        self.thresholds = thresholds
        self.nodes = nodes
        self.heartbeat = heartbeat
    }
}
