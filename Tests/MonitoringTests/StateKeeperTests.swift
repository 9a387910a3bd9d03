import Configuration
import Dispatch
import Foundation
import Logging
import Replication
import ReplicationTesting
import Testing
import Topology
import Traffic

@testable import Monitoring
@testable import Threads

@Suite("Saving without waiting for the disk", .timeLimit(.minutes(5)))
struct StateKeeperTests {
    private static func record(_ writer: String) -> SetMemory.Record {
        SetMemory.Record(nodes: [], writers: [writer], operatorsWord: nil)
    }

    private static let shop = ReplicationSet(
        name: "shop", nodes: ["db1", "db2"].map { Node(name: $0, address: .tcp(host: $0, port: 3306)) },
        failover: FailoverPolicy(
            preferred: "db1", standby: "db2", table: TableName(database: "p", table: "lastcheck")))

    private let log = CapturedLog(level: .warning)

    private func withKeeper(
        _ body: (_ keeper: StateKeeper, _ desk: BlockingDesk, _ folder: String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let desk = try BlockingDesk(name: "test")
        let directory = StateDirectory(folder, name: "monitor", logger: log.logger)
        try await body(StateKeeper(directory, at: desk), desk, folder)
    }

    /// Keeps the desk's thread busy, as a file system that hangs would.
    /// - Returns: ends that.
    private func hang(_ desk: BlockingDesk) async throws -> DispatchSemaphore {
        let release = DispatchSemaphore(value: 0)
        Task { await desk.carryOut { release.wait() } }
        try await eventually("the desk hangs") { desk.underWay != nil }
        return release
    }

    private static func file(_ folder: String) -> StateText? {
        (try? String(contentsOfFile: "\(folder)/shop.state", encoding: .utf8)).flatMap(StateText.init(parsing:))
    }

    @Test("While the file system hangs nothing waits for it; then the newest state is written, and it alone")
    func newest() async throws {
        try await withKeeper { keeper, desk, folder in
            keeper.save(Self.record("db1"), of: "shop", at: 1)
            #expect(await keeper.savedState(of: "shop", within: .seconds(60)) == .saved)
            let release = try await hang(desk)
            for writer in ["db2", "db3", "db1"] { keeper.save(Self.record(writer), of: "shop", at: 2) }
            keeper.keepAtEnd(FailoverMemory(answer: .standby), of: Self.shop)
            #expect(
                await keeper.savedState(of: "shop", within: .milliseconds(10))
                    == .failed(reason: "\(folder) does not answer"))
            #expect(Self.file(folder)?.record == Self.record("db1"))
            keeper.save(Self.record("db4"), of: "shop", at: 3)
            release.signal()
            #expect(await keeper.savedState(of: "shop", within: .seconds(60)) == .saved)
            #expect(Self.file(folder)?.record == Self.record("db4"))
            await keeper.flush(within: .seconds(60))
            #expect(FileManager.default.fileExists(atPath: "\(folder)/shop.failover"))
        }
    }

    @Test("A state that returns to what it was while a later one is being written is written again")
    func returning() async throws {
        try await withKeeper { keeper, _, folder in
            for round in 1...200 {
                keeper.save(Self.record(round.isMultiple(of: 2) ? "db1" : "db2"), of: "shop", at: Double(round) / 100)
            }
            await keeper.flush(within: .seconds(60))
            #expect(Self.file(folder)?.record == Self.record("db1"))
        }
    }

    @Test("What cannot be saved is told to whoever waits for it, and tried again by the next round")
    func unwritable() async throws {
        try await withKeeper { keeper, _, folder in
            // No file can be created under this name, not even by root.
            let obstacle = "\(folder)/shop.state~\(getpid())"
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            keeper.save(Self.record("db1"), of: "shop", at: 1)
            guard case .failed(let reason) = await keeper.savedState(of: "shop", within: .seconds(60)) else {
                Issue.record("it is said to be saved")
                return
            }
            #expect(reason.contains(obstacle))
            #expect(log.lines.count == 1)
            try FileManager.default.removeItem(atPath: obstacle)
            keeper.save(Self.record("db1"), of: "shop", at: 1)
            try await eventually("it is written") { Self.file(folder)?.record == Self.record("db1") }
            // Somebody removes it; whoever waits for it has it written again.
            try FileManager.default.removeItem(atPath: "\(folder)/shop.state")
            #expect(await keeper.savedState(of: "shop", within: .seconds(60)) == .saved)
            #expect(Self.file(folder)?.record == Self.record("db1"))
        }
    }

