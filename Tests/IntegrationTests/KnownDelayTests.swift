import Foundation
import Replication
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// A row is written while replication is held up, and the lag compared with the time since.
    @Suite("Lag against a known delay")
    struct KnownDelayTests {
        /// How the replica is kept from applying the row.
        private enum Fault: CaseIterable {
            case stalledNetwork, stoppedApplier, stoppedReceiver, lock

            func begin(_ replica: Server, _ relay: Relay) async throws {
                switch self {
                case .stalledNetwork: relay.freeze()
                case .stoppedApplier: try await replica.stopSQL()
                case .stoppedReceiver: try await replica.stopIO()
                case .lock: try await replica.lock()
                }
            }

            func end(_ replica: Server, _ relay: Relay) async throws {
                switch self {
                case .stalledNetwork: relay.thaw()
                case .stoppedApplier: try await replica.startSQL()
                case .stoppedReceiver: try await replica.startIO()
                case .lock: await replica.unlock()
                }
            }
        }

        /// Nothing else differs by more: MySQL's parallel applier writes its position down every 0.3 s.
        private static let tolerance = 0.5

        private func withRelayedReplica(
            _ software: ServerSoftware, _ settings: ServerSettings = ServerSettings(),
            _ body: (Sandbox, Relay, RunningExporter) async throws -> Void
        ) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software, settings: settings) {
                sandbox, exporter in
                let relay = try Relay.start(in: sandbox)
                try await sandbox.repoint("db2", to: "db1", at: ("127.0.0.1", relay.port("db1")))
                try await body(sandbox, relay, exporter)
                await relay.stop()
            }
        }

        private func isUpToDate(_ scrape: Scrape) -> Bool {
            scrape.isHealthyReplica("db2", knowsTransactions: true) && scrape.value("lag_seconds", "db2") == 0
                && scrape.value("lag_error_seconds", "db2") ?? 1 < Self.tolerance
        }

        /// Holds replication up for some seconds, and compares each scrape with the time since the row was committed.
        private func measure(
            _ fault: Fault, _ sandbox: Sandbox, _ relay: Relay, _ exporter: RunningExporter,
            writing statement: String? = nil
        ) async throws {
            let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
            try await exporter.scrape(until: "\(fault): all is well before", isUpToDate)
            try await fault.begin(replica, relay)
            // The last time at which the source's log was seen to end before the row.
            let lastLook = ContinuousClock.now
            try await exporter.scrape()
            let before = ContinuousClock.now
            if let statement { try await primary.sql(statement) }
            try await primary.write()
            let after = ContinuousClock.now
            var firstLook: ContinuousClock.Instant?
            var largest = 0.0
            var samples = 0
            while after.duration(to: .now) < .milliseconds(2500) || samples < 3 {
                let asked = ContinuousClock.now
                let scrape = try await exporter.scrape()
                let told = ContinuousClock.now
                // On a busy machine, a server may not answer within its timeout.
                guard scrape.value("up", "db1") == 1, scrape.value("up", "db2") == 1 else { continue }
                samples += 1
                let bracket = (firstLook ?? told) - lastLook
                firstLook = firstLook ?? told
                let youngest = (asked - after).seconds
                let oldest = (told - before).seconds
                let lag = try #require(scrape.value("lag_seconds", "db2"), "\(fault)")
                let error = try #require(scrape.value("lag_error_seconds", "db2"), "\(fault)")
                #expect(
                    lag + error >= youngest - Self.tolerance, "\(fault): \(lag) ± \(error), but at least \(youngest)")
                #expect(lag - error <= oldest + Self.tolerance, "\(fault): \(lag) ± \(error), but at most \(oldest)")
                // The error is no larger than the time between two looks.
                #expect(error <= bracket.seconds + Self.tolerance, "\(fault): ± \(error)")
                #expect(scrape.value("lag_known", "db2") == 1)
                largest = max(largest, lag)
                try await Task.sleep(for: .milliseconds(250))
            }
            #expect(largest > 1, "\(fault)")
            let limited = try await exporter.get("/nodes/db2/replica?max_lag=500ms")
            #expect(limited.status == 503, "\(fault): \(limited.body)")
            try await fault.end(replica, relay)
            try await exporter.scrape(until: "\(fault): all is well after", isUpToDate)
        }

        @Test(
            "is known to the time between two looks, whatever holds the replica up",
            arguments: try await Matrix.thorough.value)
        func faults(software: ServerSoftware) async throws {
            try await withRelayedReplica(software) { sandbox, relay, exporter in
                for fault in Fault.allCases { try await measure(fault, sandbox, relay, exporter) }
                // Written under an old or a future clock, as by a session that sets its timestamp.
                for timestamp in [1_000_000_000, 1_900_000_000] {
                    try await measure(
                        .lock, sandbox, relay, exporter, writing: "SET timestamp = \(timestamp)")
                }
                try await sandbox.server("db1").sql("SET timestamp = DEFAULT")
            }
        }

        @Test(
            "A partition fails the transfer check within 15 s, though the servers' heartbeats come every 30 s",
            arguments: try await Matrix.flavors.value)
        func partition(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            // The default of both: half of slave_net_timeout.
            settings.heartbeatPeriod = 30
            func transfers(_ scrape: Scrape) -> Double? { scrape.value("check", "db2", ["check": "transfer"]) }
            try await withRelayedReplica(software, settings) { sandbox, relay, exporter in
                try await exporter.scrape(until: "all is well before") { isUpToDate($0) && transfers($0) == 1 }
                relay.freeze()
                let start = ContinuousClock.now
                try await sandbox.server("db1").write()
                let failed = try await exporter.scrape(until: "nothing arrives") { transfers($0) == 0 }
                #expect((.seconds(10)...(.seconds(15))).contains(start.duration(to: .now)))
                #expect(failed.value("io_thread_running", "db2") == 1)
                relay.thaw()
                try await exporter.scrape(until: "it arrives") { isUpToDate($0) && transfers($0) == 1 }
            }
        }

        @Test(
            "does not depend on the servers' clocks: five minutes off, either way, and stepping",
            arguments: try await Matrix.thorough.value)
        func clocks(software: ServerSoftware) async throws {
            try await withRelayedReplica(software) { sandbox, relay, exporter in
                let clock = try await sandbox.server("db2").restart(clockAhead: 300)
                try await exporter.scrape(until: "the clock is ahead") {
                    abs(($0.value("node_clock_offset_seconds", "db2") ?? 0) - 300) < 5
                }
                try await measure(.lock, sandbox, relay, exporter)
                try clock.set(ahead: -300)
                try await measure(.lock, sandbox, relay, exporter)
            }
        }
    }
}
