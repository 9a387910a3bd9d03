import FaultServer
import Foundation
import Operations
import Synchronization

/// Fault servers that answer as the servers of an `OperatedSet` would, and record what is written on them.
final class OperatedServers: Sendable {
    enum Flavor: Sendable, CaseIterable {
        case mariaDB, mySQL

        var version: String { self == .mariaDB ? "10.11.6-MariaDB" : "8.4.3" }
    }

    /// A change that a probe made.
    struct Write: Sendable {
        let node: String
        let statement: String
        /// When the probe chose the node, and when the change was made: epoch seconds.
        let chosen: Double
        let done: Double
    }

    struct State {
        var set: OperatedSet
        var ports: [String: UInt16] = [:]
        var writes: [Write] = []
        /// When a server was frozen.
        var frozenSince: [String: ContinuousClock.Instant] = [:]
    }

    private let state: Mutex<State>
    private let flavor: Flavor
    private let start = ContinuousClock.now
    private let servers: [String: FaultServer]

    init(_ set: OperatedSet, _ flavor: Flavor) throws {
        self.flavor = flavor
        state = Mutex(State(set: set))
        let box = Box()
        var servers: [String: FaultServer] = [:]
        for name in set.names {
            servers[name] = try FaultServer(
                Script(
                    greeting: { _ in box.servers?.greet(name) ?? [.close] },
                    answer: { query in box.servers?.answer(query, name) ?? [.close] }), keepsJournal: false)
        }
        self.servers = servers
        let ports = servers.mapValues(\.port)
        state.withLock { $0.ports = ports }
        box.value.withLock { $0 = WeakServers(value: self) }
    }

    /// Set later, because the scripts are made before the servers.
    private final class Box: Sendable {
        let value = Mutex(WeakServers(value: nil))
        var servers: OperatedServers? { value.withLock { $0.value } }
    }

    private struct WeakServers: Sendable {
        weak var value: OperatedServers?
    }

    func port(_ name: String) -> UInt16 { servers[name]?.port ?? 0 }

    func stop() { for server in servers.values { server.stop() } }

    /// Performs an operation; connections to a server that dies are closed.
    func follow(_ set: OperatedSet, after operation: SetOperation) {
        state.withLock { state in
            state.set = set
            for name in set.names {
                state.frozenSince[name] =
                    set[name].answers ? nil : state.frozenSince[name] ?? ContinuousClock.now
            }
        }
        if case .kill(let name) = operation { servers[name]?.dropConnections() }
    }

    /// What was written since the last call.
    func takeWrites() -> [Write] {
        state.withLock { state in
            defer { state.writes = [] }
            return state.writes
        }
    }

    // MARK: - Answers

    private func greet(_ name: String) -> [Step] {
        let server = state.withLock { $0.set[name] }
        if !server.isUp { return [.close] }
        return server.isVisible ? Step.welcome(version: flavor.version) : [.silence]
    }

    private func answer(_ query: Query, _ name: String) -> [Step] {
        state.withLock { state in
            let server = state.set[name]
            if !server.isUp { return [.close] }
            if !server.isVisible { return [.silence] }
            return query.steps { reply(to: $0, name, &state) }
        }
    }

    private func reply(to statement: String, _ name: String, _ state: inout State) -> Reply {
        let server = state.set[name]
        if statement.hasPrefix("SET ") { return .ok }
        if statement.contains("@writable") { return write(statement, name, &state) }
        if statement.hasPrefix("SHOW GLOBAL VARIABLES") {
            let names = flavor == .mySQL ? ["server_id", "server_uuid"] : ["server_id"]
            return .table(
                columns: ["Variable_name", "Value"], rows: names.map { [$0, value(of: $0, server, name)] })
        }
        if statement.hasPrefix("SELECT @@global.") { return variables(statement, server, name) }
        if statement.hasPrefix("SHOW ALL SLAVES") || statement.hasPrefix("SHOW REPLICA STATUS") {
            return status(server, state)
        }
        if statement.contains("LOG STATUS") {
            return .table(
                columns: ["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"],
                rows: [["binlog.000001", "\(end(server))", "", ""]])
        }
        if statement == "SHOW BINARY LOGS" {
            return .table(columns: ["Log_name", "File_size"], rows: [["binlog.000001", "\(end(server))"]])
        }
        if statement.contains("replication_connection_status s") { return receivers(server, state) }
        if statement.contains("replication_applier_status_by_worker") {
            return .table(columns: ["CHANNEL_NAME"], rows: [])
        }
        if statement.hasPrefix("SHOW STATUS") {
            return .table(columns: ["Variable_name", "Value"], rows: [["Uptime", "\(uptime(server))"]])
        }
        if statement.contains("VARIABLE_VALUE") {
            return .table(columns: ["VARIABLE_NAME", "VARIABLE_VALUE"], rows: [["UPTIME", "\(uptime(server))"]])
        }
        if statement.contains("performance_schema.threads") { return .table(columns: ["replicas"], rows: [["0"]]) }
        if statement.contains("heartbeat") {
            return .table(
                columns: ["server_id", "ts"], rows: [["\(server.serverID)", "2026-01-01T00:00:00.000000"]])
        }
        if statement.contains("sentinel") { return .table(columns: ["id", "value"], rows: []) }
        return .syntaxError
    }

