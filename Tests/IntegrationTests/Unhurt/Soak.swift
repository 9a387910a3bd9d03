import FaultServer
import Foundation
import Sandbox

/// Consecutive scrapes of many nodes whose faults come and go, and the resources that the exporter held meanwhile.
///
/// A third of the nodes are sometimes broken; which, when and how depends only on the seed. The others never are: at
/// every scrape they have to be up, whatever happens to their neighbours.
struct Soak {
    let scrapes: Int
    let nodes: Int
    let seed: UInt64
    /// Ends the run early, after this time.
    var limit: Duration = .seconds(86_400)

    struct Outcome: Sendable {
        /// Scrapes in which a node was down that was never broken, or that had long recovered.
        var wronged: [String] = []
        var faults = 0
        /// Seconds, as reported by the exporter itself.
        var durations: [Double] = []
        /// At every twentieth of the run, or every 250 scrapes, and at its end, when all nodes had recovered.
        var usage: [ProcessUsage] = []
        /// The resources of an exporter that was started at the end.
        var fresh: ProcessUsage?
        /// What a fresh exporter reports differently from the one that ran all the time.
        var differences: [String] = []
    }

    private struct Patient {
        /// The scrape at which it recovers.
        var until = 0
        var isBroken = false
        /// When it was healed, or last seen up. Attempts to reach it are spaced, and its timeout is short.
        var wellAt = ContinuousClock.now
    }

    /// - Parameter start: starts an exporter with these arguments.
    func run(in sandbox: Sandbox, start: ([String]) async throws -> RunningExporter) async throws -> Outcome {
        let servers = try (0..<nodes).map { number in
            try FaultServer(
                HealthyReplica.script, host: (3, UInt8(number / 250), UInt8(1 + number % 250)), keepsJournal: false)
        }
        defer { for server in servers { server.stop() } }
        let configuration = try writeConfiguration(servers, in: sandbox)
        let exporter = try await start(["--config.file", configuration])
        var outcome = Outcome()
        var random = SoakRandom(state: seed)
        var patients = [Patient](repeating: Patient(), count: patientCount)

        let end = ContinuousClock.now + limit
        for number in 0..<scrapes where ContinuousClock.now < end {
            for index in patients.indices {
                let server = servers[index]
                if patients[index].isBroken, patients[index].until <= number {
                    server.follow(HealthyReplica.script)
                    server.dropConnections()
                    patients[index].isBroken = false
                    patients[index].wellAt = .now
                } else if !patients[index].isBroken, random.below(400) == 0 {
                    let fault = ServerFault.all[random.below(ServerFault.all.count)]
                    server.follow(fault.script)
                    server.dropConnections()
                    patients[index].isBroken = true
                    patients[index].until = number + 1 + random.below(10)
                    outcome.faults += 1
                }
            }
            let text = try await exporter.get("/metrics").body
            outcome.durations.append(value("mysql_replication_exporter_scrape_duration_seconds", in: text) ?? .nan)
            let up = upNodes(in: text)
            for index in 0..<nodes {
                if up.contains("n\(index)") {
                    if index < patients.count { patients[index].wellAt = .now }
                } else if index >= patients.count
                    || !patients[index].isBroken && patients[index].wellAt < .now - .seconds(10)
                {
                    outcome.wronged.append("scrape \(number): n\(index)")
                }
            }
            for real in ["db1", "db2"] as [Substring] where !up.contains(real) {
                outcome.wronged.append("scrape \(number): \(real)")
            }
            if number % min(max(1, scrapes / 20), 250) == 0 {
                outcome.usage.append(try ProcessUsage(of: exporter.process.pid))
                if scrapes > 1000 { print("soak: after \(number): \(outcome.usage.last.map(\.description) ?? "")") }
            }
        }
        for (index, patient) in patients.enumerated() where patient.isBroken {
            servers[index].follow(HealthyReplica.script)
            servers[index].dropConnections()
        }
        // Attempts to reach them are spaced by up to a second.
        for _ in 0..<30 {
            try await Task.sleep(for: .milliseconds(100))
            _ = try await exporter.get("/metrics")
        }
        let fresh = try await start(["--config.file", configuration])
        for _ in 0..<2 { _ = try await fresh.get("/metrics") }  // some facts are only known from the second look on
        let usage = try ProcessUsage(of: fresh.process.pid)
        outcome.fresh = usage
        outcome.usage.append(try await ProcessUsage.settled(exporter.process.pid, to: usage))
        outcome.differences = differences(
            NodeSamples(try await exporter.get("/metrics").body), NodeSamples(try await fresh.get("/metrics").body))
        for process in [exporter, fresh] { _ = await process.stop() }
        return outcome
    }

