import Foundation
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

@Suite("What is remembered of a set", .timeLimit(.minutes(5)))
struct SetJudgeTests {
    /// What was saved. The first writer is held up as by a disk, until `release`.
    private final class Disk: Sendable {
        let saved = Mutex<[SetMemory.Record]>([])
        let begun = Atomic(0)
        let release = DispatchSemaphore(value: 0)

        func save(_ record: SetMemory.Record) {
            if begun.wrappingAdd(1, ordering: .relaxed).newValue == 1 { release.wait() }
            saved.withLock { $0.append(record) }
        }
    }

    private static func report(_ names: String...) -> ReplicationSetReport {
        let nodes = names.enumerated().map { node($1, id: UInt32($0 + 1), readOnly: $0 > 0) }
        return ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes)
    }

    /// Runs `body` on a thread that may block.
    private static func onThread(_ body: @escaping @Sendable () -> Void) -> Thread {
        let thread = Thread { body() }
        thread.start()
        return thread
    }

    @Test("An older state never replaces a newer one, and nothing waits for a slow disk but the writer")
    func order() async throws {
        let disk = Disk()
        let judge = SetJudge { disk.save($0) }
        let first = Self.onThread { _ = judge.findings(Self.report("db1"), isFair: true) }
        try await eventually("a state is being written") { disk.begun.load(ordering: .relaxed) == 1 }
        _ = judge.findings(Self.report("db1", "db2"), isFair: true)
        _ = judge.findings(Self.report("db1", "db2", "db3"), isFair: true)
        disk.release.signal()
        try await eventually("the writer has ended") { first.isFinished }
        let saved = disk.saved.withLock(\.self)
        #expect(saved.last?.nodes.map(\.name) == ["db1", "db2", "db3"], "\(saved)")
        #expect(saved.count == 2)
    }

    @Test("An operator's word is saved when it is confirmed, after what is being written")
    func word() async throws {
        let disk = Disk()
        let judge = SetJudge { disk.save($0) }
        let first = Self.onThread { _ = judge.findings(Self.report("db1", "db2"), isFair: true) }
        try await eventually("a state is being written") { disk.begun.load(ordering: .relaxed) == 1 }
        let word = Self.onThread { judge.takeWord(for: "db1") }
        try await eventually("the word is heard") { judge.words == 1 }
        #expect(!word.isFinished)
        disk.release.signal()
        try await eventually("both have ended") { first.isFinished && word.isFinished }
        #expect(disk.saved.withLock { $0.last?.operatorsWord } == "db1")
    }

    @Test("A round in which nodes had no time is neither remembered nor saved")
    func unfair() {
        let saved = Mutex<[SetMemory.Record]>([])
        let judge = SetJudge { record in saved.withLock { $0.append(record) } }
        _ = judge.findings(Self.report("db1"), isFair: false)
        #expect(saved.withLock { $0.count } == 0)
    }
}
