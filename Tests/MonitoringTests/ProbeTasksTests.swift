import Configuration
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

/// A probe that notes when it begins and ends, and after it was cancelled ends only when it is let.
private final class NotedProbe: Probe {
    private let name: String
    private let notes: Notes
    private let end = AsyncStream<Void>.makeStream()

    init(_ name: String, _ notes: Notes) {
        self.name = name
        self.notes = notes
    }

    func run() async {
        notes.all.withLock { $0.append("\(name) begins") }
        // In a task of its own, because a cancelled one no longer waits.
        await Task { [end] in for await _ in end.stream { return } }.value
        notes.all.withLock { $0.append("\(name) ends") }
    }

    func letEnd() { end.continuation.yield() }
}

private final class Notes: Sendable {
    let all = Mutex<[String]>([])

    func contain(_ note: String) async throws {
        try await eventually("\(note): \(all.withLock(\.self))") { all.withLock { $0.contains(note) } }
    }
}

@Suite("Probes that a reload replaces", .timeLimit(.minutes(5)))
struct ProbeTasksTests {
    private let tasks = ProbeTasks()
    private let notes = Notes()

    private func placed(_ probe: NotedProbe, set: String, servers: String...) throws -> PlacedProbe {
        PlacedProbe(probe: probe, places: Set([.set(set)] + (try servers.map { .at(try Address($0)) })))
    }

    @Test("A probe begins when its predecessor has ended, and waits for no other set's")
    func handover() async throws {
        let old = ["shop", "stuck"].map { NotedProbe("old \($0)", notes) }
        let new = ["shop", "stuck"].map { NotedProbe("new \($0)", notes) }
        tasks.run([
            try placed(old[0], set: "shop", servers: "db1"), try placed(old[1], set: "stuck", servers: "db2"),
        ])
        for set in ["shop", "stuck"] { try await notes.contain("old \(set) begins") }
        tasks.run([
            try placed(new[0], set: "shop", servers: "db1"), try placed(new[1], set: "stuck", servers: "db2"),
        ])
        old[0].letEnd()
        try await notes.contain("new shop begins")
        #expect(notes.all.withLock { $0.suffix(2) } == ["old shop ends", "new shop begins"])
        old[1].letEnd()
        try await notes.contain("new stuck begins")
        for probe in new { probe.letEnd() }
        await tasks.end()
        #expect(notes.all.withLock { $0.count } == 8)
    }

    @Test("A set that was given another name writes to the same servers, so its probes wait as well")
    func renamed() async throws {
        let (old, new) = (NotedProbe("old", notes), NotedProbe("new", notes))
        tasks.run([try placed(old, set: "shop", servers: "db1", "db2")])
        try await notes.contain("old begins")
        tasks.run([try placed(new, set: "store", servers: "DB2:3306", "db3")])
        let ended = Task { await tasks.ended([old]) }
        for _ in 0..<1000 { await Task.yield() }
        #expect(notes.all.withLock(\.self) == ["old begins"])
        old.letEnd()
        try await notes.contain("new begins")
        await ended.value
        #expect(notes.all.withLock(\.self) == ["old begins", "old ends", "new begins"])
        new.letEnd()
        await tasks.end()
    }

    @Test("A probe that is replaced before it could begin never begins, and its successor still waits for the first")
    func twice() async throws {
        let probes = (1...3).map { NotedProbe("probe \($0)", notes) }
        for probe in probes {
            tasks.run([try placed(probe, set: "shop", servers: "db1")])
            if probe === probes[0] { try await notes.contain("probe 1 begins") }
        }
        for _ in 0..<1000 { await Task.yield() }
        #expect(notes.all.withLock(\.self) == ["probe 1 begins"])
        probes[0].letEnd()
        try await notes.contain("probe 3 begins")
        #expect(notes.all.withLock(\.self) == ["probe 1 begins", "probe 1 ends", "probe 3 begins"])
        probes[2].letEnd()
        await tasks.end()
    }

    @Test("A probe that is wanted again keeps running")
    func kept() async throws {
        let probe = NotedProbe("probe", notes)
        for _ in 0..<3 { tasks.run([try placed(probe, set: "shop", servers: "db1")]) }
        try await notes.contain("probe begins")
        probe.letEnd()
        await tasks.end()
        #expect(notes.all.withLock(\.self) == ["probe begins", "probe ends"])
    }
}

@Suite("A probe's way to the findings", .timeLimit(.minutes(5)))
struct SetWatchTests {
    /// Answers when it is let.
    private final class SlowSource: FindingsSource {
        let asked = AsyncStream<Void>.makeStream()
        let answer = AsyncStream<Void>.makeStream()

        func newest(renewing age: Duration) async -> SetView? { nil }

        func view(notOlderThan age: Duration) async -> SetView? {
            asked.continuation.yield()
            for await _ in answer.stream { break }
            return SetView(findings: findings(node("db1", id: 1)), asked: .now)
        }
    }

    @Test("A call under way when the set gets another monitor is waited for, and answered by the one it asked")
    func counted() async throws {
        let (source, usage, watch) = (SlowSource(), Usage(), SetWatch())
        watch.follow(source, counting: usage)
        let call = Task { await watch.view(notOlderThan: .zero) }
        for await _ in source.asked.stream { break }
        let successor = KnownFindings(findings(node("db2", id: 2)))
        watch.follow(successor, counting: Usage())
        #expect(await watch.view(notOlderThan: .zero)?.findings.nodes.map(\.description.name) == ["db2"])
        let isUnused = Mutex(false)
        let unused = Task {
            await usage.unused()
            isUnused.withLock { $0 = true }
        }
        for _ in 0..<1000 { await Task.yield() }
        #expect(isUnused.withLock(\.self) == false)
        source.answer.continuation.yield()
        #expect(await call.value?.findings.nodes.map(\.description.name) == ["db1"])
        await unused.value
    }
}
