import Configuration
import Documents
import FaultServer
import Foundation
import Logging
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

@Suite("Reloads that follow each other fast", .timeLimit(.minutes(5)))
struct ReloadStormTests {
    /// Stands for the configuration file: each reading gives another timeout of db2, and waits if it is told to.
    private final class File: Sendable {
        let readings = Atomic(0)
        /// Held by a reading while it waits.
        private let isHanging = Mutex(false)
        private let release = DispatchSemaphore(value: 0)
        private let ports: [UInt16]
        private let timeout: Int

        /// - Parameters:
        ///   - ports: of db1 and db2.
        ///   - timeout: of db2 before the first reading, seconds.
        init(ports: [UInt16] = [1, 1], timeout: Int = 1) {
            self.ports = ports
            self.timeout = timeout
        }

        func hang() { isHanging.withLock { $0 = true } }

        func letGo() {
            isHanging.withLock { $0 = false }
            release.signal()
        }

        func configuration(_ number: Int) -> Configuration {
            let nodes = [
                Node(
                    name: "db1", address: .tcp(host: "127.0.0.1", port: ports[0]), tls: TLSOptions(mode: .disabled),
                    timeout: .seconds(50)),
                Node(
                    name: "db2", address: .tcp(host: "127.0.0.1", port: ports[1]), tls: TLSOptions(mode: .disabled),
                    timeout: .seconds(timeout + number)),
            ]
            return Configuration(sets: [ReplicationSet(name: "shop", nodes: nodes)])
        }

        func read() -> Configuration {
            let number = readings.wrappingAdd(1, ordering: .relaxed).newValue
            if isHanging.withLock(\.self) { release.wait() }
            return configuration(number)
        }
    }

    private func live(
        _ file: File, patience: Duration = .seconds(60), admit: @escaping LiveFleet.Admission = { _, _ in }
    ) throws -> LiveFleet {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let fleet = try Fleet(
            file.configuration(0), environment: ["MYSQL_REPLICATION_EXPORTER_USER": "exporter"],
            keeping: Keeping(checker: "test"), logger: logger)
        return try LiveFleet(fleet, logger: logger, patience: patience, admit: admit) {
            () throws(ConfigurationError) in (file.read(), [])
        }
    }

    private func isRead(_ file: File, _ times: Int) async throws {
        try await eventually("\(times) readings") { file.readings.load(ordering: .relaxed) == times }
    }

