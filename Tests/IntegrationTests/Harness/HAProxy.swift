import Foundation
import MariaDB
import Replication
import ReplicationTesting
import Sandbox

/// A real HAProxy in front of a sandbox's servers, with an example of deploy/haproxy whose addresses are replaced. Its
/// listeners are Unix sockets.
final class HAProxy: Sendable {
    private let process: ChildProcess
    private let folder: String
    private let thread: SessionThread
    private let account: Accounts.Account

    /// With `deploy/haproxy/haproxy.cfg`.
    /// - Parameter prepare: what happens once the exporter's ports are known.
    static func start(
        in sandbox: Sandbox, _ exporter: RunningExporter, after prepare: () async throws -> Void = {}
    ) async throws -> HAProxy {
        let agentPort = try await exporter.agentPort()
        try await prepare()
        return try await start(
            in: sandbox, by: "haproxy.cfg", listeners: ["3306": "writer", "3307": "reader"],
            replacing: [
                ("port 19104", "port \(exporter.port)"), ("agent-port 19105", "agent-port \(agentPort)"),
                // A second of lag takes a second to build up.
                ("max_lag=10s", "max_lag=4s"),
            ])
    }

    /// - Parameters:
    ///   - example: a file of `deploy/haproxy`.
    ///   - listeners: names of Unix sockets, by the port that each is bound to in the example.
    ///   - replacements: further replacements in it.
    static func start(
        in sandbox: Sandbox, by example: String, listeners: [String: String], replacing replacements: [(String, String)]
    ) async throws -> HAProxy {
        let folder = "\(sandbox.folder)/haproxy"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var text = try Repository.text("deploy/haproxy/\(example)")
        for server in sandbox.servers {
            text = text.replacing("10.0.170.\(server.serverID)0:3306", with: "127.0.0.1:\(server.port)")
        }
        let log = (
            "log /dev/log local0",
            "log stdout format raw local0\n    stats socket \(folder)/admin mode 600 level admin"
        )
        let binds = listeners.map { ("bind :\($0)", "bind unix@\(folder)/\($1)") }
        for (from, to) in binds + replacements + [log] {
            guard text.contains(from) else { throw Failure("deploy/haproxy/\(example) has no \(from)") }
            text = text.replacing(from, with: to)
        }
        let configuration = "\(folder)/haproxy.cfg"
        try text.write(toFile: configuration, atomically: true, encoding: .utf8)
        let process = try ChildProcess.start(
            ["haproxy", "-db", "-f", configuration], group: sandbox.processGroup, output: "\(folder)/log")
        let proxy = HAProxy(
            process: process, folder: folder, thread: try SessionThread(name: "haproxy-client"),
            account: sandbox.accounts.monitor)
        // The admin socket is bound before the first check.
        try await eventually("haproxy runs:\n\(proxy.log)") {
            if process.hasEnded { throw Failure("haproxy ended:\n\(proxy.log)") }
            return (try? proxy.servers()) != nil
        }
        return proxy
    }

    private init(process: ChildProcess, folder: String, thread: SessionThread, account: Accounts.Account) {
        self.process = process
        self.folder = folder
        self.thread = thread
        self.account = account
    }

    deinit {
        process.signal(SIGKILL)
    }

    func stop() async {
        process.signal(SIGKILL)
        await process.ended()
    }

    var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    /// HAProxy's view of a server.
    struct Server: Sendable, Equatable {
        let status: String
        let weight: Int

        var hasTraffic: Bool { status.hasPrefix("UP") }

        /// The checks that have failed in a row while the server still counts as up: 2 for `UP 28/30`.
        var failedChecks: Int {
            let numbers = status.trimmingPrefix("UP ").split(separator: "/").compactMap { Int($0) }
            return hasTraffic && numbers.count == 2 ? numbers[1] - numbers[0] : 0
        }
    }

    /// By `listener/server`, such as `mysql-writer/db1`.
    func servers() throws -> [String: Server] {
        let lines = try ask("show stat").split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        guard let names = lines.first, let status = names.firstIndex(of: "status"),
            let weight = names.firstIndex(of: "weight")
        else { throw Failure("no statistics of haproxy") }
        var servers: [String: Server] = [:]
        for line in lines.dropFirst() where line.count > weight && !["FRONTEND", "BACKEND"].contains(line[1]) {
            servers["\(line[0])/\(line[1])"] = Server(status: line[status], weight: Int(line[weight]) ?? 0)
        }
        return servers
    }

