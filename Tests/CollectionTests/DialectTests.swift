import Replication
import Testing

@testable import Collection

@Suite("Dialects")
struct DialectTests {
    @Test(
        "The handshake's version determines the dialect",
        arguments: [
            ("10.11.19-MariaDB-0+deb12u1-log", "MariaDB"), ("5.5.5-10.6.12-MariaDB", "MariaDB"),
            ("10.5.2-MariaDB", "MariaDB (before 10.5.9)"), ("10.5.8-MariaDB-log", "MariaDB (before 10.5.9)"),
            ("10.5.9-MariaDB", "MariaDB"), ("11.8.6-MariaDB-0+deb13u1 from Debian", "MariaDB"),
            ("12.3.1-MariaDB", "MariaDB"), ("10.6.20-16-MariaDB-enterprise", "MariaDB"),
            ("10.5.1-MariaDB", nil), ("5.5.5-10.4.34-MariaDB", nil), ("10.4.34-MariaDB-log", nil),
            ("5.5.68-MariaDB", nil),
            ("5.7.44-log", "MySQL 5.7"), ("5.7.12", "MySQL 5.7"), ("5.7.44-48-57", "MySQL 5.7"),
            ("8.0.11", "MySQL 8.0 (before 8.0.22)"), ("8.0.21", "MySQL 8.0 (before 8.0.22)"),
            ("8.0.mysql_aurora.3.04.0", "MySQL 8.0 (before 8.0.22)"),
            ("8.0.22", "MySQL 8.0"), ("8.0.36-28", "MySQL 8.0"), ("8.0.36-28.1", "MySQL 8.0"), ("8.1.0", "MySQL 8.0"),
            ("8.2.0", "MySQL 8.4"), ("8.4.3-3", "MySQL 8.4"), ("9.7.4-2", "MySQL 8.4"), ("26.10.0", "MySQL 8.4"),
            ("5.6.51-log", nil), ("5.5.62", nil), ("4.1.22", nil),
        ] as [(String, String?)])
    func selection(handshake: String, name: String?) throws {
        let version = try #require(ServerVersion(handshake))
        #expect(Dialect.of(Flavor(handshake: handshake), version)?.name == name)
    }

    static let all: [Dialect] = [.mariaDB, .mariaDBEarly, .mySQL57, .mySQL80Early, .mySQL80, .mySQL84]

    @Test(
        "Every dialect asks for the server's identity and its replication status, and for each fact once",
        arguments: all.map(\.name))
    func completeness(name: String) throws {
        let dialect = try #require(Self.all.first { $0.name == name })
        let names = dialect.facts.map(\.name)
        #expect(Set(names).count == names.count)
        for essential in [FactName.identity, .replicationStatus] {
            #expect(dialect.fact(essential)?.isEssential == true)
        }
        #expect(!names.contains(.binlogIndex))
        // A batch is split at line ends, so a statement must not contain any.
        #expect(dialect.facts.allSatisfy { !$0.statement.contains("\n") && !$0.statement.contains(";") })
    }

    @Test(
        "Essential facts have statements of their own; merged facts have distinct column names",
        arguments: all.map(\.name))
    func selectedTogether(name: String) throws {
        let dialect = try #require(Self.all.first { $0.name == name })
        let questions = dialect.inquiry(withCounters: true).questions
        #expect(questions.flatMap(\.facts).count == dialect.facts.count)
        for question in questions where question.facts.contains(where: \.isEssential) {
            #expect(question.facts.count == 1)
        }
        let together = try #require(questions.first { $0.facts.count > 1 })
        #expect(together.facts.map(\.name).prefix(2) == [.transactions, .durability])
        let names = together.statement.matches(of: #/ AS (\w+)/#).map { String($0.1) }
        #expect(Set(names).count == names.count && names.count > 5)
        // Most rounds read no counters, and the others read them before the transactions.
        let usual = dialect.inquiry(withCounters: false).questions.flatMap(\.facts).map(\.name)
        #expect(!usual.contains(.status) && !usual.contains(.connectedReplicas))
        let order = questions.flatMap(\.facts).map(\.name)
        #expect(try #require(order.firstIndex(of: .status)) < (try #require(order.firstIndex(of: .transactions))))
    }

    @Test("A dialect reads facts before others that depend on them", arguments: all.map(\.name))
    func order(name: String) throws {
        let dialect = try #require(Self.all.first { $0.name == name })
        let names = dialect.facts.map(\.name)
        let status = try #require(names.firstIndex(of: .replicationStatus))
        for later in [FactName.durability, .receiver, .applier] {
            if let place = names.firstIndex(of: later) { #expect(place > status) }
        }
    }
}