    @Test("All that are asked for while one runs are one more")
    func coalesced() async throws {
        let file = File()
        let live = try live(file)
        file.hang()
        let first = Task { try await live.reload() }
        try await isRead(file, 1)
        await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await live.reload() } }
            for _ in 0..<50 { await live.requestReload() }
            file.letGo()
        }
        try await first.value
        #expect(file.readings.load(ordering: .relaxed) == 2)
        // The next one is on its own again.
        try await live.reload()
        #expect(file.readings.load(ordering: .relaxed) == 3)
        await live.close()
    }

    /// A request that uses the fleet in charge until it is told to end.
    private struct Request {
        private let task: Task<Void, Never>
        private let last = AsyncStream<Void>.makeStream()

        init(_ live: LiveFleet) async {
            let (entered, enter) = AsyncStream<Void>.makeStream()
            let end = last.stream
            task = Task {
                await live.use { _ in
                    enter.yield()
                    for await _ in end { break }
                }
            }
            for await _ in entered { break }
        }

        func end() async {
            last.continuation.yield()
            await task.value
        }
    }

    @Test("A reload waits while requests keep two earlier fleets open, and is refused if they do not end")
    func bounded() async throws {
        let file = File()
        let live = try live(file, patience: .seconds(2))
        var requests: [Request] = []
        for _ in 0..<2 {
            requests.append(await Request(live))
            try await live.reload()
        }
        let refusal = await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(
            refusal?.problems == [
                "2 earlier configurations still have requests, probes or servers that hang: reload again in a while"
            ])
        #expect(!live.record.isFresh)
        #expect(await live.use { $0.configuration } == file.configuration(2))
        for request in requests { await request.end() }
        try await live.reload()
        #expect(live.record.isFresh)
        #expect(await live.use { $0.configuration } == file.configuration(4))
        await live.close()
    }

    @Test("A reload that waits for an earlier fleet goes on when that is closed")
    func waits() async throws {
        let file = File()
        let live = try live(file)
        var requests: [Request] = []
        for _ in 0..<2 {
            requests.append(await Request(live))
            try await live.reload()
        }
        let reload = Task { try await live.reload() }
        try await isRead(file, 3)
        for _ in 0..<1000 { await Task.yield() }
        #expect(await live.use { $0.configuration } == file.configuration(2))
        await requests[0].end()
        try await reload.value
        #expect(await live.use { $0.configuration } == file.configuration(3))
        await requests[1].end()
        await live.close()
    }

    @Test("A fleet counts until its last connection is closed, also if the server hangs for long")
    func frozen() async throws {
        let server = try FaultServer(.saying([.silence]))
        let file = File(ports: [1, server.port], timeout: 200)
        let live = try live(file, patience: .seconds(2))
        for _ in 0..<2 {
            _ = await live.use { await $0.findings(deadline: .now + .milliseconds(100)) }
            try await live.reload()
        }
        await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(server.journal.openConnections == 2)
        server.stop()
        try await eventually("the connections are closed") { (try? await live.reload()) != nil }
        await live.close()
    }

    @Test("What has to be admitted are all fleets that are still open; one that is closed meanwhile makes room")
    func admission() async throws {
        struct TooFew: Error, CustomStringConvertible { let description = "too few" }
        let file = File()
        let seen = Mutex<[[Configuration]]>([])
        let live = try live(file) { _, earlier in
            seen.withLock { $0.append(earlier) }
            if earlier.count > 1 { throw TooFew() }
        }
        let request = await Request(live)
        try await live.reload()
        let reload = Task { try await live.reload() }
        try await eventually("it was not admitted") { seen.withLock { $0.count } == 2 }
        await request.end()
        try await reload.value
        #expect(
            seen.withLock(\.self) == [
                [file.configuration(0)], [file.configuration(0), file.configuration(1)], [file.configuration(1)],
            ])
        await live.close()
    }

    @Test("A node that does not change keeps its connection through any number of reloads")
    func connections() async throws {
        let server = try FaultServer(
            .replying(version: "10.11.6-MariaDB") { statement in
                statement.contains("CONNECTION_ID()")
                    ? .table(columns: ["server_id", "read_only", "log_bin", "clock"], rows: [["1", "0", "0", "1.0"]])
                    : statement.hasPrefix("SHOW") || statement.hasPrefix("SELECT")
                        ? .table(columns: ["a"], rows: []) : .ok
            })
        let live = try live(File(ports: [server.port, 1]))
        for _ in 0..<10 {
            let findings = await live.use { await $0.findings(deadline: .now + .seconds(50)) }
            #expect(findings.flatMap(\.nodes).map(\.report.isUp) == [true, false])
            try await live.reload()
        }
        #expect(server.journal.connections == 1)
        await live.close()
        server.stop()
    }

    // MARK: - Files that hang

    @Test("A file that cannot be read in time refuses the reload, and further ones at once until it has been read")
    func hangingFile() async throws {
        let file = File()
        let live = try live(file, patience: .seconds(1))
        file.hang()
        let refusal = await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(
            refusal?.problems == ["the configuration could not be read within 1 s: a file system or pipe that hangs?"])
        let next = await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(
            next?.description.hasPrefix("a file of the configuration or of --state.directory has been read for ")
                == true)
        #expect(file.readings.load(ordering: .relaxed) == 1 && !live.record.isFresh)
        #expect(await live.use { $0.configuration } == file.configuration(0))
        file.letGo()
        try await eventually("it reads again") { (try? await live.reload()) != nil }
        #expect(live.record.isFresh)
        await live.close()
    }

    @Test("The end of the program does not wait for a file, and refuses the reloads that do")
    func end() async throws {
        let file = File()
        let live = try live(file)
        file.hang()
        let reloads = (0..<3).map { _ in Task { try await live.reload() } }
        try await isRead(file, 1)
        let started = ContinuousClock.now
        await live.close()
        for reload in reloads {
            let refusal = await #expect(throws: ReloadRefusal.self) { try await reload.value }
            #expect(refusal?.problems == ["the exporter is ending"])
        }
        await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(started.duration(to: .now) < .seconds(30))
        #expect(file.readings.load(ordering: .relaxed) == 1)
        file.letGo()
    }

    @Test("A caller that is cancelled leaves at once, and the reload goes on")
    func cancelled() async throws {
        let file = File()
        let live = try live(file)
        file.hang()
        let reload = Task { try await live.reload() }
        try await isRead(file, 1)
        reload.cancel()
        await #expect(throws: ReloadRefusal.self) { try await reload.value }
        file.letGo()
        try await eventually("it is in effect") { await live.use { $0.configuration } == file.configuration(1) }
        await live.close()
    }
}
