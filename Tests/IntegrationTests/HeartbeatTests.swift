import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

private let writing = "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}"

extension IntegrationSuite {
    @Suite("Heartbeat")
    struct HeartbeatTests {
        @Test(
            "creates its table, is written on the primary, and measures a replica that stops and catches up",
            arguments: try await Matrix.thorough.value)
        func life(software: ServerSoftware) async throws {
            try await withProbes(writing, of: .primary(replicas: 2), software: software) { sandbox, exporter in
                let healthy = try await exporter.scrape(until: "heartbeats arrive") { scrape in
                    ["db2", "db3"].allSatisfy {
                        scrape.state("lag_method", $0, "method") == "heartbeat" && scrape.value("lag_seconds", $0) == 0
                    }
                }
                for node in ["db1", "db2", "db3"] {
                    #expect((healthy.value("heartbeat_age_seconds", node) ?? 9) < 2, "\(node)")
                    #expect(healthy.value("node_round_trips", node) == 1, "\(node)")
                }

                let replica = try sandbox.server("db2")
                try await replica.stopSQL()
                let stopped = ContinuousClock.now
                let late = try await exporter.scrape(until: "db2 is late") {
                    ($0.value("lag_seconds", "db2") ?? 0) > 2
                }
                #expect(late.value("lag_seconds", "db2") ?? .infinity <= stopped.duration(to: .now).inSeconds + 0.5)
                // Its newest heartbeat may be on its way just then.
                #expect(late.value("lag_seconds", "db3") ?? .infinity < 1)
                #expect(late.state("lag_method", "db2", "method") == "heartbeat")
                try await replica.startSQL()
                try await exporter.scrape(until: "db2 is in time") { $0.value("lag_seconds", "db2") == 0 }
                // Nothing was written except on the primary.
                #expect(try await sandbox.heartbeats(on: "db1").keys.sorted() == [1])
            }
        }

        @Test(
            "follows a failover on its own, and leaves the old primary alone when it returns",
            arguments: try await Matrix.thorough.value)
        func failover(software: ServerSoftware) async throws {
            try await withProbes(writing, of: .primary(replicas: 2), software: software) { sandbox, exporter in
                let old = try sandbox.server("db1")
                try await exporter.scrape(until: "heartbeats arrive") {
                    $0.state("lag_method", "db3", "method") == "heartbeat"
                }
                try await sandbox.catchUp()
                await old.kill()
                #expect(try await sandbox.heartbeats(on: "db2").keys.sorted() == [1], "none is written on a replica")
                try await sandbox.promote("db2", insteadOf: "db1")
                let taken = ContinuousClock.now
                try await sandbox.heartbeat(of: 2, on: "db2", after: nil)
                print("\(software): heartbeats on the new primary after \(taken.duration(to: .now))")
                try await exporter.scrape(until: "db3 is measured by the new primary") {
                    $0.state("lag_method", "db3", "method") == "heartbeat" && $0.value("lag_seconds", "db3") == 0
                }

                // The old one comes back writable, as after a careless operator: it is not written to, and writing
                // continues on the new one.
                try await old.start()
                try await exporter.scrape(until: "two are writable") {
                    $0.all("set_writable_nodes").map(\.value) == [2]
                }
                let rowOfOld = try await sandbox.heartbeats(on: "db1")[1]
                for _ in 0..<3 {
                    let known = try await sandbox.heartbeats(on: "db2")[2]
                    try await sandbox.heartbeat(of: 2, on: "db2", after: known)
                }
                // Not even while the new one hangs.
                let new = try sandbox.server("db2")
                await new.freeze()
                try await exporter.scrape(until: "db2 is silent") { $0.value("up", "db2") == 0 }
                try await exporter.scrape(until: "db2 is silent for a while") {
                    $0.value("up", "db2") == 0 && $0.value("set_writers", "demo") == nil
                }
                await new.thaw()
                #expect(try await sandbox.heartbeats(on: "db1")[1] == rowOfOld)
                // As a replica of the new one, it is treated like any other.
                try await old.sql("SET GLOBAL read_only = 1")
                try await sandbox.repoint("db1", to: "db2")
                try await sandbox.heartbeat(of: 2, on: "db1", after: nil)
                #expect(try await sandbox.heartbeats(on: "db1")[1] == rowOfOld)
                #expect(try await sandbox.heartbeats(on: "db1").keys.sorted() == [1, 2])
            }
        }

