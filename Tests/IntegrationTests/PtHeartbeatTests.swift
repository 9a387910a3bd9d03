import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// With Percona's own program, from percona-toolkit.
    @Suite("pt-heartbeat")
    struct PtHeartbeatTests {
        private static let reading = "heartbeat: {table: replication_probe.heartbeat, interval: 500ms}"

        @Test(
            "is read in any time zone; a writer that has ended is distinguished from a replica that has stopped",
            arguments: [("UTC", ["--utc"]), ("America/New_York", []), ("Asia/Kathmandu", [])])
        func read(zone: String, options: [String]) async throws {
            guard let software = try await Matrix.toolkit.value.first else { return }
            try await withProbes(Self.reading, of: .primary(replicas: 2), software: software) { sandbox, exporter in
                let primary = try sandbox.server("db1")
                try await primary.sql("CREATE DATABASE replication_probe")
                let writer = try await PtHeartbeat.run(
                    ["--update", "--create-table", "--interval=0.5"] + options, on: primary, in: sandbox, zone: zone)
                defer { writer.process.signal(SIGKILL) }
                let healthy = try await exporter.scrape(until: "heartbeats arrive") { scrape in
                    ["db2", "db3"].allSatisfy {
                        scrape.state("lag_method", $0, "method") == "heartbeat" && scrape.value("lag_seconds", $0) == 0
                    }
                }
                for node in ["db1", "db2", "db3"] {
                    #expect((healthy.value("heartbeat_age_seconds", node) ?? 99) < 3, "\(node) \(writer.said)")
                }

                try await sandbox.server("db2").stopSQL()
                let stopped = ContinuousClock.now
                let late = try await exporter.scrape(until: "db2 is late") {
                    ($0.value("lag_seconds", "db2") ?? 0) > 2
                }
                #expect(late.value("lag_seconds", "db2") ?? 99 <= stopped.duration(to: .now).inSeconds + 0.5)
                #expect(late.value("lag_seconds", "db3") == 0)
                #expect((late.value("heartbeat_age_seconds", "db1") ?? 99) < 3)
                try await sandbox.server("db2").startSQL()
                try await exporter.scrape(until: "db2 is in time") { $0.value("lag_seconds", "db2") == 0 }

                writer.process.signal(SIGTERM)
                _ = await writer.process.ended()
                let ended = try await exporter.scrape(until: "nobody is measured by a row that nobody writes") {
                    scrape in
                    ["db2", "db3"].allSatisfy { scrape.state("lag_method", $0, "method") == "seconds_behind_source" }
                }
                #expect((ended.value("heartbeat_age_seconds", "db1") ?? 0) > 3)
            }
        }

        @Test("reads the exporter's heartbeat")
        func check() async throws {
            guard let software = try await Matrix.toolkit.value.first else { return }
            let writing = "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}"
            try await withProbes(writing, of: .primary(replicas: 1), software: software) { sandbox, exporter in
                try await exporter.scrape(until: "heartbeats arrive") {
                    $0.state("lag_method", "db2", "method") == "heartbeat"
                }
                let replica = try sandbox.server("db2")
                let options = ["--check", "--utc", "--master-server-id=1"]
                let inTime = try await PtHeartbeat.run(options, on: replica, in: sandbox)
                #expect(await inTime.process.ended() == .exited(0))
                #expect((Double(inTime.said) ?? 99) < 1, "\(inTime.said)")
                try await replica.stopSQL()
                try await exporter.scrape(until: "db2 is late") { ($0.value("lag_seconds", "db2") ?? 0) > 3 }
                let late = try await PtHeartbeat.run(options, on: replica, in: sandbox)
                _ = await late.process.ended()
                // It subtracts half a second for skew.
                #expect((Double(late.said) ?? 0) > 2, "\(late.said)")
            }
        }
    }
}

private struct PtHeartbeat {
    let process: ChildProcess
    private let output: String

    /// The last line that it has printed: 3.7 first complains about the name of an option.
    var said: String {
        ((try? String(contentsOfFile: output, encoding: .utf8)) ?? "").split(separator: "\n").last.map(String.init)
            ?? ""
    }

    static func run(_ options: [String], on server: Server, in sandbox: Sandbox, zone: String = "UTC") async throws
        -> PtHeartbeat
    {
        let output = "\(sandbox.folder)/pt-heartbeat-\(UUID().uuidString).log"
        var environment = ChildProcess.neutralEnvironment
        environment["TZ"] = zone
        let process = try ChildProcess.start(
            [
                "pt-heartbeat", "--no-version-check", "--socket=\(server.socketPath)", "--user=root",
                "--database=replication_probe", "--table=heartbeat",
            ] + options, environment: environment, group: sandbox.processGroup, output: output)
        return PtHeartbeat(process: process, output: output)
    }
}
