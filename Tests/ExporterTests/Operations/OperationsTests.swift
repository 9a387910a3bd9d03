import Foundation
import Operations
import Replication
import Testing
import Topology

/// Sets that are operated on at random, on fault servers, watched by the program but for its listener. What the operators mean
/// is known to the test: balancers and probes may be told so or nothing, and never that another node takes the writes.
@Suite("Random operations on fault servers")
struct OperationsTests {
    /// `OPERATIONS_SEED=17` repeats one, `OPERATIONS_SEED=21-100` tries others.
    private static let seeds: [UInt64] = {
        let bounds = ProcessInfo.processInfo.environment["OPERATIONS_SEED"]?.split(separator: "-").compactMap {
            UInt64($0)
        }
        guard let bounds, let first = bounds.first, let last = bounds.last, first <= last else { return Array(1...20) }
        return Array(first...last)
    }()
    private static let steps = 50

    @Test(
        "1,000 steps: no check and no probe takes another node for the writer, and nobody only with a reason",
        arguments: seeds)
    func never(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let readOnlyByDefault = Bool.random(using: &random)
        let set = OperatedSet(
            replicas: Int.random(in: 1...4, using: &random), readOnly: readOnlyByDefault,
            isFedFromOutside: Int.random(in: 0..<4, using: &random) == 0)
        var operators = Operators(set, readOnlyByDefault: readOnlyByDefault, canHide: true)
        let servers = try OperatedServers(set, seed % 2 == 0 ? .mySQL : .mariaDB)
        let monitor = try await OperatedMonitor(set, on: servers, intended: Bool.random(using: &random))
        var (named, written) = (0, 0)

        /// Asks, and holds the answers against what the operators know.
        func look(_ place: String) async throws -> SetFindings {
            let found = try await monitor.round()
            let answering = Set(found.writing.standings.filter(\.value.isAnswering).keys)
            let place = "seed \(seed), \(place), after \(operators.log.suffix(12)): \(found.writing)"
            #expect(found.writers.count <= 1, "\(place)")
            let writer = found.writers.first
            if let writer {
                named += 1
                #expect(operators.allows(writer, answering: answering), "\(writer): \(place)")
            }
            // Made from the same round, unless that was cut short.
            let checks = try await monitor.check()
            let passed = checks.filter { $0.value.status == 200 }
            #expect(passed.count <= 1, "\(checks): \(place)")
            #expect(
                passed.allSatisfy { operators.allows($0.key, answering: $0.value.answering) }, "\(checks): \(place)")
            #expect(checks.allSatisfy { !$0.value.reason.isEmpty }, "\(place)")
            operators.note(passed.first?.key ?? writer, answering: answering)
            servers.follow(operators.set, after: .nothing)
            return found
        }

        func judgeWrites(_ place: String, answering: Set<String>) {
            for write in servers.takeWrites() {
                written += 1
                #expect(
                    write.node == write.legitimate || operators.allows(write.node, answering: answering),
                    "seed \(seed), \(place), after \(operators.log.suffix(12)): \(write)")
            }
        }

        /// Puts the set in order.
        func heal(_ place: String) async throws {
            operators.set.heal()
            servers.follow(operators.set, after: .nothing)
            // Connecting again takes its time.
            let deadline = ContinuousClock.now + .seconds(20)
            while try await monitor.round().nodes.contains(where: { !$0.report.isUp }), .now < deadline {}
            var healed = try await look("\(place), healed")
            if healed.writers.isEmpty { healed = try await look("\(place), healed, second round") }
            #expect(
                healed.writers == [operators.set.legitimate],
                "seed \(seed), healed at \(place) after \(operators.log.suffix(30)): \(healed.writing)")
            let before = written
            while written == before, .now < deadline {
                try await Task.sleep(for: .milliseconds(10))
                judgeWrites("\(place), healed", answering: Set(set.names))
            }
            #expect(written > before, "seed \(seed), \(place): the heartbeat does not come back")
        }

        _ = try await look("at first")
        for step in 0..<Self.steps {
            let operation = operators.draw(&random)
            operators.set.apply(operation)
            servers.follow(operators.set, after: operation)
            if case .restartExporter(let keepsState) = operation { try await monitor.restart(keepsState: keepsState) }
            let found = try await look("step \(step)")
            judgeWrites(
                "step \(step)", answering: Set(found.writing.standings.filter(\.value.isAnswering).keys))
            if step % 25 == 24 { try await heal("step \(step)") }
        }
        print("seed \(seed): \(Self.steps) steps, \(named) rounds with a writer, \(written) rows written by probes")
        await monitor.end()
        servers.stop()
    }
}
