import FaultServer
import Logging
import MariaDB
import Synchronization
import Testing
import Topology
import Traffic

@testable import Probes

@Suite("The failover probe")
struct FailoverProbeTests {
    /// A preferred node that can be updated, and has no row of this checker's.
    /// - Parameter refusal: in place of that row.
    private static func script(refusing refusal: Reply? = nil) -> Script {
        Script { query in query.steps { reply(to: $0, refusal) } }
    }

    private static func reply(to statement: String, _ refusal: Reply?) -> Reply {
        if statement.hasPrefix("SHOW COLUMNS") {
            return .table(
                columns: ["Field", "Key"], rows: [["checker", "PRI"], ["server_id", "PRI"], ["epoch", ""]])
        }
        if statement.contains("AS is_noted") {
            return .table(columns: ["is_noted", "is_writable"], rows: [["1", "1"]])
        }
        if statement.contains("AS clock") {
            return .table(columns: ["is_writable", "clock", "server_id"], rows: [["1", "1800000000", "1"]])
        }
        if statement.contains("AS noted") { return refusal ?? .table(columns: ["noted"], rows: []) }
        return .ok
    }

    private func probe(on server: FaultServer) -> FailoverProbe {
        let port = server.port
        return FailoverProbe(
            FailoverPolicy(preferred: "db1", standby: "db2"), set: "shop",
            table: QualifiedName(database: "p", table: "t"), checker: "test",
            // Many tests run at a time: a reply may be a while.
            timeout: .seconds(60),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { 1_800_000_000 }
        ) { _ in
            ProbeConnection(node: "db1") { () throws(ProbeFailure) in
                ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "u", password: "p")
            }
        }
    }

    @Test("An operator's word that comes while a check is under way is for the next one, and for that alone")
    func lateWord() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let probe = probe(on: server)
        // db1 replicates from nobody: how far it is behind db2 is not known.
        let set = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))
        let first = await probe.check { _, _ in
            probe.accept()
            return set
        }
        #expect(first.cause == .lagUnknown)
        let second = await probe.check { _, _ in set }
        #expect(second.cause == .caughtUp && second.reason.contains("an operator says"))
    }

    @Test("A row that somebody has locked is not a node that cannot be reached")
    func lockedRow() async throws {
        let server = try FaultServer(
            Self.script(refusing: .refusal(code: 1205, sqlState: "HY000", message: "Lock wait timeout exceeded")))
        defer { server.stop() }
        let decision = await probe(on: server).check { _, _ in nil }
        #expect(decision.cause == .preferredFailed)
        #expect(decision.reason == "db1 cannot be queried or updated: Lock wait timeout exceeded (error 1205)")
    }
}
