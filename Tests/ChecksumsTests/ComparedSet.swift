import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Topology

@testable import Checksums

/// db1 with its replicas db2 and db3, all of which have the table `shop.orders`; they tell whatever they are made to.
struct ComparedSet {
    static let table = TableName(database: "shop", table: "orders")
    static let statements = ChecksumTableStatements(table: TableName(database: "p", table: "c"))

    let nodes: [String: AnsweringServer]
    let sessions: ChecksumSessions

    init() throws {
        let nodes = try ["db1": AnsweringServer(Self.setUp), "db2": AnsweringServer([]), "db3": AnsweringServer([])]
        self.nodes = nodes
        sessions = ChecksumSessions(try ChecksumScope(Self.findings())) { name throws(NodeFailure) in
            guard let port = nodes[name]?.server.port else {
                throw NodeFailure(reason: .connect, message: "\(name) is not there")
            }
            return ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "u", password: "p")
        }
    }

    var primary: AnsweringServer {
        get throws { try self["db1"] }
    }

    subscript(name: String) -> AnsweringServer {
        get throws {
            guard let node = nodes[name] else { throw NodeFailure(reason: .connect, message: name) }
            return node
        }
    }

    /// - Parameter primary: db1, or db2 once that was promoted.
    static func findings(primary: String = "db1") -> SetFindings {
        let other = primary == "db1" ? "db2" : "db1"
        func number(_ name: String) -> UInt32 { name == "db1" ? 1 : 2 }
        func channel() -> Channel {
            ReplicationTesting.channel(from: AddressText(primary), id: number(primary), behind: 0)
        }
        return ReplicationTesting.findings(
            node(primary, id: number(primary), readOnly: false), replica(other, id: number(other), from: channel()),
            replica("db3", id: 3, from: channel()))
    }

    private static let setUp: [AnsweringServer.Entry] = [
        ("GET_LOCK", lock(isHeld: true)),
        ("Threads_running", .table(columns: ["Variable_name", "Value"], rows: [["Threads_running", "1"]])),
    ]

    /// The end of the set-up of every connection to the primary.
    static func lock(isHeld: Bool, format: String = "STATEMENT", isLogged: Bool = true) -> Reply {
        .table(
            columns: ["has_lock", "format", "is_logged"], rows: [[isHeld ? "1" : "0", format, isLogged ? "1" : "0"]])
    }
}

extension AnsweringServer {
    /// Without what sets its connections up.
    var work: [String] {
        statements.filter { !$0.hasPrefix("SET NAMES") && !$0.hasPrefix("SET SESSION") && !$0.contains("GET_LOCK") }
    }

    /// The table, as information_schema shows it.
    /// - Parameters:
    ///   - columns: name, type, and the character set of a text.
    ///   - key: its columns; nil for a table without one.
    func shows(
        engine: String? = "InnoDB", _ columns: [(name: String, type: String, characterSet: String?)], key: [String]?
    ) {
        answer(
            "information_schema.TABLES", with: .table(columns: ["ENGINE", "TABLE_ROWS"], rows: [[engine, "12"]]))
        answer(
            "information_schema.COLUMNS",
            with: .table(
                columns: ["COLUMN_NAME", "DATA_TYPE", "IS_NULLABLE", "CHARACTER_SET_NAME", "COLLATION_NAME"],
                rows: columns.map { [$0.name, $0.type, "NO", $0.characterSet, $0.characterSet.map { "\($0)_bin" }] }))
        answer(
            "information_schema.STATISTICS",
            with: .table(
                columns: [
                    "INDEX_NAME", "NON_UNIQUE", "COLUMN_NAME", "SUB_PART", "NULLABLE", "INDEX_TYPE", "COLLATION",
                ],
                rows: (key ?? []).map { ["PRIMARY", "0", $0, nil, "", "BTREE", "A"] }))
    }
}
