package import MariaDB
package import Replication

/// One statement, and how its rows fill a node's facts.
package struct Fact: Sendable {
    package let name: FactName
    package let statement: String
    /// The privileges that the statement needs, as they stand in a GRANT; empty where none is needed.
    package let privileges: String
    /// What is selected, where the statement is nothing but that: facts of this kind can be asked for in one statement.
    let selected: String?
    package let read: @Sendable (ResultTable, inout NodeFacts) throws(FactError) -> Void

    package init(
        _ name: FactName, _ statement: String, privileges: String = "",
        read: @escaping @Sendable (ResultTable, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        self.statement = statement
        self.privileges = privileges
        selected = nil
        self.read = read
    }

    /// - Parameter selected: expressions, each with a name of its own among all that a dialect selects like this.
    init(
        _ name: FactName, selecting selected: String,
        read: @escaping @Sendable (ResultTable, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        statement = "SELECT \(selected)"
        privileges = ""
        self.selected = selected
        self.read = read
    }

    /// Without these a node is not up.
    package var isEssential: Bool { name == .identity || name == .replicationStatus }

    /// Looked at now and then only (`CounterCache`).
    var isCounter: Bool { name == .status || name == .connectedReplicas }

    /// Tables that are empty but on replicas, and cost all the same.
    var isOfChannels: Bool { (name == .receiver || name == .applier) && selected == nil }

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
    /// In the order in which they are asked for, in one batch.
    package private(set) var facts: [Fact] { didSet { usual = Self.usual(facts) } }
    /// What a round asks where no counter is due: one text for all nodes that speak like this.
    private(set) var usual: Inquiry
    /// Asked when somebody needs it.
    package let binlogIndex: Fact
    /// Asked when the checksum table has changed. Nil where none is configured.
    private(set) var checksumSummary: Fact?

    package init(name: String, session: [String], facts: [Fact], binlogIndex: Fact) {
        self.name = name
        self.session = session
        self.facts = facts
        usual = Self.usual(facts)
        self.binlogIndex = binlogIndex
    }

    private static func usual(_ facts: [Fact]) -> Inquiry { Inquiry(facts.filter { !$0.isCounter }, isMerged: true) }

    package func fact(_ name: FactName) -> Fact? { facts.first { $0.name == name } }

    /// Those of every round, and these counters.
    func facts(with counters: Set<FactName>) -> [Fact] {
        counters.isEmpty ? usual.facts : facts.filter { !$0.isCounter || counters.contains($0.name) }
    }

    /// What a round asks for, with all counters or with none of them.
    package func inquiry(withCounters isWhole: Bool) -> Inquiry { isWhole ? Inquiry(facts, isMerged: true) : usual }

    /// All that may be sent, each once.
    package var statements: [String] {
        let merged = inquiry(withCounters: true).questions.map(\.statement)
        return merged + facts.map(\.statement).filter { !merged.contains($0) } + [binlogIndex.statement]
    }

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