    /// The nodes that may be broken: the first sets.
    private var patientCount: Int { nodes / 30 * 10 }

    private func writeConfiguration(_ servers: [FaultServer], in sandbox: Sandbox) throws -> String {
        let path = try sandbox.writeExporterConfiguration()
        var text = try String(contentsOfFile: path, encoding: .utf8)
        // Sets of ten, as real ones are small.
        for (index, server) in servers.enumerated() {
            if index % 10 == 0 {
                let timeout = index < patientCount ? "500ms" : "8s"
                text +=
                    "  - name: set\(index / 10)\n    timeout: \(timeout)\n    tls: {mode: preferred}\n    nodes:\n"
            }
            text += "      - {name: n\(index), address: \"127.3.\(index / 250).\(1 + index % 250):\(server.port)\"}\n"
        }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func value(_ name: String, in text: String) -> Double? {
        text.firstRange(of: "\n\(name) ").flatMap { range in
            Double(text[range.upperBound...].prefix { $0 != "\n" })
        }
    }

    private func upNodes(in text: String) -> Set<Substring> {
        var names: Set<Substring> = []
        var rest = text[...]
        while let start = rest.firstRange(of: "\nmysql_replication_up{") {
            let line = rest[start.upperBound...].prefix { $0 != "\n" }
            rest = rest[line.endIndex...]
            guard line.hasSuffix(" 1"), let name = line.firstRange(of: "node=\"") else { continue }
            names.insert(line[name.upperBound...].prefix { $0 != "\"" })
        }
        return names
    }

    /// Series whose values depend on when, or for how long, one has looked.
    private static let passing = [
        "collect_duration", "round_trips", "node_connects", "clock_offset", "start_time", "source_silent",
        "heartbeats_received",
        "lag_error",
    ]

    private func differences(_ one: NodeSamples, _ other: NodeSamples) -> [String] {
        var differences: [String] = []
        for (node, series) in one.byNode {
            let otherSeries = other.byNode[node] ?? [:]
            for name in Set(series.keys).union(otherSeries.keys) {
                let isPassing =
                    Self.passing.contains { name.contains($0) } && series[name] != nil && otherSeries[name] != nil
                if !isPassing, series[name] != otherSeries[name] {
                    differences.append("\(name): \(series[name] ?? "absent"), fresh \(otherSeries[name] ?? "absent")")
                }
            }
        }
        return differences.sorted()
    }
}

/// A seeded source of randomness (SplitMix64).
private struct SoakRandom {
    var state: UInt64

    mutating func below(_ bound: UInt64) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % bound)
    }

    mutating func below(_ bound: Int) -> Int { below(UInt64(bound)) }
}

extension Soak.Outcome {
    var report: String {
        let sorted = durations.sorted()
        func percentile(_ share: Double) -> Double {
            sorted.isEmpty ? .nan : sorted[Int(Double(sorted.count - 1) * share)]
        }
        let marks = usage.map { "\($0.residentMemory >> 10)" }.joined(separator: " ")
        let last = usage.last.map(\.description) ?? ""
        return """
            soak: \(durations.count) scrapes, \(faults) faults, \(wronged.count) nodes wronged, \
            \(differences.count) values otherwise than a fresh exporter's
            soak: scrape seconds, by the exporter: median \(percentile(0.5)), 99 % \(percentile(0.99)), longest \(percentile(1))
            soak: resident KiB meanwhile: \(marks)
            soak: in the end \(last); a fresh exporter \(fresh.map(\.description) ?? "")
            """
    }

    /// How much more memory was held in the last quarter than in the second, by their medians; bytes.
    var growth: Int {
        func median(_ marks: ArraySlice<ProcessUsage>) -> Int {
            let sorted = marks.map(\.residentMemory).sorted()
            return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        }
        let quarter = usage.count / 4
        return median(usage.suffix(max(1, quarter))) - median(usage.dropFirst(quarter).prefix(max(1, quarter)))
    }
}
