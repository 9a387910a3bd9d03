import Foundation
import Operations
import Replication
import ReplicationTesting
import Testing
import Topology

/// Random operations on sets of fault servers, monitored by the program without its listener. The test knows what the
/// operators intend: balancers and probes may get that answer or none, but never that another node takes the writes.
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
        "1,000 steps: no check and no probe takes another node for the writer, and no writer is always explained by a reason",
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
        var timeline = Timeline()
        timeline.note([set.legitimate], at: 0)

        /// Records which nodes an exporter may take for the writer now.
        func noteTimeline(_ more: Set<String> = []) {
            let visible = Set(set.names.filter { operators.set[$0].isVisible })
            let allowed = set.names.filter { operators.allows($0, answering: visible) }
            timeline.note(more.union(allowed), at: Date().timeIntervalSince1970)
        }

        func operate(_ operation: SetOperation) async throws {
            let before = operators.set.legitimate
            operators.set.apply(operation)
            // Until its first round, the exporter cannot know.
            noteTimeline([before])
            servers.follow(operators.set, after: operation)
            if case .restartExporter(let keepsState) = operation { try await monitor.restart(keepsState: keepsState) }
        }

        /// Compares the answers with what the operators know.
        func look(_ step: String) async throws -> SetFindings {
            let began = ContinuousClock.now
            var found = try await monitor.round()
            // Answers may be shared with a round that was running during the operation.
            while found.nodes.contains(where: { $0.report.facts?.identityRead.map { $0.asked < began } ?? false }) {
                found = try await monitor.round()
            }
            let answering = Set(found.writing.standings.filter(\.value.isAnswering).keys)
            let context = "seed \(seed), \(step), after \(operators.log.suffix(12)): \(found.writing)"
            #expect(found.writers.count <= 1, "\(context)")
            let writer = found.writers.first
            if let writer {
                named += 1
                let isAllowed = operators.allows(writer, answering: answering)
                #expect(isAllowed, "\(writer): \(context)")
            }
            // From the same round, unless that was cut short.
            let checks = try await monitor.check()
            let passed = checks.filter { $0.value.status == 200 }
            #expect(passed.count <= 1, "\(checks): \(context)")
            let isAllowed = passed.allSatisfy { operators.allows($0.key, answering: $0.value.answering) }
            #expect(isAllowed, "\(checks): \(context)")
            #expect(checks.allSatisfy { !$0.value.reason.isEmpty }, "\(context)")
            operators.note(passed.first?.key ?? writer, answering: answering)
            servers.follow(operators.set, after: .nothing)
            noteTimeline()
            return found
        }

        func judgeWrites(_ step: String) {
            for write in servers.takeWrites() {
                written += 1
                // On a busy machine, clocks agree to within a tenth of a second.
                let allowed = timeline.names(from: min(write.chosen, write.done) - 0.1, to: write.done)
                #expect(
                    allowed.contains(write.node),
                    "seed \(seed), \(step), after \(operators.log.suffix(12)): \(write), not \(allowed)")
            }
        }

        /// Brings the set back in order.
        func heal(_ step: String) async throws {
            let before = operators.set.legitimate
            operators.set.heal()
            noteTimeline([before])
            servers.follow(operators.set, after: .nothing)
            // Reconnecting takes some time.
            let deadline = ContinuousClock.now + .seconds(20)
            while try await monitor.round().nodes.contains(where: { !$0.report.isUp }), .now < deadline {}
            var healed = try await look("\(step), healed")
            if healed.writers.isEmpty { healed = try await look("\(step), healed, second round") }
            #expect(
                healed.writers == [operators.set.legitimate],
                "seed \(seed), healed at \(step) after \(operators.log.suffix(30)): \(healed.writing)")
            let rows = written
            // A writer that has failed waits for up to eight seconds; a busy machine for longer.
            let limit = ContinuousClock.now + .seconds(60)
            while written == rows, .now < limit {
                try await Task.sleep(for: .milliseconds(10))
                judgeWrites("\(step), healed")
            }
            #expect(written > rows, "seed \(seed), \(step): the heartbeat does not come back")
        }

        _ = try await look("at first")
        for step in 0..<Self.steps {
            try await operate(operators.draw(&random))
            _ = try await look("step \(step)")
            judgeWrites("step \(step)")
            if step % 25 == 24 { try await heal("step \(step)") }
        }
        print("seed \(seed): \(Self.steps) steps, \(named) rounds with a writer, \(written) rows written by probes")
        await monitor.end()
        servers.stop()
    }
}
