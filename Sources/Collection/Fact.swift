package import MariaDB
package import Replication

/// One statement, and how its rows fill a node's facts.
package struct Fact: Sendable {
    package let name: FactName
    package let statement: String
    /// The privileges that the statement needs, as they stand in a GRANT; empty where none is needed.
    package let privileges: String
    package let read: @Sendable (ResultTable, inout NodeFacts) throws(FactError) -> Void

    package init(
        _ name: FactName, _ statement: String, privileges: String = "",
        read: @escaping @Sendable (ResultTable, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        self.statement = statement
        self.privileges = privileges
        self.read = read
    }

    /// Without these a node is not up.
    package var isEssential: Bool { name == .identity || name == .replicationStatus }

    /// Whether the statement may well hang for the same reason as another one: where a disk is full or a lock is held, others
    /// wait behind it. Variables are read without waiting.
    func mayHang(behind other: FactName) -> Bool {
        switch name {
        // Without these a node is not up, so that the risk is worth it.
        case .identity, .replicationStatus: false
        case .binlogStatus, .binlogIndex, .heartbeat, .checksums, .checksumSummary: true
        // MariaDB's counters, and MySQL's tables, look at the channels.
        case .status, .receiver, .applier: other == .replicationStatus
        case .transactions, .durability, .connectedReplicas: false
        }
    }
}

/// A server answered, and the answer makes no sense.
package struct FactError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension [Fact] {
    func haveNames(of others: [Fact]) -> Bool { elementsEqual(others) { $0.name == $1.name } }
}

/// How one kind of server is spoken to: data, chosen once by what the server says in its handshake.
package struct Dialect: Sendable {
    package let name: String
    /// Sent once a connection.
    package let session: [String]
    /// Asked in every round, in this order, in one batch.
    package private(set) var facts: [Fact] { didSet { batch = Batch(facts.map(\.statement)) } }
    /// `facts` as they are sent: one text for all nodes that speak like this.
    private(set) var batch: Batch
    /// Asked when somebody needs it.
    package let binlogIndex: Fact
    /// Asked when the checksum table has changed. Nil where none is configured.
    private(set) var checksumSummary: Fact?

    package init(name: String, session: [String], facts: [Fact], binlogIndex: Fact) {
        self.name = name
        self.session = session
        self.facts = facts
        batch = Batch(facts.map(\.statement))
        self.binlogIndex = binlogIndex
    }

    package func fact(_ name: FactName) -> Fact? { facts.first { $0.name == name } }

    /// Those that are not asked in every round among them.
    func anyFact(_ name: FactName) -> Fact? {
        switch name {
        case .binlogIndex: binlogIndex
        case .checksumSummary: checksumSummary
        default: fact(name)
        }
    }

    /// The same, with more. One round trip stays one.
    func adding(_ extras: NodeExtras, flavor: Flavor, timeout: Duration) -> Dialect {
        var dialect = self
        if extras.keepsStatusRows {
            dialect.facts = facts.map { $0.name == .replicationStatus ? $0.keepingStatusRows() : $0 }
        }
        if let table = extras.checksumTable {
            // Less than half of the node's time, so that the rest of the batch gets its turn.
            let checksums = ChecksumFacts(table: table, flavor: flavor, limit: min(.seconds(2), timeout * 0.4))
            dialect.facts.append(checksums.run)
            dialect.checksumSummary = checksums.summary
        }
        if let table = extras.heartbeatTable { dialect.facts.append(.heartbeat(in: table)) }
        return dialect
    }

    /// The dialect of a server.
    /// - Returns: nil for servers older than those that are spoken to: MariaDB 10.5, MySQL 5.7.
    package static func of(_ flavor: Flavor, _ version: ServerVersion) -> Dialect? {
        switch flavor {
        case .mariadb:
            switch version {
            case ServerVersion(10, 5, 9)...: .mariaDB
            case ServerVersion(10, 5, 2)...: .mariaDBEarly
            default: nil
            }
        case .mysql:
            switch version {
            case ServerVersion(8, 2, 0)...: .mySQL84
            case ServerVersion(8, 0, 22)...: .mySQL80
            case ServerVersion(8, 0, 0)...: .mySQL80Early
            case ServerVersion(5, 7, 0)...: .mySQL57
            default: nil
            }
        }
    }
}
