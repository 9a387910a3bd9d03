package import Replication

/// What one round reveals about a replication set when its nodes are compared with each other.
package struct SetFindings: Sendable {
    package var name: String
    package var thresholds: Thresholds
    /// In the order of the configuration.
    package var nodes: [NodeFindings]
    /// Groups of nodes that replicate from themselves through each other, by name.
    package var cycles: [[String]]
    /// What more than one node has: a server id, or a server UUID.
    package var duplicates: [SharedIdentity]
    /// The clusters to which its nodes belong, in the order of the configuration.
    package var clusters: [ClusterFindings] = []
    /// Which nodes take the writes, and why.
    package var writing: WriterFindings
    /// What was found by means other than asking the nodes in this round.
    package var probes = ProbeFindings()

    package func node(named name: String) -> NodeFindings? { nodes.first { $0.description.name == name } }

    /// The cluster to which a node belongs.
    package func cluster(of node: String) -> ClusterFindings? { clusters.first { $0.members.contains(node) } }
}

package struct NodeFindings: Sendable {
    package var description: NodeDescription
    package var report: NodeReport
    /// Nil while the node's channels are not known.
    package var role: NodeRole?
    package var channels: [ChannelFindings]
    /// Channels for which a source is configured, but which do not exist.
    package var absentChannels: [String]
    /// No filter holds anything back on any path into the node, as far as the nodes that answered show.
    package var isUnfiltered: Bool
    /// Seconds since the newest heartbeat in the node's table was written; nil if none is configured or that cannot be
    /// known.
    package var heartbeatAge: Double?
    /// Nil unless it says of itself that it belongs to a cluster.
    package var member: MemberFindings?
    /// What is wrong with its place in its cluster.
    package var clusterTroubles: [Trouble] = []
    /// Its replicas that never get what it replicates, since it does not log that; nil if not known, and without a binary log.
    package var unservedReplicas: [String]?
}

package enum NodeRole: String, Sendable, CaseIterable {
    case primary, intermediate, replica, standalone
    /// Belongs to a cluster, and is not its primary.
    case member
}

package struct ChannelFindings: Sendable {
    package var channel: Channel
    /// The name of the node that is the source; nil if the source is not a configured node.
    package var sourceNode: String?
    /// Bytes from what has been read, and applied, to the end of the source's binary log. Nil if the source did not
    /// answer or does not hold the file.
    package var readDelta: UInt64?
    package var applyDelta: UInt64?
    /// Bytes that the source still holds before the first byte that the replica needs next.
    package var purgeHeadroom: UInt64?
    package var distance: GTIDDistance
    package var errant: UInt64?
    /// Which ones; nil if there are none.
    package var errantTransactions: ErrantList?
    /// Its place in a binary log that the source no longer has.
    package var logLoss: LogLoss?
    /// The source was started without log_bin.
    var isSourceWithoutLog = false
    /// The source is a member that is not in its cluster.
    package var isSourceOutside = false
    /// MariaDB: the domains in which the replica is above its source; how many transactions are missing is then
    /// unknown.
    package var leads: [GTIDLead] = []
    package var lag: Lag?
    /// The source's log goes on, and nothing of it arrives.
    var stall: Stall?
    /// A check whose result cannot be known is absent.
    package var checks: Answers<Check>
    /// The configured source; nil if none is.
    package var intendedSource: String?
    /// It is stopped on purpose. Nothing is asked of it then: no check has a result.
    package var isParked = false
}

extension ChannelFindings {
    /// There may be more errant transactions than `errant` says.
    package var isErrantAtLeast: Bool { errantTransactions?.isCountedAtLeast == true }

    /// Either thread has been stopped, rather than waiting for its source to come back.
    package var isStopped: Bool { channel.ioThread == .stopped || !channel.isApplierRunning }
}

/// The questions a DBA asks about a channel.
package enum Check: String, Sendable, CaseIterable, NumberedQuestion {
    /// Does it replicate from the intended source?
    case source
    /// Does the source have the binary log that the replica reads?
    case binaryLog = "binary_log"
    /// Is data being transferred?
    case transfer
    /// Is it being applied without errors?
    case apply
    /// Is the replica keeping up?
    case lag

    package var number: Int {
        switch self {
        case .source: 0
        case .binaryLog: 1
        case .transfer: 2
        case .apply: 3
        case .lag: 4
        }
    }
}

/// How far behind a replica is, in time.
package struct Lag: Sendable, Equatable {
    /// Best first.
    package enum Method: String, Sendable, CaseIterable {
        case heartbeat
        case applierTimestamps = "applier_timestamps"
        case eventTimes = "event_times"
        case secondsBehindSource = "seconds_behind_source"
        /// Only by the looks at the source's log: the time since the first that showed something not applied.
        case observed
        /// Aurora: the writer's word on how late a reader shows the volume that both share.
        case storage
    }

    package var seconds: Double
    package var method: Method
    /// The most by which `seconds` can differ from the truth, by the looks at the source's log; nil if these do not show it.
    package var error: Double?
    /// What a limit on the lag is compared with; nil if it meets none: how late the replica may be is not known yet.
    package var limiting: Double?

    package init(seconds: Double, method: Method) {
        self.seconds = seconds
        self.method = method
        limiting = seconds
    }
}
