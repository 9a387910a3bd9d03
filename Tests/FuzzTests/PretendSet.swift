import FaultServer
import Foundation
import Synchronization

/// Two servers of a replication set, the second a replica of the first, that answer every statement of the exporter
/// like real ones: what they say about replication was recorded, what is in the probes' tables is kept here.
final class PretendSet: Sendable {
    enum Server: Int, Sendable, CaseIterable { case primary, replica }

    /// The subject of a case.
    struct Scene: Sendable {
        /// Both servers take writes.
        var areBothWritable = false
        /// The probes' tables exist from the beginning.
        var hasTables = true
        var lastCheck = LastCheckLayout.own
        /// How many times a table is reported to have another key, before its end.
        var keys = 4
        /// The chunks of each table left behind by an earlier comparison.
        var earlierChunks = 0
        /// The successor of a key is the key itself.
        var areKeysStanding = false
        /// The replica has other rows.
        var differs = false
        /// The key of each table has two columns, the first of text.
        var hasTextKey = false
        var names: [String]
    }

    enum LastCheckLayout: Sendable, CaseIterable {
        /// One row for each checker and server.
        case own
        /// `id` and `epoch`, of version 0.1.0.
        case earlier
        /// A single column, named by another program.
        case shared
    }

    private struct State {
        var madeTables: Set<String> = []
        var lastCheck: Double?
        /// By key.
        var sentinels: [String: Int] = [:]
        /// The published chunks, by table.
        var chunks: [String: Set<Int>] = [:]
        /// How often a table was asked for a key.
        var keysAsked: [String: Int] = [:]
    }

    let scene: Scene
    private let recordings: [Server: Recording]
    private let state = Mutex(State())

    init(_ scene: Scene, primary: Recording, replica: Recording) {
        self.scene = scene
        recordings = [.primary: primary, .replica: replica]
        state.withLock { state in
            if scene.hasTables { state.madeTables = ["heartbeat", "sentinel", "lastcheck", "checksums"] }
            for key in Self.leftBehind { state.sentinels[key] = 2 }
        }
    }

    func version(of server: Server) -> String { recordings[server]?.version ?? "" }

    /// Whether a statement is one that scrapes send.
    func isOfRound(_ statement: String) -> Bool {
        recordings.values.contains { $0.result(of: statement) != nil }
    }

    static let leftBehind = [String(repeating: "0", count: 31) + "1", String(repeating: "f", count: 32)]

    // MARK: - Answers

    func reply(to statement: String, by server: Server) -> Reply {
        state.withLock { state in
            if statement.hasPrefix("SET STATEMENT") || statement.hasPrefix("SELECT /*+") {
                return summaries(state)
            }
            for word in ["SET ", "PREPARE ", "DEALLOCATE "] where statement.hasPrefix(word) { return .ok }
            if statement.hasPrefix("EXECUTE ") || statement.hasPrefix("CREATE ") {
                // The table created is the one asked about just before.
                state.madeTables = ["heartbeat", "sentinel", "lastcheck", "checksums"]
                return .ok
            }
            for table in ["heartbeat", "sentinel", "lastcheck"] where statement.contains("`p`.`\(table)`") {
                guard state.madeTables.contains(table) else { return Self.noTable }
                return switch table {
                case "heartbeat": heartbeat(statement)
                case "sentinel": sentinel(statement, &state)
                default: lastCheck(statement, &state)
                }
            }
            if let reply = session(statement, by: server) { return reply }
            if let reply = structure(statement, state) { return reply }
            if let reply = checksum(statement, &state, by: server) { return reply }
            return recorded(statement, by: server)
        }
    }

    private static let noTable = Reply.refusal(code: 1146, sqlState: "42S02", message: "Table doesn't exist")

    private static var clock: String { String(format: "%.6f", Date().timeIntervalSince1970) }

