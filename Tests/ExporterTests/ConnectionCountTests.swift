import Configuration
import Testing

@testable import Exporter

@Suite("Connections to one server")
struct ConnectionCountTests {
    @Test(
        "the limit allows for all programs that may connect at the same time",
        arguments: [
            // The collector has 3. Two exporters, a third one replacing either, and `check`.
            ("", 3, 12), ("heartbeat: {table: p.h}", 3, 12),
            // Each probe has 2.
            ("heartbeat: {table: p.h, write: true}", 5, 18), ("sentinel: {table: p.s}", 5, 18),
            // And `failover-check`, which has those of the collector and of the probe.
            ("failover: {preferred: db1, standby: db2, table: p.l}", 5, 20),
            // `checksum` collects from the set, and has connections of its own.
            ("checksums: {}", 3, 17),
            (
                "heartbeat: {table: p.h, write: true}, sentinel: {table: p.s}, failover: {preferred: db1, standby: db2, table: p.l}, checksums: {}",
                9, 37
            ),
        ])
    func connections(probes: String, serving: Int, limit: Int) throws {
        let file = """
            replication_sets: [{name: a, user: u, password: p, nodes: [{name: db1, address: h1}, {name: db2, address: h2}]\
            \(probes.isEmpty ? "" : ", " + probes)}]
            """
        let set = try Configuration.parse(file, file: "f", environment: [:]).configuration.sets[0]
        #expect(ConnectionCount(set).serving == serving)
        #expect(ConnectionCount(set).limit(exporters: 2) == limit)
        #expect(ConnectionCount(set).limit(exporters: 1) == limit - serving)
    }
}