    @Test("That the standby has the requests is on the disk before it is answered; other answers do not wait")
    func standby() async throws {
        try await withKeeper { keeper, desk, folder in
            let file = "\(folder)/shop.failover"
            try await eventually("it is recorded") {
                await keeper.keep(FailoverMemory(answer: .standby), of: Self.shop)
                return FileManager.default.fileExists(atPath: file)
            }
            let preferred = FailoverMemory(
                answer: .preferred, goodCheck: FailoverTime(steady: 1, epoch: 1_700_000_000))
            await keeper.keep(preferred, of: Self.shop)
            try await eventually("it is removed") { !FileManager.default.fileExists(atPath: file) }
            // A directory that hangs delays neither answer for long, and it is not known what is in it.
            let release = try await hang(desk)
            await keeper.keep(FailoverMemory(answer: .standby), of: Self.shop)
            await keeper.keep(preferred, of: Self.shop)
            #expect(await keeper.takeCheck(of: Self.shop) == nil)
            release.signal()
            keeper.keepAtEnd(preferred, of: Self.shop)
            await keeper.flush(within: .seconds(60))
            let next = StateDirectory(folder, name: "monitor", logger: log.logger)
            #expect(next.failoverMemory(of: Self.shop) == preferred)
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test("What cannot be read soon is read on, and told to whoever asks after that")
    func slow() async throws {
        try await withKeeper { keeper, desk, folder in
            let standby = FailoverMemory(answer: .standby)
            #expect(StateDirectory(folder, name: "monitor", logger: log.logger).write(standby, of: Self.shop) == nil)
            let release = try await hang(desk)
            for _ in 0..<2 { #expect(await keeper.takeCheck(of: Self.shop) == nil) }
            release.signal()
            // Gone by the time that it is asked for: it was read before.
            await desk.carryOut {}
            try FileManager.default.removeItem(atPath: "\(folder)/shop.failover")
            try await eventually("it is told") { await keeper.takeCheck(of: Self.shop) == standby }
            // A busy machine may not have looked in time: then it is not known, as before.
            let next = try await eventualValue("it is looked for again") { await keeper.takeCheck(of: Self.shop) }
            #expect(next == FailoverMemory())
        }
    }

    @Test("At the end, files that hang are counted, also the one that is being written")
    func unwrittenFiles() async throws {
        try await withKeeper { _, _, folder in
            let (started, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            defer { release.signal() }
            let directory = StateDirectory(
                folder, name: "monitor", logger: log.logger,
                sync: { _ in
                    started.signal()
                    release.wait()
                    return 0
                })
            let keeper = StateKeeper(directory, at: try BlockingDesk(name: "test"))
            keeper.save(Self.record("db1"), of: "shop", at: 1)
            await withCheckedContinuation { continuation in
                Thread {
                    started.wait()
                    continuation.resume()
                }.start()
            }
            await keeper.flush(within: .milliseconds(10))
            #expect(log.lines.last?.hasSuffix("files not written: 1") == true, "\(log.lines)")
            release.signal()
        }
    }

    @Test("At the end, a file system that hangs is waited for only so long, and named")
    func end() async throws {
        try await withKeeper { keeper, desk, folder in
            let release = try await hang(desk)
            defer { release.signal() }
            keeper.save(Self.record("db1"), of: "shop", at: 1)
            await keeper.flush(within: .milliseconds(10))
            #expect(log.lines.last?.contains("state is not kept") == true, "\(log.lines)")
        }
    }
}