    private func recorded(_ statement: String, by server: Server) -> Reply {
        let reply = recordings[server]?.reply(to: statement) ?? .syntaxError
        guard case .table(let columns, var rows) = reply else { return reply }
        for (index, column) in columns.enumerated() {
            for row in rows.indices {
                if column == "clock" { rows[row][index] = Self.clock }
                if scene.areBothWritable, column == "read_only" || column == "super_read_only" {
                    rows[row][index] = "0"
                }
            }
        }
        return .table(columns: columns, rows: rows)
    }

    /// The probes' questions about the session and the server.
    private func session(_ statement: String, by server: Server) -> Reply? {
        func identity(_ column: String) -> String? {
            let statement = recordings[server]?.results.first {
                $0.columns?.contains("clock") == true && $0.columns?.first == "server_id"
            }
            guard let columns = statement?.columns, let row = statement?.rows?.first,
                let index = columns.firstIndex(of: column)
            else { return nil }
            return row[index]
        }
        if statement.hasPrefix("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id'") {
            let rows = ["server_id", "server_uuid"].compactMap { name in identity(name).map { [name, $0] } }
            return .table(columns: ["Variable_name", "Value"], rows: rows)
        }
        if statement.hasPrefix("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_format'") {
            return .table(
                columns: ["Variable_name", "Value"],
                rows: [
                    ["binlog_format", "ROW"], ["log_bin", "ON"], ["log_slave_updates", "ON"],
                    ["transaction_isolation", "REPEATABLE-READ"], ["slave_parallel_threads", "0"],
                    ["lower_case_table_names", "0"],
                ])
        }
        if statement.hasPrefix("SHOW GLOBAL STATUS LIKE 'Threads_running'") {
            return .table(columns: ["Variable_name", "Value"], rows: [["Threads_running", "2"]])
        }
        if statement.hasPrefix("SELECT GET_LOCK(") {
            return .table(columns: ["has_lock", "format", "is_logged"], rows: [["1", "STATEMENT", "1"]])
        }
        guard statement.contains("AS is_writable") else { return nil }
        guard statement.contains("AS clock") else { return .table(columns: ["is_writable"], rows: [["1"]]) }
        return .table(
            columns: ["is_writable", "clock", "server_id"], rows: [["1", Self.clock, identity("server_id")]])
    }

    // MARK: - The probes' tables

    private func heartbeat(_ statement: String) -> Reply {
        guard statement.hasPrefix("SELECT ") else { return .changed(1) }
        let time = ISO8601DateFormatter().string(from: Date()).replacing("Z", with: ".000500")
        if statement.hasPrefix("SELECT server_id") {
            return .table(columns: ["server_id", "ts"], rows: [["1", time], ["7", "2026-01-01T00:00:00.000000"]])
        }
        return .table(
            columns: ["ts", "server_id", "file", "position", "relay_master_log_file", "exec_master_log_pos"],
            rows: [[time, "1", nil, "4", nil, nil], ["2026-01-01T00:00:00.000000", "7", "binlog.1", "400", nil, nil]])
    }

    private func sentinel(_ statement: String, _ state: inout State) -> Reply {
        if statement.hasPrefix("SELECT id") {
            return .table(columns: ["id"], rows: Self.leftBehind.filter { state.sentinels[$0] != nil }.map { [$0] })
        }
        guard let key = statement.split(separator: "'").first(where: { $0.utf8.count == 32 }).map(String.init) else {
            return .syntaxError
        }
        switch statement.prefix(6) {
        case "SELECT":
            return .table(columns: ["value"], rows: state.sentinels[key].map { [["\($0)"]] } ?? [])
        case "INSERT": state.sentinels[key] = 1
        case "UPDATE": state.sentinels[key] = 2
        default: state.sentinels[key] = nil
        }
        return .changed(1)
    }

