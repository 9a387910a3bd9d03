package import Replication

/// Whether a server takes writes from ordinary accounts. If it does not report that, it is unknown: such a node counts
/// as writable when the others are judged, and as read-only when it is judged itself.
enum Writability: Sendable, Equatable {
    case writable, readOnly, unknown

    init(_ isReadOnly: Bool?) {
        self = isReadOnly.map { $0 ? .readOnly : .writable } ?? .unknown
    }
}

/// A node's last answer, and what has been seen of it since its server started.
struct NodeMemory: Sendable {
    var address: Address
    var identity: ServerIdentity
    /// Epoch seconds by the server's own clock; nil if it did not report its uptime.
    var startTime: Double?
    /// When it answered; nil in test scenes without clocks.
    var read: Reading?
    var writability: Writability
    var readOnlySwitches: [String]
    /// Nil if it did not report its replication status.
    var channels: [ChannelMemory]?
    /// Nil if it belonged to no cluster.
    var cluster: ClusterMember?
    var transactions: TransactionHistory?
    /// Those of the previous answer of the same server.
    var transactionsBefore: TransactionHistory?
    /// Whether `transactions` includes what was written on this server itself.
    var recordsOwnWrites: Bool

    /// Known only from an earlier process: its identity, but not its state.
    var isRecorded = false
    /// An earlier process knew it, and it has not restarted since.
    var predatesProcess = false
    /// It has been silent in a round since its last answer.
    var wasSilent = false
    /// For a recorded node: it has been silent in a round of this process.
    var wasMissed = false
    /// When it was first seen since its server started.
    var lifeBegan: FixedInstant?
    /// It was seen read-only, or with a source, since its server started.
    var wasReadOnly: Bool
    var wasReplica: Bool
    /// It took writes alongside the writer, and has been writable and without a source since.
    var wasRival = false
    /// Its last silence: from the answer before it to the one after.
    var lastSilence: Span?
    /// When it became writable and without a source: from the last answer that showed it otherwise to the first that
    /// showed it so.
    var freed: Span?
    /// Since when it has had no obstacle and has been the only writable node.
    var eligibleSince: FixedInstant?
    /// Where channels led when they were last connected.
    var resolved: [ChannelKey: ChannelMemory.Source] = [:]

    struct Span: Sendable, Equatable {
        let since: FixedInstant
        let until: FixedInstant

        func overlaps(_ other: Span) -> Bool { since <= other.until && other.since <= until }
    }

    struct ChannelKey: Sendable, Hashable {
        let channel: String
        let host: String
        let port: UInt16
    }

    /// Long enough ago to precede this process.
    private static let longAgo = Duration.seconds(1_000_000_000)

    /// Writable, and without a source.
    var isFree: Bool { writability == .writable && channels?.allSatisfy(\.isParked) == true }

    /// Seen read-only or as a replica, and then, without a restart, writable and without a source: it has been
    /// promoted.
    var isPromoted: Bool {
        writability == .writable && (wasReadOnly || wasReplica && channels?.isEmpty == true)
    }
}

/// A channel, reduced to what the decision about the writers needs.
struct ChannelMemory: Sendable, Equatable {
    enum Source: Sendable, Hashable {
        /// By name.
        case node(String)
        /// It is identified, and is not a node of the set.
        case outside
        case unrecognised
    }

    var name: String
    /// `host:port`, as the replica has it configured.
    var address: String
    var source: Source
    /// The intended source's name, if one is configured; `NodeDescription.outside` for one outside the set.
    var intended: String?
    /// The address cannot be connected to: it has no host, or orchestrator's `//`, which marks a detached replica.
    var isParked: Bool
    var isReceiverStopped: Bool
    var isApplying: Bool
    /// The IO thread runs, and something arrived within one heartbeat period.
    var isReceiving: Bool

    var isStopped: Bool { isReceiverStopped && !isApplying }
}

extension NodeMemory {
    init(recorded identity: ServerIdentity, at address: Address, startTime: Double?) {
        self.init(
            address: address, identity: identity, startTime: startTime, writability: .unknown, readOnlySwitches: [],
            recordsOwnWrites: false, isRecorded: true, wasSilent: true, wasReadOnly: false, wasReplica: false)
    }

