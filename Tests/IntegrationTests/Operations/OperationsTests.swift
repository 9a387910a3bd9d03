import Foundation
import Operations
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// Three servers, heartbeat writer and sentinel, an exporter that is restarted now and then, and a balancer that
    /// checks every node once a second, under random operations. `OPERATIONS_SEED` and `OPERATIONS_STEPS` repeat a run.
    @Suite("Random operations on real servers")
    struct OperationsTests {
        private static let environment = ProcessInfo.processInfo.environment

        @Test("20 steps: no check passes, and no probe writes, on a node other than the one being written to")
        func few() async throws {
            try await run(
                try await ServerSoftware.find("mariadb"), seed: Self.number("OPERATIONS_SEED") ?? 1,
                steps: Self.number("OPERATIONS_STEPS").map(Int.init) ?? 20)
        }

        @Test("100 steps, on each flavor", arguments: try await Matrix.flavors.value)
        func many(software: ServerSoftware) async throws {
            guard Self.environment["TEST_ALL"] != nil else {
                print("!!! 100 random operations on \(software) are SKIPPED; make test-all runs them")
                return
            }
            try await run(
                software, seed: Self.number("OPERATIONS_SEED") ?? 2,
                steps: Self.number("OPERATIONS_STEPS").map(Int.init) ?? 100)
        }

        private static func number(_ name: String) -> UInt64? { environment[name].flatMap(UInt64.init) }

        private func run(_ software: ServerSoftware, seed: UInt64, steps: Int) async throws {
            print("random operations on \(software): seed \(seed), \(steps) steps")
            try await withSandbox(
                .primary(replicas: 2), software: software, settings: OperatedSandbox.settings(software)
            ) { sandbox in
                var run = try await OperationsRun(sandbox, software, seed: seed)
                try await run.carryOut(steps: steps)
            }
        }
    }
}

/// One run: what was done, and what was reported.
private struct OperationsRun {
    private let software: ServerSoftware
    private let seed: UInt64
    private let servers: OperatedSandbox
    private var random: SeededGenerator
    private var operators: Operators
    private var timeline = Timeline()
    private var judged: Set<OperatedSandbox.Change> = []
    private var counts = (rounds: 0, named: 0, heals: 0)

    init(_ sandbox: Sandbox, _ software: ServerSoftware, seed: UInt64) async throws {
        self.software = software
        self.seed = seed
        random = SeededGenerator(seed: seed)
        let readOnly = Bool.random(using: &random)
        let set = OperatedSet(replicas: 2, readOnly: readOnly)
        operators = Operators(set, readOnlyByDefault: readOnly, canHide: false)
        // The exporter's first writes may come before it has reported that it is running.
        let begin = Date().timeIntervalSince1970
        servers = try await OperatedSandbox(sandbox, readOnly: readOnly)
        timeline.note(allowed, at: begin)
    }

    mutating func carryOut(steps: Int) async throws {
        let started = ContinuousClock.now
        try await judge(after: now, "at first")
        for step in 0..<steps {
            let operation = operators.draw(&random)
            var after = operators.set
            after.apply(operation)
            try await operate(operation, after)
            try await judge(after: now, "step \(step)")
            if step % 10 == 9 { try await heal(step) }
        }
        #expect(await servers.end() == .exited(0))
        print(
            "random operations on \(software): seed \(seed), \(steps) steps in \(started.duration(to: .now).components.seconds) s, "
                + "\(counts.rounds) rounds of checks, \(counts.named) with a writer, \(judged.count) changes by probes, "
                + "\(counts.heals) times put in order")
    }

    private var now: Double { Date().timeIntervalSince1970 }

    private mutating func operate(_ operation: SetOperation, _ after: OperatedSet) async throws {
        let before = operators.set
        // During the operation, an exporter may see either state.
        let earlier = allowed
        operators.set = after
        timeline.note(earlier.union(allowed), at: now)
        do {
            try await servers.carryOut(operation, before, after)
        } catch {
            throw Failure("seed \(seed), after \(operators.log.suffix(12)): \(error)")
        }
        noteTimeline()
    }

    private var allowed: Set<String> {
        let visible = Set(operators.set.names.filter { operators.set[$0].isVisible })
        return Set(operators.set.names.filter { operators.allows($0, answering: visible) })
    }

    private mutating func noteTimeline() { timeline.note(allowed, at: now) }

    /// Judges what was reported until a round that was asked after `moment`, and what was written.
    private mutating func judge(after moment: Double, _ place: String) async throws {
        for round in try await servers.checks.rounds(after: moment) {
            counts.rounds += 1
            let place = "seed \(seed), \(place), after \(operators.log.suffix(12)): \(round)"
            let allowed = timeline.names(from: round.asked, to: round.told)
            for name in round.writers {
                #expect(
                    allowed.contains(name) || operators.allows(name, answering: round.answering), "\(name): \(place)")
            }
            #expect(round.writers.count <= 1 || allowed.count > 1, "\(place)")
            #expect(round.answers.values.allSatisfy { !$0.reason.isEmpty }, "\(place)")
            if !round.writers.isEmpty { counts.named += 1 }
            operators.note(round.writers.first, answering: round.answering)
            noteTimeline()
        }
        for change in try await servers.changes(operators.set) where judged.insert(change).inserted {
            let name = operators.set.name(ofServerID: change.serverID) ?? "?"
            #expect(
                timeline.names(from: change.time, to: change.time).contains(name),
                "seed \(seed), \(place), after \(operators.log.suffix(12)): \(change) on \(name)")
        }
    }

    private mutating func heal(_ step: Int) async throws {
        let before = operators.set
        let earlier = allowed
        operators.set.heal()
        timeline.note(earlier.union(allowed), at: now)
        try await servers.heal(before, operators.set)
        noteTimeline()
        counts.heals += 1
        try await judge(after: now, "healed")
        let rounds = try await servers.checks.rounds(after: now)
        #expect(
            rounds.last?.writers == [operators.set.legitimate],
            "seed \(seed), healed at step \(step) after \(operators.log.suffix(12)): \(rounds)")
        operators.note(rounds.last?.writers.first, answering: rounds.last?.answering ?? [])
    }
}
