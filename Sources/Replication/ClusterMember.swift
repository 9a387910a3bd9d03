/// What a node says of the cluster that it belongs to, and of who else is in it: its own state, and its view.
///
/// Neither can be believed alone. A member that was frozen for a while, or cut off, still lists all others as online; only the
/// members' views side by side tell who is right (`ClusterFindings`).
package struct ClusterMember: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// MySQL Group Replication.
        case group = "group_replication"
        /// Galera, on MariaDB.
        case galera
        /// Amazon Aurora: a writer and its readers, which share one volume.
        case aurora
    }

    /// The member's own state, by its own word.
    package enum State: String, Sendable, CaseIterable {
        /// Group Replication: ONLINE. Galera: Synced.
        case online
        /// Is being given the data, or applies what it has missed.
        case joining
        /// Galera: feeds a joiner, or is held still for a backup; takes writes, and may fall behind.
        case donor
        /// Galera: `wsrep_desync` is on; takes writes, and may fall behind.
        case desynced
        /// Group Replication: ERROR. Galera: inconsistent.
        case failed
        /// Group Replication: OFFLINE. Galera: not in a primary component.
        case outside
    }

    package var kind: Kind
    /// The group's name (a UUID), or the cluster's name: the same for all its members, also for those that are out.
    package var cluster: String
    /// What it is called in views: the server UUID, or the address for clients.
    package var id: String
    package var state: State
    /// Executes statements. Galera: ready, and rejects none.
    package var isReady: Bool
    /// By its own word. Group Replication: more than half of the members in its view can be reached.
    package var hasQuorum: Bool
    /// Nil if it is in none.
    package var view: ClusterView?
    /// Group Replication: whether it has the role PRIMARY, by its own word. Aurora: whether it accepts writes.
    package var isPrimary: Bool?
    /// Transactions received and not applied yet.
    package var applyQueue: UInt64?
    /// Group Replication: transactions that wait for certification.
    package var certifyQueue: UInt64?
    /// Galera: the sequence number of the last write set that was committed here.
    package var lastCommitted: UInt64?
    /// Galera: the sequence number of the oldest write set that a joiner can still be given without a full copy of the data.
    package var oldestKept: UInt64?
    /// Transactions that were rolled back here because others had changed the same rows, since the member joined.
    package var conflicts: [ConflictCause: UInt64] = [:]
    /// Galera: how long flow control has held back writes, seconds since the server started.
    package var pausedSeconds: Double?
    /// Galera: whether this member asks the others to hold back.
    package var requestsPause: Bool?
    /// Group Replication: how a joiner is given a copy of all data; nil if it is not.
    package var clone: CloneProgress?
    /// Aurora: the instances that it lists.
    package var instances: [AuroraInstance] = []

    package enum ConflictCause: String, Sendable, CaseIterable {
        /// Found when the transaction was certified, at its commit.
        case certification
        /// Galera: an open transaction had to give way to one that was being applied.
        case abort
    }

    package init(kind: Kind, cluster: String, id: String, state: State) {
        self.kind = kind
        self.cluster = cluster
        self.id = id
        self.state = state
        isReady = false
        hasQuorum = false
    }

    /// Whether it goes on by itself as soon as it reaches enough others: a member of Group Replication that was stopped or expelled
    /// does not, while any node of Galera that is not in a primary component does (`pc.recovery` has it do so after a restart, too).
    package var hasLostQuorum: Bool {
        if hasQuorum { return false }
        return switch kind {
        case .group: state == .online || state == .joining
        case .galera: state == .outside
        case .aurora: false
        }
    }

    /// Whether it takes part in the cluster's decisions and has its data, by its own word.
    package var isOperating: Bool {
        switch state {
        case .online, .donor, .desynced: hasQuorum && view != nil
        case .joining, .failed, .outside: false
        }
    }
}

/// Who is in a cluster, as one member sees it.
package struct ClusterView: Sendable, Hashable {
    /// Distinguishes views. Of two with the same number that share no member, each is one half of a split.
    package var id: String
    /// The life of the cluster, from its bootstrap on. Numbers of different lives say nothing about each other.
    package var history: String
    /// Views that follow each other are numbered in order.
    package var number: UInt64?
    /// How many members it has, also where not all are listed.
    package var size: Int
    /// How many of them have data: an arbitrator has none.
    package var holders: Int
    /// In the order of their ids. Not listed are members without an address for clients, such as an arbitrator.
    package var members: [Member]

    package struct Member: Sendable, Hashable {
        package enum State: String, Sendable, CaseIterable { case online, recovering, unreachable, error, offline }

        package var id: String
        package var address: String
        package var state: State
        package var isPrimary: Bool

        package init(id: String, address: String, state: State, isPrimary: Bool = false) {
            self.id = id
            self.address = address
            self.state = state
            self.isPrimary = isPrimary
        }
    }

    package init(id: String, history: String, number: UInt64?, size: Int, holders: Int? = nil, members: [Member]) {
        self.id = id
        self.history = history
        self.number = number
        self.size = size
        self.holders = holders ?? size
        self.members = members.sorted { $0.id < $1.id }
    }

    /// Whether a member is listed in both.
    package func sharesMembers(with other: ClusterView) -> Bool {
        let ids = Set(members.map(\.id))
        return other.members.contains { ids.contains($0.id) }
    }

    package func count(_ states: Member.State...) -> Int { members.count { states.contains($0.state) } }
}

extension NodeFacts {
    /// Whether it is a member could not be read in this round.
    package var isClusterUnknown: Bool {
        // A server that is known to be set up for none may be asked all the same (`Fact.isCalledFor`), and refuse it.
        missing[.clusterSettings] != nil || missing[.cluster] != nil && clusterSettings != nil
    }

    /// It gives transactions GTIDs that other members of its cluster give to others: Galera without `wsrep_gtid_mode`.
    package var numbersAlone: Bool { clusterSettings.map { $0.kind == .galera && !$0.hasGTIDMode } ?? false }
}

/// How a server is set up as a member of a cluster, whether it is in it or not.
package struct ClusterSettings: Sendable, Hashable {
    package var kind: ClusterMember.Kind
    /// The group's name (a UUID), or the cluster's name.
    package var cluster: String
    /// Galera: `wsrep_desync`.
    package var isDesynced = false
    /// Galera: `wsrep_reject_queries`.
    package var rejectsQueries = false
    /// Galera: all nodes give a write set the same GTID (`wsrep_gtid_mode`).
    package var hasGTIDMode = false

    package init(kind: ClusterMember.Kind, cluster: String) {
        self.kind = kind
        self.cluster = cluster
    }
}
