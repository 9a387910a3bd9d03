package import Foundation
package import MariaDB
internal import Replication

/// One real server of a sandbox. It writes to a folder of its own and listens on loopback and a Unix socket.
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
    /// Nil if it is no member of a cluster.
    nonisolated let cluster: ClusterPlace?
    /// This server's part of `folder`, on this machine.
    private nonisolated let path: String
    /// For the server's temporary tables, on this machine.
    nonisolated let temporaryPath: String
    private nonisolated let reservedPort: LoopbackPort
    private nonisolated let group: pid_t
    private nonisolated let session: Session
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private var process: ChildProcess?
    /// Holds the locks of `lock()`.
    var lockHolder: Session?

    init(
        _ node: Wiring.Node, number: Int, software: ServerSoftware, settings: ServerSettings, folder: SandboxFolder,
        group: pid_t, cluster: ClusterPlace? = nil
    ) throws(SandboxError) {
        self.node = node
        self.software = software
        self.settings = settings
        self.folder = folder
        self.group = group
        self.cluster = cluster
        serverID = UInt32(number)
        statements = ReplicationStatements(flavor: software.flavor)
        path = try folder.makeServerFolder(node.name)
        temporaryPath = try folder.makeServerFolder("\(node.name)/tmp")
        reservedPort = try LoopbackPort()
        guard "\(path)/socket".utf8.count < 108 else {
            throw .wiring("the path \(path)/socket is too long for a unix socket; set TMPDIR to a shorter folder")
        }
        session = Self.administrator(of: node.name, path: path)
    }

    nonisolated var dataFolder: String { "\(path)/data" }
    /// The socket of the administrator's connection, on this machine.
    package nonisolated var socketPath: String { "\(path)/socket" }
    /// What the server program prints.
    package nonisolated var logPath: String { "\(path)/server.log" }
    /// Nil while the server is down.
    package var pid: pid_t? { process.flatMap { $0.hasEnded ? nil : $0.pid } }

    // MARK: - Life

    /// Starts the server, with the data it has, and waits until it answers.
    /// - Throws: `SandboxError.ended`, with the end of its log, if it does not come up.
    package func start(with extra: [String] = [], within time: Duration = .seconds(60)) async throws(SandboxError) {
        try await start(prefix: [], with: extra, within: time)
    }

    /// - Parameter prefix: a program that starts the server, and its arguments.
    func start(
        prefix: [String], with extra: [String] = [], within time: Duration = .seconds(60)
    ) async throws(SandboxError) {
        if pid != nil { return }
        let deadline = ContinuousClock.now + time
        unlink(socketPath)
        let process = try ChildProcess.start(
            software.command(
                prefix + [software.executable] + arguments + extra, seesProcesses: cluster?.kind == .galera),
            group: group, output: logPath)
        self.process = process
        try await eventually("\(name) listens", deadline: deadline) { () throws(SandboxError) in
            if process.hasEnded {
                throw .ended(what: "the server \(name)", status: await process.ended(), log: lastLines(of: logPath))
            }
            return isListening
        }
        // A joiner of a Galera cluster accepts connections and closes them until it has been given the data.
        let isJoiner = cluster?.kind == .galera
        try await eventually("\(name) answers", deadline: deadline) { () throws(SandboxError) in
            do throws(SandboxError) {
                try await sql("DO 0", within: ContinuousClock.now.duration(to: deadline))
                return true
            } catch {
                if isJoiner, !process.hasEnded { return false }
                throw error
            }
        }
    }

    /// Shuts the server down cleanly.
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

    /// Kills the server, as a power cut would, and waits for the end.
    package func kill() async {
        process?.signal(SIGKILL)
        await process?.ended()
        process = nil
        await release()
    }

    /// Shuts the server down cleanly and restarts it with the same data and port.
    /// - Parameter extra: options for this run of the server only.
    package func restart(with extra: [String] = []) async throws(SandboxError) {
        await stop()
        try await start(with: extra)
    }

    /// Sends the server process a signal, if there is one.
    func signal(_ signal: Int32) { process?.signal(signal) }

    // MARK: - SQL

    /// Runs one statement as the administrator, reconnecting first if the connection was lost.
    /// - Throws: `SandboxError.refused`.
    @discardableResult
    package func sql(_ statement: String, within time: Duration = .seconds(10)) async throws(SandboxError)
        -> ResultTable
    {
        let deadline = ContinuousClock.now + time
        await takeTurn()
        defer { giveTurn() }
        do {
            return try await session.run([statement], deadline: deadline).first
                ?? ResultTable(columns: [], rows: [])
        } catch {
            throw .refused(node: name, statement: session.isOpen ? statement : "connect", error)
        }
    }

    /// Another session of the administrator.
    func anotherSession() -> Session { Self.administrator(of: name, path: path) }

    private static func administrator(of node: String, path: String) -> Session {
        Session(node: node, .init(mindsHangingStatements: false)) {
            ConnectionOptions(address: .unix(path: "\(path)/socket"), user: "root", password: "")
        }
    }

    private func release() async {
        await lockHolder?.close()
        lockHolder = nil
        await takeTurn()
        await session.hangUp()
        giveTurn()
    }

    /// Statements run one after the other, whoever sends them.
    private func takeTurn() async {
        if !isBusy {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func giveTurn() {
        if waiting.isEmpty {
            isBusy = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    /// Whether the Unix socket accepts connections.
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
