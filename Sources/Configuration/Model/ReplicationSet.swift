package import Replication

/// Servers that replicate from one another.
package struct ReplicationSet: Sendable, Equatable {
    /// The label `replication_set`. Needs no escaping in a URL's path.
    package let name: String
    /// In the order of the file, at least one.
    package let nodes: [Node]
    package let thresholds: Thresholds
    package let heartbeat: Heartbeat?
    package let sentinel: Sentinel?
    package let failover: FailoverPolicy?
    package let checksums: ChecksumTable?
    /// Servers whose transactions are not errant.
    package let errantAllowed: ErrantAllowed

    package init(
        name: String, nodes: [Node], thresholds: Thresholds = Thresholds(), heartbeat: Heartbeat? = nil,
        sentinel: Sentinel? = nil, failover: FailoverPolicy? = nil, checksums: ChecksumTable? = nil,
        errantAllowed: ErrantAllowed = ErrantAllowed()
    ) {
        self.name = name
        self.nodes = nodes
        self.thresholds = thresholds
        self.heartbeat = heartbeat
        self.sentinel = sentinel
        self.failover = failover
        self.checksums = checksums
        self.errantAllowed = errantAllowed
    }

    package func node(named name: String) -> Node? {
        nodes.first { $0.name == name }
    }
}

/// Servers that write to replicas on purpose, as the file names them.
package struct ErrantAllowed: Sendable, Equatable {
    /// In the order of the file: UUIDs (MySQL) and server IDs (MariaDB).
    package let servers: [String]
    package let writers: TransactionHistory.Writers

    package init(servers: [String] = []) {
        self.servers = servers
        var writers = TransactionHistory.Writers()
        for server in servers {
            if let uuid = ServerUUID(server) { writers.uuids.insert(uuid) }
            if let id = UInt32(server) { writers.serverIDs.insert(id) }
        }
        self.writers = writers
    }
}

/// Lag measured by a row that is written on the source, in pt-heartbeat's layout.
package struct Heartbeat: Sendable, Equatable {
    package let table: TableName
    /// How often the row is written.
    package let interval: Duration
    /// Whether the exporter writes the row itself; if false, pt-heartbeat or another program does.
    package let write: Bool

    package init(table: TableName, interval: Duration = .seconds(1), write: Bool = false) {
        self.table = table
        self.interval = interval
        self.write = write
    }
}

/// Rows sent through replication at intervals, and timed.
package struct Sentinel: Sendable, Equatable {
    package let table: TableName
    package let interval: Duration

    package init(table: TableName, interval: Duration = .seconds(15)) {
        self.table = table
        self.interval = interval
    }
}

/// The results of pt-table-checksum.
package struct ChecksumTable: Sendable, Equatable {
    package let table: TableName

    package init(table: TableName = TableName(database: "percona", table: "checksums")) {
        self.table = table
    }
}