    /// - Returns: nil unless the node reported its identity in this round.
    init?(_ node: NodeFindings, areAllNodesKnown: Bool, earlier: NodeMemory?) {
        guard let facts = node.report.facts, facts.identity.serverID != nil else { return nil }
        address = node.description.address
        identity = facts.identity
        startTime = facts.startTime
        read = facts.identityRead
        writability = Writability(facts.isReadOnly)
        readOnlySwitches = facts.readOnlySwitches
        // One that does not say so now, as when the statement is late, is still a member.
        cluster = facts.cluster ?? (facts.clusterSettings == nil && !facts.isClusterUnknown ? nil : earlier?.cluster)
        transactions = facts.transactions
        recordsOwnWrites = facts.recordsOwnWrites
        wasReadOnly = writability == .readOnly
        wasReplica = facts.channels?.isEmpty == false
        lifeBegan = read.map { FixedInstant($0.told) }
        let isSameServer = earlier.map { $0.isSameServer(as: facts.identity, at: node.description.address) } ?? false
        resolved = isSameServer ? earlier?.resolved ?? [:] : [:]
        if facts.channels != nil {
            var channels: [ChannelMemory] = []
            for findings in node.channels {
                let key = ChannelKey(
                    channel: findings.channel.name, host: findings.channel.source.host,
                    port: findings.channel.source.port)
                var channel = ChannelMemory(findings, of: node.description, areAllNodesKnown: areAllNodesKnown)
                if channel.source == .unrecognised, let known = resolved[key] { channel.source = known }
                if findings.channel.ioThread == .running, channel.source != .unrecognised,
                    resolved[key] != channel.source
                {
                    resolved[key] = channel.source
                }
                channels.append(channel)
            }
            self.channels = channels
        }
        guard let earlier, isSameServer else { return }
        transactionsBefore = earlier.transactions
        let sinceEarlier = read.map {
            Span(
                since: FixedInstant(earlier.read?.told ?? $0.told - Self.longAgo), until: FixedInstant($0.told))
        }
        // Holds across a restart too: a server that was a replica comes back as one unless it has been promoted.
        if isFree { freed = earlier.isFree ? earlier.freed : sinceEarlier }
        // A fact that is missing in one round does not end it.
        wasRival = earlier.wasRival && writability != .readOnly && channels?.allSatisfy(\.isParked) != false
        guard !hasRestarted(since: earlier) else { return }
        lifeBegan = earlier.lifeBegan
        predatesProcess = earlier.isRecorded || earlier.predatesProcess
        wasReadOnly = wasReadOnly || earlier.wasReadOnly
        wasReplica = wasReplica || earlier.wasReplica
        eligibleSince = earlier.eligibleSince
        let wasSilent = earlier.isRecorded ? earlier.wasMissed : earlier.wasSilent
        lastSilence = wasSilent ? sinceEarlier : earlier.lastSilence
    }

    /// Whether the remembered server is this one, restarted or not.
    func isSameServer(as other: ServerIdentity, at address: Address) -> Bool {
        self.address.isSame(as: address) && identity.hasIDs(of: other)
    }

    /// A server that does not report its start time must be presumed to have restarted once it has been silent.
    func hasRestarted(since earlier: NodeMemory) -> Bool {
        guard let startTime, let before = earlier.startTime else { return earlier.wasSilent }
        return abs(startTime - before) > 1
    }

    /// The same server, and not restarted.
    func isSameLife(as earlier: NodeMemory) -> Bool {
        earlier.isSameServer(as: identity, at: address) && !hasRestarted(since: earlier)
    }

    /// Whether it was answered later than the other; without clocks, the later fold counts.
    func isNewer(than other: NodeMemory) -> Bool {
        guard let mine = read, let theirs = other.read else { return true }
        return mine.told >= theirs.told
    }
}

extension ChannelMemory {
    init(_ findings: ChannelFindings, of node: NodeDescription, areAllNodesKnown: Bool) {
        let channel = findings.channel
        name = channel.name
        address = channel.source.description
        intended = node.intendedSource(of: channel.name)
        isParked = channel.source.isDetached
        isReceiverStopped = channel.ioThread == .stopped
        isApplying = channel.isApplierRunning
        isReceiving = channel.isReceiving
        if let node = findings.sourceNode {
            source = .node(node)
        } else if channel.hasNamedSource, areAllNodesKnown {
            source = .outside
        } else {
            source = .unrecognised
        }
    }
}

extension Channel {
    /// Something has arrived from the source within one of its heartbeat periods.
    package var isReceiving: Bool {
        guard ioThread == .running else { return false }
        guard let silence = sourceSilence, let period = heartbeatPeriod, period > 0 else { return true }
        return silence <= period
    }

    /// The identity by which the replica knows its source belongs to the configured source. MySQL forgets the UUID
    /// along with the address; MariaDB keeps showing the previous source's server ID until it has reached the new one.
    fileprivate var hasNamedSource: Bool {
        source.serverUUID != nil || (ioThread == .running && source.serverID != nil)
    }
}
