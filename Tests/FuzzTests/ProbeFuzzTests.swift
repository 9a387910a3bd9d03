import CMemory
import FaultServer
import Foundation
import Monitoring
import Synchronization
import Testing

/// Values that no server would send, in the replies that scrapes, the heartbeat, the sentinel, the failover answer and
/// the comparison of tables work with. `make fuzz` runs many; FUZZ_REPLIES and FUZZ_SEED set how many, and the first
/// seed.
@Suite("Fuzzed values", .serialized)
struct ProbeFuzzTests {
    private static let count = FuzzRun.number("FUZZ_REPLIES") ?? 250
    private static let firstSeed = UInt64(FuzzRun.number("FUZZ_SEED") ?? 1)
    /// Paths sometimes wait: for a replica, for the next beat.
    private static let workers = 8
    private static let patience = Duration.seconds(60)

    @Test("A well-behaved set is understood along every path", arguments: ProbePath.allCases)
    func behaving(path: ProbePath) async throws {
        let fixtures = try ServerPair.all()
        try #require(fixtures.count >= 7)
        let stage = try Stage()
        defer { stage.stop() }
        let good: [ProbePath: Set<String>] = [
            .round: ["asked"], .heartbeat: ["working"], .sentinel: ["working"], .failover: ["100", "200"],
            .checksum: ["equal", "different", "unknown"],
        ]
        for seed in UInt64(1)...20 {
            let result = try await stage.run(ProbeCase(seed: seed, path: path, isHostile: false, fixtures: fixtures))
            #expect(good[path]?.contains(result.outcome) == true, "seed \(seed): \(result.outcome)")
            #expect(result.problems.isEmpty, "seed \(seed)")
        }
    }

    @Test("A walk along keys that do not advance comes to an end")
    func standingKeys() async throws {
        let stage = try Stage()
        defer { stage.stop() }
        let standing = ProbeCase(seed: 1, path: .checksum, isHostile: false, fixtures: try ServerPair.all()) { scene in
            scene.keys = .max
            scene.areKeysStanding = true
        }
        let result = try await stage.run(standing)
        #expect(result.outcome == "unknown")
    }

    @Test("Whatever a server says, each path ends in time, quotes what it received, and its output is well formed")
    func fuzz() async throws {
        let fixtures = try ServerPair.all()
        let tally = Tally()
        try await warmUp(fixtures)
        let before = (try FuzzRun.openFiles(), try FuzzRun.residentMemory())
        let started = ContinuousClock.now
        try await withThrowingTaskGroup { group in
            for _ in 0..<Self.workers {
                group.addTask { @concurrent in
                    let stage = try Stage()
                    defer { stage.stop() }
                    while let number = tally.next(below: Self.count) {
                        let seed = Self.firstSeed + UInt64(number)
                        stage.seeds.trace(seed)
                        let hostile = ProbeCase(seed: seed, fixtures: fixtures)
                        let watchdog = Task {
                            try await Task.sleep(for: Self.patience)
                            Issue.record("seed \(seed) (\(hostile.path)) has not come to its end")
                        }
                        defer { watchdog.cancel() }
                        let result = try await stage.run(hostile)
                        tally.note("\(hostile.path) \(result.outcome)")
                        #expect(result.problems.isEmpty, "seed \(seed) (\(hostile.path))")
                        #expect(hostile.unquoted.isEmpty, "seed \(seed) (\(hostile.path))")
                    }
                }
            }
            try await group.waitForAll()
        }
        malloc_trim(0)
        let after = (try FuzzRun.openFiles(), try FuzzRun.residentMemory())
        print(
            """
            fuzz: \(Self.count) cases, seeds \(Self.firstSeed) to \(Self.firstSeed + UInt64(Self.count) - 1), \
            \(started.duration(to: .now)); \(tally.text); \
            open files \(before.0) -> \(after.0), resident MiB \(before.1 >> 20) -> \(after.1 >> 20)
            """)
        // When run with other tests, the process's resources include theirs.
        guard FuzzRun.number("FUZZ_REPLIES") != nil else { return }
        #expect(after.0 <= before.0)
        #expect(after.1 <= before.1 + 256 << 20)
    }

    /// What a process opens once, such as the timers' descriptor, stays open.
    private func warmUp(_ fixtures: [ServerPair]) async throws {
        let stage = try Stage()
        defer { stage.stop() }
        for path in ProbePath.allCases {
            _ = try await stage.run(ProbeCase(seed: 1, path: path, isHostile: false, fixtures: fixtures))
        }
    }
}

/// Two servers that run one case after the other.
private final class Stage: Sendable {
    let seeds: SeedTrace
    private let servers: [FaultServer]
    private let folder: String

    init() throws {
        seeds = SeedTrace()
        servers = try PretendSet.Server.allCases.map { _ in try FaultServer(.saying([.close]), keepsJournal: false) }
        folder = NSTemporaryDirectory() + "fuzz-\(getpid())-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func run(_ played: ProbeCase) async throws -> (outcome: String, problems: [String]) {
        for (server, role) in zip(servers, PretendSet.Server.allCases) { server.follow(played.script(of: role)) }
        return try await played.run(ports: servers.map(\.port), state: folder)
    }

    func stop() {
        for server in servers { server.stop() }
        seeds.remove()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