        @Test("never writes on a node that turns read-only between a look and a write, even with a privileged account")
        func guarded() async throws {
            let software = try await Matrix.all.value[0]
            // READ_ONLY ADMIN lets an account write anyway.
            try await withProbes(writing, of: .primary(replicas: 1), software: software, grants: "ALL ON *.*") {
                sandbox, exporter in
                let primary = try sandbox.server("db1")
                try await sandbox.heartbeat(of: 1, on: "db1", after: nil)
                try await primary.sql("SET GLOBAL read_only = 1")
                let last = try await sandbox.heartbeats(on: "db1")[1]
                try await exporter.scrape(until: "heartbeats have ceased") {
                    ($0.value("heartbeat_age_seconds", "db1") ?? 0) > 2
                }
                #expect(try await sandbox.heartbeats(on: "db1")[1] == last)
                try await primary.sql("SET GLOBAL read_only = 0")
                try await sandbox.heartbeat(of: 1, on: "db1", after: last)
            }
        }

        @Test(
            "is replicated whatever the format of the binary log", arguments: ["ROW", "MIXED", "STATEMENT"],
            try await Matrix.flavors.value)
        func binlogFormat(format: String, software: ServerSoftware) async throws {
            var settings = ServerSettings()
            settings.arguments = ["--binlog-format=\(format)"]
            try await withProbes(writing, of: .chain(of: 3), software: software, settings: settings) {
                sandbox, exporter in
                let first = try await sandbox.heartbeat(of: 1, on: "db3", after: nil)
                try await sandbox.heartbeat(of: 1, on: "db3", after: first)
                try await exporter.scrape(until: "both are in time by heartbeat") { scrape in
                    ["db2", "db3"].allSatisfy {
                        scrape.state("lag_method", $0, "method") == "heartbeat" && scrape.value("lag_seconds", $0) == 0
                    }
                }
            }
        }

        @Test("continues while a replica hangs, however long it may take to answer")
        func hanging() async throws {
            let software = try await Matrix.all.value[0]
            try await withProbes(writing + "\ntimeout: 10s", of: .primary(replicas: 2), software: software) {
                sandbox, exporter in
                var shown = try await sandbox.heartbeat(of: 1, on: "db1", after: nil)
                let replica = try sandbox.server("db3")
                await replica.freeze()
                // Four per second, for longer than findings are trusted.
                for _ in 0..<60 { shown = try await sandbox.heartbeat(of: 1, on: "db1", after: shown) }
                await replica.thaw()
                #expect(!(try exporter.output().contains("have not answered")))
            }
        }

        @Test("logs what it lacks; scrapes continue without it")
        func denied() async throws {
            let software = try await Matrix.all.value[0]
            try await withProbes(writing, of: .primary(replicas: 1), software: software, grants: "") {
                sandbox, exporter in
                let scrape = try await exporter.scrape(until: "db2 is known by other means") {
                    $0.state("lag_method", "db2", "method") == "seconds_behind_source"
                }
                #expect(scrape.value("up", "db1") == 1)
                #expect(scrape.value("node_fact_missing", "db1", ["fact": "heartbeat"]) == 1)
                try await eventually("it is logged") { try exporter.output().contains("probe idle") }
                let log = try exporter.output()
                #expect(log.contains("denied to user"))
                #expect(!log.contains(sandbox.accounts.monitor.password))
                // A grant is enough; nothing has to be restarted.
                try await sandbox.grant("CREATE, SELECT, INSERT, UPDATE ON replication_probe.*")
                try await sandbox.heartbeat(of: 1, on: "db2", after: nil)
            }
        }

        @Test("continues where it was after a restart of the exporter, and across a reload")
        func restart() async throws {
            let software = try await Matrix.all.value[0]
            try await withProbes(writing, of: .primary(replicas: 1), software: software) { sandbox, first in
                let path = "\(sandbox.folder)/exporter.yml"
                try await first.scrape(until: "heartbeats arrive") {
                    $0.state("lag_method", "db2", "method") == "heartbeat" && $0.value("lag_seconds", "db2") == 0
                }
                try await sandbox.server("db2").stopSQL()
                try await first.scrape(until: "db2 is late") { ($0.value("lag_seconds", "db2") ?? 0) > 1 }
                first.process.signal(SIGHUP)
                try await eventually("it is reloaded") { try first.output().contains("configuration reloaded") }
                // Nothing is forgotten.
                #expect(try await first.scrape().value("lag_seconds", "db2") ?? 0 > 1)
                let before = try #require(try await first.scrape().value("lag_seconds", "db2"))
                #expect(await first.stop() == .exited(0))

                let second = try await RunningExporter.start(path, in: sandbox)
                let after = try await second.scrape(until: "db2 is still late") {
                    $0.state("lag_method", "db2", "method") == "heartbeat"
                }
                let rows = (try await sandbox.heartbeats(on: "db1"), try await sandbox.heartbeats(on: "db2"))
                #expect(after.value("lag_seconds", "db2") ?? 0 >= before - 0.25, "\(rows) \(after.text)")
                try await sandbox.server("db2").startSQL()
                try await second.scrape(until: "db2 is in time") { $0.value("lag_seconds", "db2") == 0 }
                #expect(await second.stop() == .exited(0))
            }
        }