    private func lastCheck(_ statement: String, _ state: inout State) -> Reply {
        if statement.hasPrefix("SHOW COLUMNS") {
            let names =
                switch scene.lastCheck {
                case .own: ["checker", "server_id", "epoch"]
                case .earlier: ["id", "epoch"]
                case .shared: [scene.names[0]]
                }
            return .table(
                columns: ["Field", "Type", "Null", "Key", "Default", "Extra"],
                rows: names.map { [$0, "bigint(20)", "NO", "", nil, ""] })
        }
        if statement.contains("AS is_noted") {
            return .table(
                columns: ["is_noted", "is_writable", "kept"],
                rows: [["1", "1", state.lastCheck.map { String(format: "%.6f", $0) }]])
        }
        if statement.hasPrefix("SELECT ") {
            return .table(columns: ["noted"], rows: state.lastCheck.map { [[String(format: "%.6f", $0)]] } ?? [])
        }
        if statement.hasSuffix("WHERE FALSE") { return .changed(0) }
        state.lastCheck = Date().timeIntervalSince1970
        return .changed(1)
    }

    // MARK: - Comparing tables

    private static let checksums = "`percona`.`checksums`"
    private static let result = "sha2:123456789012345678901234"
    private static let chunkRows = 100

    /// What information_schema says.
    private func structure(_ statement: String, _ state: State) -> Reply? {
        guard statement.contains("FROM information_schema.") else { return nil }
        if statement.hasPrefix("SELECT TABLE_SCHEMA, TABLE_NAME") {
            return .table(
                columns: ["TABLE_SCHEMA", "TABLE_NAME"],
                rows: scene.names.prefix(2).map { ["shop", $0] } + [["percona", "checksums"]])
        }
        let isOwn = statement.contains("'percona' AND TABLE_NAME = 'checksums'")
        let isThere = !isOwn || state.madeTables.contains("checksums")
        if statement.hasPrefix("SELECT ENGINE") {
            return .table(columns: ["ENGINE", "TABLE_ROWS"], rows: isThere ? [["InnoDB", "1000"]] : [])
        }
        if statement.hasPrefix("SELECT COLUMN_NAME") {
            let columns = ["COLUMN_NAME", "DATA_TYPE", "IS_NULLABLE", "CHARACTER_SET_NAME", "COLLATION_NAME"]
            if isOwn {
                return .table(
                    columns: columns, rows: isThere ? Self.checksumColumns.map { [$0, "char", "NO", nil, nil] } : [])
            }
            return .table(columns: columns, rows: self.columns)
        }
        guard statement.contains(".STATISTICS") else { return nil }
        let key = scene.hasTextKey ? [scene.names[2], "id"] : ["id"]
        return .table(
            columns: [
                "NON_UNIQUE", "INDEX_NAME", "SEQ_IN_INDEX", "COLUMN_NAME", "COLLATION", "CARDINALITY", "SUB_PART",
                "NULLABLE",
                "INDEX_TYPE",
            ],
            rows: isThere
                ? key.enumerated().map { ["0", keyName, "\($0 + 1)", $1, "A", "1000", nil, "", "BTREE"] } : [])
    }

    private static let checksumColumns = [
        "db", "tbl", "chunk", "chunk_time", "chunk_index", "lower_boundary", "upper_boundary", "this_crc", "this_cnt",
        "master_crc",
        "master_cnt", "ts",
    ]

    private var keyName: String { scene.hasTextKey ? scene.names[3] : "PRIMARY" }

    private var columns: [[String?]] {
        [
            ["id", "int", "NO", nil, nil], [scene.names[2], "varchar", "NO", "utf8mb4", "utf8mb4_bin"],
            [scene.names[4], "decimal", "YES", nil, nil], ["price", "float", "YES", nil, nil],
            ["seen", "timestamp", "YES", nil, nil], ["kind", "enum", "YES", "latin1", "latin1_swedish_ci"],
            [scene.names[5], "json", "YES", "utf8mb4", "utf8mb4_bin"],
        ]
    }

    /// The key of a row.
    private func values(_ number: Int) -> [String] {
        let id = "\(number * Self.chunkRows)"
        return scene.hasTextKey ? [scene.names[1].replacing(",", with: "").replacing("\\", with: ""), id] : [id]
    }

    private func boundary(_ number: Int) -> String {
        let values = values(number)
        return (values.count == 1 ? values : [values[0]] + values).joined(separator: ",")
    }