    /// The guard of a probe's statement, as a server would evaluate it.
    private func write(_ statement: String, _ name: String, _ state: inout State) -> Reply {
        let deadline = statement.firstMatch(of: #/UNIX_TIMESTAMP\(NOW\(6\)\) <= (\d+\.\d+)/#).flatMap { Double($0.1) }
        let now = Self.clock
        let isWritten = !state.set[name].isReadOnly && now <= deadline ?? 0
        if isWritten, let deadline {
            // A statement after a look at the table shares its two seconds; any other has one second.
            let patience: Double = statement.contains("INTO `replication_probe`.`heartbeat`") ? 2 : 1
            state.writes.append(Write(node: name, statement: statement, chosen: deadline - patience, done: now))
        }
        // OK, with the number of rows.
        return .steps([.packet([0, isWritten ? 1 : 0, 0, 2, 0, 0, 0])])
    }

    // MARK: - Facts

    private static var clock: Double { Date().timeIntervalSince1970 }

    private func uuid(_ id: UInt32) -> String {
        "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(id)".count) + "\(id)"
    }

    /// A different start time for each restart, however soon one follows the other.
    private func uptime(_ server: OperatedSet.Server) -> Int {
        Int(start.duration(to: .now).components.seconds) + 1000 * (server.restarts + 1)
    }

    private func value(of variable: String, _ server: OperatedSet.Server, _ name: String) -> String {
        switch variable {
        case "server_id": "\(server.serverID)"
        case "server_uuid": uuid(server.serverID)
        case "hostname", "report_host": name
        case "port": "3306"
        case "read_only": server.isReadOnly ? "1" : "0"
        case "log_bin", "log_slave_updates", "log_replica_updates", "sync_binlog", "innodb_flush_log_at_trx_commit": "1"
        case "gtid_mode": "ON"
        case "gtid_executed":
            server.executed.sorted { $0.key < $1.key }.map { "\(uuid($0.key)):1-\($0.value)" }.joined(separator: ",")
        case "gtid_binlog_state":
            server.executed.sorted { $0.value < $1.value }.map { "0-\($0.key)-\($0.value)" }.joined(separator: ",")
        case "gtid_slave_pos", "gtid_binlog_pos", "gtid_current_pos":
            server.executed.max { $0.value < $1.value }.map { "0-\($0.key)-\($0.value)" } ?? ""
        default: "0"
        }
    }

    /// `SELECT @@global.a AS b, …, UNIX_TIMESTAMP(NOW(6)) AS clock`.
    private func variables(_ statement: String, _ server: OperatedSet.Server, _ name: String) -> Reply {
        var columns: [String] = []
        var row: [String?] = []
        for match in statement.matches(of: #/@@global\.(\w+) AS (\w+)/#) {
            columns.append(String(match.2))
            row.append(value(of: String(match.1), server, name))
        }
        if statement.contains("AS clock") {
            columns.append("clock")
            row.append("\(Self.clock)")
        }
        return .table(columns: columns, rows: [row])
    }

    private func end(_ server: OperatedSet.Server) -> UInt64 { 1000 + 100 * server.executed.values.reduce(0, +) }

    private struct Connection {
        let host: String
        let port: UInt16
        let isConnected: Bool
        let source: OperatedSet.Server?
        let silence: Double
    }

    private func connection(_ link: OperatedSet.Link, _ state: State) -> Connection {
        let source = state.set.names.contains(link.source) ? state.set[link.source] : nil
        let isConnected = link.isReceiverOn && !link.isDetached && source.map(\.isUp) ?? true
        let silence = state.frozenSince[link.source]?.duration(to: .now) ?? .zero
        let seconds = Double(silence.components.seconds) + Double(silence.components.attoseconds) / 1e18
        let (host, port): (String, UInt16) =
            switch link.way {
            case _ where source == nil: ("elsewhere.example", 3306)
            case _ where link.isDetached: ("//127.0.0.1", state.ports[link.source] ?? 0)
            case .direct: ("127.0.0.1", state.ports[link.source] ?? 0)
            case .alias: ("localhost", state.ports[link.source] ?? 0)
            case .proxy: ("127.0.0.1", 1)
            }
        return Connection(host: host, port: port, isConnected: isConnected, source: source, silence: seconds)
    }

    private func status(_ server: OperatedSet.Server, _ state: State) -> Reply {
        let (replica, source) = flavor == .mariaDB ? ("Slave", "Master") : ("Replica", "Source")
        let columns =
            [
                flavor == .mariaDB ? "Connection_name" : "Channel_Name", "\(source)_Host", "\(source)_Port",
                "\(replica)_IO_Running", "\(replica)_SQL_Running", "\(source)_Log_File", "Read_\(source)_Log_Pos",
                "Relay_\(source)_Log_File", "Exec_\(source)_Log_Pos", "Seconds_Behind_\(source)", "\(source)_Server_Id",
            ]
            + (flavor == .mariaDB
                ? ["Using_Gtid", "Gtid_IO_Pos", "Slave_received_heartbeats", "Slave_heartbeat_period"]
                : ["\(source)_UUID", "Auto_Position", "Retrieved_Gtid_Set"])
        let rows = server.links.map { link -> [String?] in
            let connection = connection(link, state)
            let id = connection.source?.serverID ?? 99
            let elapsed = Double(start.duration(to: .now).components.seconds) - connection.silence
            let common: [String?] = [
                "", connection.host, "\(connection.port)",
                !link.isReceiverOn ? "No" : connection.isConnected ? "Yes" : "Connecting",
                link.isApplierOn ? "Yes" : "No", "", "0", "", "0",
                connection.isConnected && link.isApplierOn ? "0" : nil, "\(id)",
            ]
            return common
                + (flavor == .mariaDB
                    ? ["Slave_Pos", "", "\(max(0, Int(elapsed)))", "1.000"] : [uuid(id), "1", ""])
        }
        return .table(columns: columns, rows: rows)
    }

    private func receivers(_ server: OperatedSet.Server, _ state: State) -> Reply {
        .table(
            columns: ["CHANNEL_NAME", "heartbeats", "period", "silence", "error_time"],
            rows: server.links.map { ["", "5", "1.000", "\(connection($0, state).silence)", nil] })
    }
}
