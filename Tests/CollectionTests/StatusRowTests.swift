import FaultServer
import Replication
import Testing

@testable import Collection

/// The source of the series that are compatible with other exporters.
@Suite("Rows of the replication status", .timeLimit(.minutes(5)))
struct StatusRowTests {
    @Test(
        "are kept as the server sent them if wanted, in the same round trip",
        arguments: [
            "mariadb-10.11/replica-multi-source", "mariadb-11.8/replica", "mysql-8.0.20/replica", "mysql-9.7/replica",
        ])
    func kept(name: String) async throws {
        let recording = try Fixture(name: name).recording
        let status = try #require(recording.results.first { $0.columns?.contains("Relay_Log_Space") == true })
        let report = try await withNode(recording.script, extras: NodeExtras(keepsStatusRows: true)) { _, node in
            await node.ask(deadline: .never)
        }
        #expect(report.roundTrips == 1)
        let rows = try #require(report.facts?.channels).map(\.statusRow)
        #expect(rows.map { $0?.columns } == (status.rows ?? []).map { _ in status.columns })
        #expect(rows.map { $0?.values } == status.rows)
        #expect(!rows.isEmpty)
    }

    @Test("are not kept otherwise")
    func dropped() async throws {
        let report = try await withNode(Fixture(name: "mysql-9.7/replica").recording.script) { _, node in
            await node.ask(deadline: .never)
        }
        #expect(report.facts?.channels?.map(\.statusRow) == [nil])
    }
}
