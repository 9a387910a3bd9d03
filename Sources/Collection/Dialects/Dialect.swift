package import Replication

/// The statements for one kind of server, as data; chosen once per connection by the version in the handshake.
package struct Dialect: Sendable {
    package let name: String
    /// Sent once per connection.
    package let session: [String]
    /// In the order in which they are asked for, in one batch.
    package private(set) var facts: [Fact] { didSet { usual = Self.usual(facts) } }
    /// What a round asks when no counter is due: one text for all nodes with this dialect.
    private(set) var usual: Inquiry
    /// Asked for only when a round shows a need (`Fact.isCalledFor`).
    private(set) var occasional: [Fact]
    /// Asked for when a replica needs it, or once a minute.
    package let binlogIndex: Fact
    /// Asked for when a replica needs it, by the name of the oldest binary log that the server holds.
    let purged: @Sendable (BinlogFile) -> Fact
    /// Asked for when the checksum table has changed. Nil if none is configured.
    private(set) var checksumSummary: Fact?

    package init(
        name: String, session: [String], facts: [Fact], occasional: [Fact] = [], binlogIndex: Fact,
        purged: @escaping @Sendable (BinlogFile) -> Fact
    ) {
        self.name = name
        self.session = session
        self.facts = facts
        self.occasional = occasional
        usual = Self.usual(facts)
        self.binlogIndex = binlogIndex
        self.purged = purged
    }

    private static func usual(_ facts: [Fact]) -> Inquiry { Inquiry(facts.filter { !$0.isCounter }, isMerged: true) }

    package func fact(_ name: FactName) -> Fact? { facts.first { $0.name == name } }

    /// The facts of every round, and these counters.
    func facts(with counters: Set<FactName>) -> [Fact] {
        counters.isEmpty ? usual.facts : facts.filter { !$0.isCounter || counters.contains($0.name) }
    }

    /// What a round asks for, with all counters or none of them.
    package func inquiry(withCounters isWhole: Bool) -> Inquiry { isWhole ? Inquiry(facts, isMerged: true) : usual }

    /// The statements of all facts. Some are sent merged into one (`Inquiry`).
    package var statements: [String] { (facts + occasional + [binlogIndex, .service]).map(\.statement) }

    /// A fact by name, including those that are not asked for in every round.
    package func anyFact(_ name: FactName) -> Fact? {
        switch name {
        case .binlogIndex: binlogIndex
        case .service: .service
        case .checksumSummary: checksumSummary
        default: fact(name) ?? occasional.first { $0.name == name }
        }
    }

    /// This dialect as a managed service understands it.
    package func adapted(to service: Service) -> Dialect {
        var dialect = self
        if service == .rds || service == .aurora { dialect.occasional.append(.binlogRetention) }
        if service == .aurora {
            // A group cannot be set up there.
            dialect.facts.removeAll { $0.name == .clusterSettings }
            dialect.occasional.removeAll { [.cluster, .groupRecovery, .clone].contains($0.name) }
            dialect.occasional.append(.auroraMember)
        }
        return dialect
    }

    /// For Amazon RDS for MariaDB, which grants nobody the statement: its procedure shows the default channel.
    package func callingForStatus(keepingRows: Bool) -> Dialect {
        var dialect = self
        let status = keepingRows ? Fact.rdsReplicaStatus.keepingStatusRows() : .rdsReplicaStatus
        dialect.facts = facts.map { $0.name == .replicationStatus ? status : $0 }
        return dialect
    }

    /// This dialect with additional facts, still in one round trip.
    func adding(_ extras: NodeExtras, flavor: Flavor, timeout: Duration) -> Dialect {
        var dialect = self
        if extras.keepsStatusRows {
            dialect.facts = facts.map { $0.name == .replicationStatus ? $0.keepingStatusRows() : $0 }
        }
        if let table = extras.checksumTable {
            // Less than half of the node's time, so that the rest of the batch gets answered.
            let checksums = ChecksumFacts(table: table, flavor: flavor, limit: min(.seconds(2), timeout * 0.4))
            dialect.facts.append(checksums.run)
            dialect.checksumSummary = checksums.summary
        }
        if let table = extras.heartbeatTable { dialect.facts.append(.heartbeat(in: table)) }
        return dialect
    }
}

extension Dialect {
    /// The servers of one flavor from version `since` until the next era of that flavor.
    package struct Era: Sendable {
        package let flavor: Flavor
        package let since: ServerVersion
        package let dialect: Dialect
    }

    /// All supported servers; within a flavor, the oldest first.
    package static let eras = [
        Era(flavor: .mariadb, since: ServerVersion(10, 5, 2), dialect: .mariaDBEarly),
        Era(flavor: .mariadb, since: ServerVersion(10, 5, 9), dialect: .mariaDB),
        Era(flavor: .mysql, since: ServerVersion(5, 7, 0), dialect: .mySQL57),
        Era(flavor: .mysql, since: ServerVersion(8, 0, 0), dialect: .mySQL80Early),
        Era(flavor: .mysql, since: ServerVersion(8, 0, 22), dialect: .mySQL80),
        Era(flavor: .mysql, since: ServerVersion(8, 2, 0), dialect: .mySQL84),
    ]

    /// The dialect of a server.
    /// - Returns: nil for a server older than the supported ones.
    package static func of(_ flavor: Flavor, _ version: ServerVersion) -> Dialect? {
        eras.last { $0.flavor == flavor && $0.since <= version }?.dialect
    }
}