    /// The nodes that get a listener's traffic, according to HAProxy.
    func nodes(_ listener: String) throws -> Set<String> {
        Set(
            try servers().filter { $0.key.hasPrefix("mysql-\(listener)/") && $0.value.hasTraffic }.keys.map {
                String($0.split(separator: "/")[1])
            })
    }

    /// Waits until HAProxy sends writes and reads to exactly these nodes.
    func settles(writer: Set<String>, reader: Set<String>, within time: Duration = .seconds(30)) async throws {
        var (writers, readers): (Set<String>, Set<String>) = ([], [])
        try await eventually(
            "writers \(writer) instead of \(writers), readers \(reader) instead of \(readers)\n\(log)", within: time,
            every: .milliseconds(50)
        ) {
            (writers, readers) = (try nodes("writer"), try nodes("reader"))
            return (writers, readers) == (writer, reader)
        }
    }

    /// A connection through a listener.
    struct Client: Sendable {
        fileprivate let session: Session

        func answerer() async -> UInt64? {
            let tables = try? await session.run(["SELECT @@server_id AS id"], deadline: .now + .seconds(5))
            return tables?.first?.first?.unsigned("id")
        }

        /// - Returns: whether the server has confirmed it.
        func isDone(_ statement: String) async -> Bool {
            (try? await session.run([statement], deadline: .now + .seconds(5))) != nil
        }

        func isAlive() async -> Bool { await answerer() != nil }

        /// The server's number of the connection, which shows whether it is still the same: a session reconnects by itself.
        func connection() async -> UInt64? {
            let tables = try? await session.run(["SELECT CONNECTION_ID() AS id"], deadline: .now + .seconds(5))
            return tables?.first?.first?.unsigned("id")
        }
        func close() async { await session.close() }
    }

    /// - Returns: nil if no server answers.
    func session(_ listener: String) async -> Client? {
        let options = ConnectionOptions(
            address: .unix(path: "\(folder)/\(listener)"), user: account.user, password: account.password,
            tls: .disabled)
        let session = Session(node: listener, on: thread) { options }
        guard (try? await session.run(["DO 0"], deadline: .now + .seconds(5))) != nil else { return nil }
        return Client(session: session)
    }

    /// Connects through a listener, and asks which server answers.
    /// - Returns: the server's ID; nil if none does.
    func answerer(_ listener: String) async -> UInt64? {
        guard let session = await session(listener) else { return nil }
        let id = await session.answerer()
        await session.close()
        return id
    }

    /// Connects until a certain server answers.
    func session(_ listener: String, answeredBy id: UInt64) async throws -> Client {
        for _ in 0..<100 {
            guard let session = await session(listener) else { continue }
            if await session.answerer() == id { return session }
            await session.close()
        }
        throw Failure("server \(id) never answered at \(listener)")
    }

    /// The servers that answer a number of connections, one after the other.
    func answerers(_ listener: String, _ count: Int = 12) async -> Set<UInt64?> {
        var ids: Set<UInt64?> = []
        for _ in 0..<count { ids.insert(await answerer(listener)) }
        return ids
    }

    /// Keeps connecting through a listener until it is cancelled: the servers that answered, in order.
    func witness(_ listener: String) -> Task<[UInt64], Never> {
        Task {
            var ids: [UInt64] = []
            while !Task.isCancelled {
                if let id = await answerer(listener) { ids.append(id) }
                try? await Task.sleep(for: .milliseconds(10))
            }
            return ids
        }
    }

    /// An operator's command to HAProxy itself.
    func set(_ server: String, state: String) throws {
        let answer = try ask("set server \(server) state \(state)")
        guard answer.allSatisfy(\.isWhitespace) else { throw Failure(answer) }
    }

    private func ask(_ command: String) throws -> String { try UnixSocket.ask("\(command)\n", at: "\(folder)/admin") }
}

/// Files of the repository.
enum Repository {
    static func path(_ path: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(path).path
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: self.path(path), encoding: .utf8)
    }
}
