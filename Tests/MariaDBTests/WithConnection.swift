import FaultServer
import Replication
import Testing
import Threads

@testable import MariaDB

/// Runs `body` with a scripted server and a connection that is not open yet; closes both afterwards.
func withConnection(
    _ script: Script, _ body: (FaultServer, Connection, ConnectionOptions) async throws -> Void
) async throws {
    let server = try FaultServer(script)
    defer { server.stop() }
    let executor = try ThreadExecutor(name: "test")
    defer { executor.stop() }
    let connection = Connection(executor: executor)
    try await body(server, connection, options(server))
    await connection.close()
}

/// Like `withConnection`, but connected.
func withOpenConnection(
    _ script: Script, sendsBatches: Bool = true, _ body: (FaultServer, Connection) async throws -> Void
) async throws {
    try await withConnection(script) { server, connection, options in
        var options = options
        options.sendsBatches = sendsBatches
        try await connection.open(options, deadline: .never)
        try await body(server, connection)
    }
}

func options(_ server: FaultServer, tls: TLSMode = .disabled) -> ConnectionOptions {
    ConnectionOptions(
        address: .tcp(host: "127.0.0.1", port: server.port), user: "exporter", password: "pass-in-the-clear", tls: tls)
}

extension ContinuousClock.Instant {
    /// A deadline that no test reaches unless something hangs.
    static var never: Self { .now + .seconds(250) }
    /// A short deadline, for tests that wait for it.
    static var soon: Self { .now + .milliseconds(200) }
    /// A deadline that tests wait for, and before which something else has to come, on a machine that is busy with all other
    /// tests as well.
    static var later: Self { .now + .seconds(3) }
}
