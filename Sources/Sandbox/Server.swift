package import Foundation
package import MariaDB
internal import Replication

/// One real server of a sandbox. What it writes lives in a folder of its own; it listens on loopback and a unix socket.
package actor Server {
    package nonisolated let node: Wiring.Node
    package nonisolated let software: ServerSoftware
    package nonisolated let serverID: UInt32
    /// On 127.0.0.1; the same after a restart.
    package nonisolated var port: UInt16 { reservedPort.number }
    package nonisolated var name: String { node.name }

    nonisolated let statements: ReplicationStatements
    nonisolated let settings: ServerSettings
    nonisolated let folder: SandboxFolder
    /// This server's part of `folder`, on this machine.
    private nonisolated let path: String
    private nonisolated let reservedPort: LoopbackPort
    private nonisolated let group: pid_t
    private nonisolated let executor: ThreadExecutor
    private nonisolated let connection: Connection

    private var process: ChildProcess?
    /// Holds the locks of `lock()`; its thread is its own, so that a blocked one blocks nothing else.
    var lockHolder: (connection: Connection, executor: ThreadExecutor)?

    init(
        _ node: Wiring.Node, number: Int, software: ServerSoftware, settings: ServerSettings, folder: SandboxFolder,
        group: pid_t
    ) throws(SandboxError) {
        self.node = node
        self.software = software
        self.settings = settings
        self.folder = folder
        self.group = group
        serverID = UInt32(number)
        statements = ReplicationStatements(flavor: software.flavor)
        path = try folder.makeServerFolder(node.name)
        reservedPort = try LoopbackPort()
        guard "\(path)/socket".utf8.count < 108 else {
            throw .wiring("the path \(path)/socket is too long for a unix socket; set TMPDIR to a shorter folder")
        }
        executor = try Self.thread("sandbox-\(node.name)")
        connection = Connection(executor: executor)
    }

    deinit { executor.stop() }

    nonisolated var dataFolder: String { "\(path)/data" }
    /// Where the administrator's connection goes, on this machine.
    package nonisolated var socketPath: String { "\(path)/socket" }
    /// What the server program prints.
    package nonisolated var logPath: String { "\(path)/server.log" }
    /// Nil while the server is down.
    package var pid: pid_t? { process.flatMap { $0.hasEnded ? nil : $0.pid } }

    // MARK: - Life

    /// Starts the server, with the data it has, and waits until it answers.
    /// - Throws: `SandboxError.ended` with the end of its log when it does not come up.
    package func start(with extra: [String] = [], within time: Duration = .seconds(60)) async throws(SandboxError) {
        if pid != nil { return }
        let deadline = ContinuousClock.now + time
        unlink(socketPath)
        let process = try ChildProcess.start(
            software.command([software.executable] + arguments + extra), group: group, output: logPath)
        self.process = process
        try await eventually("\(name) listens", deadline: deadline) { () throws(SandboxError) in
            if process.hasEnded {
                throw .ended(what: "the server \(name)", status: await process.ended(), log: lastLines(of: logPath))
            }
            return isListening
        }
        try await open(deadline: deadline)
    }

    /// Ends the server in order, as its own shutdown does.
    package func stop(within time: Duration = .seconds(30)) async {
        await release()
        guard let process else { return }
        process.signal(SIGCONT)
        process.signal(SIGTERM)
        let killer = Task {
            try await Task.sleep(for: time)
            process.signal(SIGKILL)
        }
        await process.ended()
        killer.cancel()
        self.process = nil
    }

    /// Ends the server as a power cut would, and waits for the end.
    package func kill() async {
        process?.signal(SIGKILL)
        await process?.ended()
        process = nil
        await release()
    }

    /// Stops the server in order and starts it again with the same data and port.
    /// - Parameter extra: options for this run of the server only.
    package func restart(with extra: [String] = []) async throws(SandboxError) {
        await stop()
        try await start(with: extra)
    }

    /// Sends the server process a signal, if there is one.
    func signal(_ signal: Int32) { process?.signal(signal) }

    // MARK: - SQL

    /// Runs one statement as the administrator. Connects again first if the connection was lost.
    /// - Throws: `SandboxError.refused`.
    @discardableResult
    package func sql(_ statement: String, within time: Duration = .seconds(10)) async throws(SandboxError)
        -> ResultTable
    {
        let deadline = ContinuousClock.now + time
        if !connection.isOpen { try await open(deadline: deadline) }
        do {
            return try await connection.query(statement, deadline: deadline)
        } catch {
            throw .refused(node: name, statement: statement, error)
        }
    }

    /// A new connection for the administrator, and its thread; the caller ends both.
    func anotherConnection() async throws(SandboxError) -> (connection: Connection, executor: ThreadExecutor) {
        let executor = try Self.thread("sandbox-\(name)-2")
        let connection = Connection(executor: executor)
        do {
            try await connection.open(administrator, deadline: .now + .seconds(10))
        } catch {
            executor.stop()
            throw .refused(node: name, statement: "connect", error)
        }
        return (connection, executor)
    }

    private nonisolated var administrator: ConnectionOptions {
        ConnectionOptions(address: .unix(path: socketPath), user: "root", password: "")
    }

    private func open(deadline: ContinuousClock.Instant) async throws(SandboxError) {
        do {
            try await connection.open(administrator, deadline: deadline)
        } catch {
            throw .refused(node: name, statement: "connect", error)
        }
    }

    private func release() async {
        if let lockHolder {
            await lockHolder.connection.close()
            lockHolder.executor.stop()
        }
        lockHolder = nil
        await connection.close()
    }

    private static func thread(_ name: String) throws(SandboxError) -> ThreadExecutor {
        do {
            return try ThreadExecutor(name: name)
        } catch {
            throw .system(doing: "start a thread", errno: error.errno)
        }
    }

    /// Whether someone accepts connections on the unix socket.
    private nonisolated var isListening: Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