    private func checksum(_ statement: String, _ state: inout State, by server: Server) -> Reply? {
        if statement.hasPrefix("SHOW WARNINGS") { return .table(columns: ["Level", "Code", "Message"], rows: []) }
        if statement.hasPrefix("SELECT COUNT(*) AS rows_met") { return .table(columns: ["rows_met"], rows: [["5"]]) }
        if statement.contains(" AS exact FROM ") { return key(statement, &state) }
        guard statement.contains(Self.checksums) else { return nil }
        if !state.madeTables.contains("checksums") { return Self.noTable }
        if statement.contains("AS last_run") { return .table(columns: ["last_run"], rows: [[Self.clock]]) }
        if statement.hasPrefix("SELECT db, tbl") {
            return .table(columns: ["db", "tbl"], rows: [["shop", scene.names[0]]])
        }
        if statement.hasPrefix("REPLACE ") { return .changed(2) }

        let condition = statement.components(separatedBy: " WHERE ").last ?? ""
        let table = condition.components(separatedBy: " AND chunk = ")[0]
        let number = condition.components(separatedBy: " AND chunk = ").dropFirst().first.flatMap { Int($0) } ?? 0
        let chunks = state.chunks[table] ?? (scene.earlierChunks == 0 ? [] : Set(1...scene.earlierChunks))
        switch statement {
        case _ where statement.hasPrefix("DELETE "):
            state.chunks[table] = []
            return .changed(UInt64(chunks.count))
        case _ where statement.hasPrefix("UPDATE "):
            state.chunks[table] = chunks.union([number])
            return .changed(1)
        case _ where statement.contains("AS gaps"): return .table(columns: ["gaps"], rows: [["0"]])
        case _ where statement.contains("AS chunks"):
            let differences = scene.differs && server == .replica ? chunks.count : 0
            return .table(
                columns: ["chunks", "last", "pending", "differences", "others", "total"],
                rows: [
                    [
                        "\(chunks.count)", "\(chunks.max() ?? 0)", "0", "\(differences)", "0",
                        "\(chunks.count * Self.chunkRows)",
                    ]
                ])
        case _ where statement.hasPrefix("SELECT this_cnt"):
            return .table(columns: ["this_cnt", "this_crc"], rows: [["\(Self.chunkRows)", Self.result]])
        case _ where statement.hasPrefix("SELECT chunk, lower"):
            return .table(
                columns: ["chunk", "lower_boundary", "upper_boundary", "this_cnt", "master_cnt"],
                rows: chunks.sorted().map { ["\($0)", boundary($0), boundary($0 + 1), "99", "100"] })
        case _ where statement.hasPrefix("SELECT chunk_index"):
            guard chunks.contains(number) else { return .table(columns: ["chunk_index"], rows: []) }
            return .table(
                columns: [
                    "chunk_index", "lower_boundary", "upper_boundary", "chunk_time", "master_crc", "master_cnt", "time",
                ],
                rows: [[keyName, boundary(number), boundary(number + 1), "0.01", Self.result, "100", "1790000000"]])
        default: return nil
        }
    }

    /// The keys of a table that ends after a while.
    private func key(_ statement: String, _ state: inout State) -> Reply {
        let table =
            statement.components(separatedBy: " AS exact FROM ").last?.components(separatedBy: " FORCE INDEX ").first
            ?? ""
        let asked = state.keysAsked[table, default: 0]
        state.keysAsked[table] = asked + 1
        let values = values(scene.areKeysStanding ? 1 : asked)
        return .table(
            columns: values.indices.map { "v\($0)" } + ["exact"], rows: asked < scene.keys ? [values + ["1"]] : [])
    }

    /// The results of comparisons, as a scrape reads them.
    private func summaries(_ state: State) -> Reply {
        guard state.madeTables.contains("checksums") else { return Self.noTable }
        return .table(
            columns: ["db", "tbl", "differences", "pending", "tables"],
            rows: scene.names.prefix(3).map { ["shop", $0, "1", "0", "3"] })
    }
}
