import FaultServer
import Foundation
import Testing
import Threads

@testable import MariaDB

/// Serialized, since it counts the descriptors of the whole process.
@Suite("Leaks", .serialized, .timeLimit(.minutes(5)))
struct LeakTests {
    static let scripts: [(String, Script)] = [
        ("answered", .replying { _ in .ok }),
        ("turned away", .saying(Step.turnAway(code: 1040, sqlState: "08004", message: "Too many connections"))),
        ("closed at once", .saying([.close])),
        ("lost in a query", Script { _ in [.close] }),
        ("malformed", Script { _ in [.packet([])] }),
        ("asked for the password", .saying(Step.switchPlugin(to: "mysql_clear_password"))),
    ]

    @Test("Every connection releases its descriptors, however it ends", arguments: scripts)
    func descriptors(name: String, script: Script) async throws {
        let server = try FaultServer(script)
        defer { server.stop() }
        let executor = try ThreadExecutor(name: "test")
        defer { executor.stop() }
        let connection = Connection(executor: executor)
        for _ in 0..<40 {
            // The result does not matter here: other tests check it.
            _ = try? await connection.open(options(server), deadline: .never)
            _ = try? await connection.query("SHOW x", deadline: .never)
        }
        await connection.close()
        // The client's ends: sockets connected to that server. The server's threads may still be closing theirs.
        while server.journal.openConnections > 0 { await Task.yield() }
        #expect(server.journal.connections == 40)
        #expect(try socketsConnected(to: server.port) == 0)
    }

    @Test("A connection that is not closed explicitly is closed when it is released")
    func letGo() async throws {
        let server = try FaultServer(.replying { _ in .ok })
        defer { server.stop() }
        let executor = try ThreadExecutor(name: "test")
        defer { executor.stop() }
        do {
            let connection = Connection(executor: executor)
            try await connection.open(options(server), deadline: .never)
        }
        while server.journal.openConnections > 0 { await Task.yield() }
        #expect(try socketsConnected(to: server.port) == 0)
    }

    /// This process's sockets whose peer is the port, by `/proc/self/fd` and `/proc/net/tcp`: other tests run at the same time,
    /// and a plain count of descriptors would include theirs. A leaked duplicate keeps its socket in the list.
    private func socketsConnected(to port: UInt16) throws -> Int {
        var mine: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"),
                target.hasPrefix("socket:[")
            {
                mine.insert(String(target.dropFirst(8).dropLast()))
            }
        }
        let peer = String(format: "0100007F:%04X", port)
        return try String(contentsOfFile: "/proc/self/net/tcp", encoding: .utf8).split(separator: "\n").dropFirst()
            .count { line in
                let fields = line.split(separator: " ")
                return fields.count > 9 && fields[2] == peer && mine.contains(String(fields[9]))
            }
    }
}