        @Test(
            "is accurate to its interval on a replica with a known delay",
            arguments: try await Matrix.thorough.value)
        func delayed(software: ServerSoftware) async throws {
            try await withProbes(writing, of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await exporter.scrape(until: "heartbeats arrive") {
                    $0.state("lag_method", "db2", "method") == "heartbeat"
                }
                try await sandbox.delay("db2", seconds: 3)
                // An independent reference: rows whose times of writing are known, and which of them have arrived.
                let ruler = Ruler()
                let rulerTask = Task {
                    while !Task.isCancelled {
                        let started = ContinuousClock.now
                        guard let id = try? await primary.write(note: "ruler") else { return }
                        await ruler.wrote(id, from: started, until: .now)
                        try? await Task.sleep(for: .milliseconds(50))
                    }
                }
                defer { rulerTask.cancel() }
                try await exporter.scrape(until: "the delay is in effect") { ($0.value("lag_seconds", "db2") ?? 0) > 2 }
                func newest() async throws -> UInt64 {
                    try await replica.sql("SELECT COALESCE(MAX(id), 0) AS id FROM sandbox.entries").first?.unsigned(
                        "id") ?? 0
                }
                try await eventually("a row of the ruler arrives", every: .milliseconds(50)) {
                    await ruler.time(of: try await newest()) != nil
                }
                var errors: [Double] = []
                for _ in 0..<30 {
                    let before = try await newest()
                    let asked = ContinuousClock.now
                    let scrape = try await exporter.scrape()
                    let told = ContinuousClock.now
                    let after = try await newest()
                    let shown = try #require(scrape.value("lag_seconds", "db2"))
                    #expect(scrape.state("lag_method", "db2", "method") == "heartbeat")
                    // Everything up to `before` had arrived, and what followed `after` had not.
                    guard let first = await ruler.time(of: before), let next = await ruler.time(after: after) else {
                        continue
                    }
                    let longest = first.from.duration(to: told).inSeconds
                    let shortest = next.until.duration(to: asked).inSeconds
                    #expect(shown <= longest + 0.01)
                    // One interval, plus what a busy machine may delay a heartbeat by.
                    #expect(shown >= shortest - 0.25 - 0.25)
                    errors.append(max(0, shown - longest, shortest - shown))
                    // Readings at all phases between two heartbeats.
                    try await Task.sleep(for: .milliseconds(70))
                }
                let worst = errors.max() ?? -1
                print("\(software): \(errors.count) readings of a replica delayed by 3 s, off by \(worst) s at most")
                #expect(!errors.isEmpty)
                try await sandbox.delay("db2", seconds: 0)
            }
        }

        @Test("costs the primary two statements per heartbeat", arguments: try await Matrix.thorough.value)
        func cost(software: ServerSoftware) async throws {
            let both = writing + "\nsentinel: {table: replication_probe.sentinel, interval: 15s}"
            try await withProbes(both, of: .primary(replicas: 1), software: software) { sandbox, exporter in
                try await exporter.scrape(until: "both probes work") {
                    $0.state("lag_method", "db2", "method") == "heartbeat"
                        && $0.value("sentinel_success", "db2", ["operation": "delete"]) == 1
                }
                let primary = try sandbox.server("db1")
                func questions() async throws -> Double {
                    try await primary.sql("SHOW GLOBAL STATUS LIKE 'Questions'").first?.number("Value") ?? 0
                }
                let (before, started) = (try await questions(), ContinuousClock.now)
                try await Task.sleep(for: .seconds(10))
                let seconds = started.duration(to: .now).inSeconds
                let rate = (try await questions() - before - 1) / seconds
                print(
                    "\(software): \(rate) statements a second on the primary, heartbeat each 250 ms and sentinel each 15 s"
                )
                #expect(rate < 2 * 4 + 8)
            }
        }
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

/// Rows, and when they were written.
private actor Ruler {
    private var times: [(id: UInt64, from: ContinuousClock.Instant, until: ContinuousClock.Instant)] = []

    func wrote(_ id: UInt64, from: ContinuousClock.Instant, until: ContinuousClock.Instant) {
        times.append((id, from, until))
    }

    func time(of id: UInt64) -> (from: ContinuousClock.Instant, until: ContinuousClock.Instant)? {
        times.first { $0.id == id }.map { ($0.from, $0.until) }
    }

    func time(after id: UInt64) -> (from: ContinuousClock.Instant, until: ContinuousClock.Instant)? {
        times.first { $0.id > id }.map { ($0.from, $0.until) }
    }
}
