/// Servers that replicate from one another.
package struct ReplicationSet: Sendable, Equatable {
    /// The label `replication_set`. Needs no escaping in a URL's path.
    package let name: String
    /// In the order of the file, at least one.
    package let nodes: [Node]
    package let thresholds: Thresholds
    package let heartbeat: Heartbeat?
    package let sentinel: Sentinel?
    package let failover: FailoverRule?
    package let checksums: ChecksumTable?

    package init(
        name: String, nodes: [Node], thresholds: Thresholds = Thresholds(), heartbeat: Heartbeat? = nil,
        sentinel: Sentinel? = nil, failover: FailoverRule? = nil, checksums: ChecksumTable? = nil
    ) {
        self.name = name
        self.nodes = nodes
        self.thresholds = thresholds
        self.heartbeat = heartbeat
        self.sentinel = sentinel
        self.failover = failover
        self.checksums = checksums
    }

    package func node(named name: String) -> Node? {
        nodes.first { $0.name == name }
    }
}

/// Where the check `lag` turns to broken: above either.
package struct Thresholds: Sendable, Equatable {
    package let lag: Duration
    package let bytes: UInt64

    package init(lag: Duration = .seconds(30), bytes: UInt64 = 100_000_000) {
        self.lag = lag
        self.bytes = bytes
    }
}

/// Lag by a row that is written on the source, in pt-heartbeat's layout.
package struct Heartbeat: Sendable, Equatable {
    package let table: TableName
    /// How often the row is written.
    package let interval: Duration
    /// False: somebody else (pt-heartbeat) writes it, it is only read.
    package let write: Bool

    package init(table: TableName, interval: Duration = .seconds(1), write: Bool = false) {
        self.table = table
        self.interval = interval
        self.write = write
    }
}

/// Rows sent down the replication now and then, and timed.
package struct Sentinel: Sendable, Equatable {
    package let table: TableName
    package let interval: Duration

    package init(table: TableName, interval: Duration = .seconds(15)) {
        self.table = table
        self.interval = interval
    }
}

/// The answer of `/failover/<set>`: which of two nodes should serve.
package struct FailoverRule: Sendable, Equatable {
    /// Name of a node of the set.
    package let preferred: String
    /// Name of another node of the set.
    package let standby: String
    /// Where the time of the last good check is kept, on the preferred node.
    package let table: TableName
    /// The longest time between two checks that still counts as unbroken.
    package let maxGap: Duration
    /// After a break: how late the preferred node, as a replica of the standby, may be to serve again.
    package let maxLag: Duration

    package init(
        preferred: String, standby: String, table: TableName, maxGap: Duration = .seconds(20),
        maxLag: Duration = .seconds(1)
    ) {
        self.preferred = preferred
        self.standby = standby
        self.table = table
        self.maxGap = maxGap
        self.maxLag = maxLag
    }
}

/// The results of pt-table-checksum.
package struct ChecksumTable: Sendable, Equatable {
    package let table: TableName

    package init(table: TableName = TableName(database: "percona", table: "checksums")) {
        self.table = table
    }
}
