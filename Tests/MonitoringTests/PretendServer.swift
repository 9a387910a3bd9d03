import FaultServer
import MariaDB
import ReplicationTesting
import Synchronization

/// A server with the table of a probe, which carries out what it is told as far as the guards of the statements let it: so
/// a write without its guard shows.
final class PretendServer: Sendable {
    struct State: Sendable {
        var serverID: UInt32 = 1
        var isReadOnly = false
        var hasDatabase = true
        var hasTable = true
        /// The sentinel's values by key, or the heartbeat's times by server id.
        var rows: [String: String] = [:]
        /// Rows that count as written long ago.
        var old: [String] = []
        fileprivate var isWritable = false
        fileprivate var prepared = ""
    }

    let name: String
    let server: FaultServer
    private let world: World

    /// What the fault server's threads know.
    fileprivate final class World: Sendable {
        let state = Mutex(State())
        let replicas = Mutex<[PretendServer]>([])
        /// What a test wants answered instead, or to happen before.
        let instead = Mutex<@Sendable (_ statement: String) -> Reply?>({ _ in nil })
    }

    init(_ name: String, _ change: (inout State) -> Void = { _ in }) throws(FaultServerError) {
        self.name = name
        let world = World()
        self.world = world
        world.state.withLock { change(&$0) }
        server = try FaultServer(
            Script { query in
                query.steps { statement in
                    world.instead.withLock { $0 }(statement) ?? world.reply(to: statement)
                }
            })
    }

    var state: State { world.state.withLock { $0 } }
    var statements: [String] { server.journal.statements }
    var session: Session { server.session(name) }

    func change(_ change: (inout State) -> Void) { world.state.withLock { change(&$0) } }

    /// - Parameter instead: the answer to a statement; nil for what a server would answer.
    func answer(_ instead: @escaping @Sendable (_ statement: String) -> Reply?) {
        world.instead.withLock { $0 = instead }
    }

    /// Rows arrive on these servers from now on.
    func replicates(to replicas: PretendServer...) { world.replicas.withLock { $0 = replicas } }

    /// What it was told, with keys, times and deadlines that are others in every run written as KEY, TIME and LATEST.
    var words: [String] {
        statements.map { statement in
            statement.replacing(#/'[0-9a-f]{32}'/#, with: "'KEY'")
                .replacing(#/'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}'/#, with: "'TIME'")
                .replacing(#/<= \d+\.\d{6}/#, with: "<= LATEST")
        }
    }

    /// Statements that change rows or make something, carried out or not.
    var writes: [String] {
        words.filter { word in ["INSERT", "UPDATE", "DELETE", "EXECUTE"].contains { word.hasPrefix($0) } }
    }
}

extension PretendServer.World {
    fileprivate func reply(to statement: String) -> Reply {
        let (reply, changed) = state.withLock { state -> (Reply, [String: String]?) in
            let before = state.rows
            let reply = state.reply(to: statement)
            return (reply, state.rows == before ? nil : state.rows)
        }
        if let changed {
            for replica in replicas.withLock({ $0 }) { replica.change { $0.rows = changed } }
        }
        return reply
    }
}

extension PretendServer.State {
    private static let noTable = Reply.refusal(code: 1146, sqlState: "42S02", message: "Table doesn't exist")
    private static let noDatabase = Reply.refusal(code: 1049, sqlState: "42000", message: "Unknown database")

    fileprivate mutating func reply(to statement: String) -> Reply {
        if statement.hasPrefix("SHOW GLOBAL VARIABLES") {
            return .table(columns: ["Variable_name", "Value"], rows: [["server_id", "\(serverID)"]])
        }
        if statement.hasPrefix("SET @writable") {
            let isMeant =
                !statement.contains("@@global.server_id") || statement.contains("@@global.server_id = \(serverID) ")
            isWritable = isMeant && !isReadOnly
        } else if statement.hasPrefix("SET @statement") {
            prepared = statement.contains("IF(@writable AND ") && !isWritable ? "DO 0" : statement
        } else if statement.hasPrefix("EXECUTE") {
            return execute()
        } else if statement.hasPrefix("SELECT") {
            return hasTable ? select(statement) : Self.noTable
        } else if ["INSERT", "UPDATE", "DELETE"].contains(where: { statement.hasPrefix($0) }) {
            return hasTable ? write(statement) : Self.noTable
        }
        return .ok
    }

    private mutating func execute() -> Reply {
        // Both are written in hexadecimal.
        if prepared.contains(SQLText.hexadecimal("CREATE DATABASE".utf8)) {
            hasDatabase = true
        } else if prepared.contains(SQLText.hexadecimal("CREATE TABLE".utf8)) {
            guard hasDatabase else { return Self.noDatabase }
            hasTable = true
        }
        return .ok
    }

    private func select(_ statement: String) -> Reply {
        let keys = keys(in: statement)
        if statement.hasPrefix("SELECT value") {
            return .table(columns: ["value"], rows: keys.compactMap { rows[$0] }.map { [$0] })
        }
        if statement.contains("INTERVAL") { return .table(columns: ["id"], rows: old.map { [$0] }) }
        if statement.contains(" IN (") {
            return .table(columns: ["id"], rows: keys.filter { rows[$0] != nil }.map { [$0] })
        }
        return .table(columns: ["server_id", "ts"], rows: rows.sorted { $0.key < $1.key }.map { [$0.key, $0.value] })
    }

    private mutating func write(_ statement: String) -> Reply {
        if statement.contains("@writable"), !isWritable { return .changed(0) }
        // The sentinel's row has a key, the heartbeat's the server's id.
        let isHeartbeat = statement.contains("server_id")
        let id = statement.firstMatch(of: #/server_id = (\d+)|', (\d+) FROM/#).flatMap { $0.1 ?? $0.2 }
        let key = isHeartbeat ? id.map(String.init) ?? "" : keys(in: statement).first ?? ""
        let value: String
        if isHeartbeat {
            value = statement.split(separator: "'").dropFirst().first.map(String.init) ?? ""
        } else {
            value = statement.hasPrefix("INSERT") ? "1" : "2"
        }
        if statement.hasPrefix("INSERT") {
            guard rows[key] == nil else { return .refusal(code: 1062, sqlState: "23000", message: "Duplicate entry") }
            rows[key] = value
        } else {
            guard rows[key] != nil else { return .changed(0) }
            rows[key] = statement.hasPrefix("UPDATE") ? value : nil
        }
        return .changed(1)
    }

    private func keys(in statement: String) -> [String] {
        statement.matches(of: #/'([0-9a-f]{32})'/#).map { String($0.1) }
    }
}
