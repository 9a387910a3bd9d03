import Configuration
import Documents
import Foundation
import Logging
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

@Suite("Reloading")
struct ReloadTests {
    private static func node(_ name: String, _ address: String = "127.0.0.1:1", source: String? = nil, timeout: Int = 5)
        throws -> Node
    {
        Node(
            name: name, address: try Address(address), source: source.map { .node($0) }, timeout: .seconds(timeout))
    }

    private static func configuration(_ names: String...) throws -> Configuration {
        Configuration(sets: [ReplicationSet(name: "shop", nodes: try names.map { try node($0) })])
    }

    private func live(_ load: @escaping LiveFleet.Load) throws -> LiveFleet {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let account = ["MYSQL_REPLICATION_EXPORTER_USER": "nobody"]
        let fleet = try Fleet(
            try Self.configuration("db1", "db2"), environment: account, keeping: Keeping(checker: "test"),
            logger: logger)
        return try LiveFleet(fleet, logger: logger, load: load)
    }

    private func names(_ live: LiveFleet) async -> [String] {
        await live.use { $0.configuration.nodes.map(\.name) }
    }

    @Test("a node is unchanged if all of its settings are, whatever its set")
    func unchanged() throws {
        let before = Configuration(sets: [
            ReplicationSet(
                name: "a",
                nodes: [
                    try Self.node("same", "h1"), try Self.node("moved", "h2"), try Self.node("slower", "h3"),
                    try Self.node("following", "h4"), try Self.node("elsewhere", "h5"), try Self.node("gone", "h6"),
                ])
        ])
        let after = Configuration(sets: [
            ReplicationSet(
                name: "a",
                nodes: [
                    try Self.node("same", "h1"), try Self.node("slower", "h3", timeout: 6),
                    try Self.node("following", "h4", source: "same"), try Self.node("elsewhere", "h7"),
                    try Self.node("new", "h8"),
                ], thresholds: Thresholds(lag: .seconds(1))),
            ReplicationSet(name: "b", nodes: [try Self.node("moved", "h2")]),
        ])
        #expect(after.nodes(unchangedSince: before) == ["same", "moved"])
        #expect(after.nodes(unchangedSince: nil).isEmpty)
    }

    @Test("a node has changed if its set has another checksum table, because it is queried differently")
    func checksumTable() throws {
        func configuration(_ checksums: ChecksumTable?) throws -> Configuration {
            Configuration(sets: [ReplicationSet(name: "a", nodes: [try Self.node("db1")], checksums: checksums)])
        }
        let without = try configuration(nil)
        let with = try configuration(ChecksumTable())
        #expect(with.nodes(unchangedSince: with) == ["db1"])
        #expect(with.nodes(unchangedSince: without) == [])
        #expect(without.nodes(unchangedSince: with) == [])
    }

    @Test("a valid configuration takes effect; requests in progress finish with the old one")
    func good() async throws {
        let next = try Self.configuration("db2", "db3")
        let live = try live { () throws(ConfigurationError) in (next, []) }
        let started = live.record
        let events = Events()
        let closing = await live.use { fleet in
            await #expect(throws: Never.self) { try await live.reload() }
            #expect(fleet.configuration.nodes.map(\.name) == ["db1", "db2"])
            #expect(await names(live) == ["db2", "db3"])
            let closing = Task { @concurrent in
                await live.close()
                events.list.withLock { $0.append("closed") }
            }
            // Enough time for a close that does not wait.
            for _ in 0..<1000 { await Task.yield() }
            // Its nodes are still queried, even if nothing listens at their addresses.
            let reports = await fleet.findings(deadline: .now + .seconds(5)).flatMap(\.nodes).map(\.report)
            #expect(reports.map(\.failure?.reason) == [.connect, .connect])
            events.list.withLock { $0.append("scraped") }
            return closing
        }
        await closing.value
        #expect(events.list.withLock { $0 } == ["scraped", "closed"])
        #expect(live.record.isFresh && live.record.loadedAt >= started.loadedAt)
    }

    @Test("an invalid configuration changes nothing, and is reported")
    func broken() async throws {
        let live = try live { () throws(ConfigurationError) in
            throw ConfigurationError(problems: [
                Problem(file: "a.yml", line: 1, message: "wrong"),
                Problem(file: "a.yml", line: 2, message: "wrong too"),
            ])
        }
        let started = live.record
        let refusal = await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(refusal?.problems == ["a.yml:1: wrong", "a.yml:2: wrong too"])
        #expect(await names(live) == ["db1", "db2"])
        #expect(!live.record.isFresh && live.record.loadedAt == started.loadedAt)
        await live.close()
    }

    @Test("files are read on a separate thread: a hanging disk or pipe blocks nothing else")
    func thread() async throws {
        let names = Mutex<[String]>([])
        let next = try Self.configuration("db1", "db2")
        let live = try live { () throws(ConfigurationError) in
            let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
            names.withLock { $0.append(name) }
            return (next, [])
        }
        try await live.reload()
        #expect(names.withLock { $0 } == ["reload\n"])
        await live.close()
    }

    @Test("results of failover checks are kept as long as the rule and the addresses of its two nodes are the same")
    func failoverMemory() throws {
        func rule(
            _ preferred: String = "db1", _ standby: String = "db2", table: String = "lastcheck", maxGap: Int = 20
        ) -> FailoverPolicy {
            FailoverPolicy(
                preferred: preferred, standby: standby, table: TableName(database: "p", table: table),
                maxGap: .seconds(maxGap))
        }
        func probes(
            _ rule: FailoverPolicy?, _ nodes: [Node], replacing predecessor: SetProbes? = nil
        ) -> SetProbes {
            SetProbes(
                ReplicationSet(name: "shop", nodes: nodes, failover: rule), environment: [:],
                keeping: Keeping(checker: "test"),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, replacing: predecessor)
        }
        let pair = [try Self.node("db1", "h1"), try Self.node("db2", "h2")]
        let before = probes(rule(), pair)
        let probe = try #require(before.failover)
        func goesOn(_ rule: FailoverPolicy, _ nodes: [Node]) throws -> Bool {
            try #require(probes(rule, nodes, replacing: before).failover).sharesMemory(with: probe)
        }
        #expect(try goesOn(rule(), pair))
        #expect(try goesOn(rule(), pair + [try Self.node("db3", "h3")]))
        #expect(try goesOn(rule(maxGap: 30), pair))
        #expect(try goesOn(rule(), [try Self.node("db1", "h1", timeout: 6), try Self.node("db2", "h2")]))
        #expect(try !goesOn(rule(), [try Self.node("db1", "h9"), try Self.node("db2", "h2")]))
        #expect(try !goesOn(rule(), [try Self.node("db1", "h1"), try Self.node("db2", "h9")]))
        #expect(try !goesOn(rule("db2", "db1"), pair))
        #expect(try !goesOn(rule(table: "other"), pair))
        #expect(probes(nil, pair, replacing: before).failover.map { _ in true } == nil)
    }

    @Test("a server under another name is found by its address, however that is written")
    func renamed() throws {
        let before = Configuration(sets: [
            ReplicationSet(
                name: "a",
                nodes: [try Self.node("same", "h1"), try Self.node("old", "h2"), try Self.node("gone", "h3")]),
            ReplicationSet(name: "b", nodes: [try Self.node("moved", "[::1]"), try Self.node("stays", "h5")]),
        ])
        let after = Configuration(sets: [
            ReplicationSet(
                name: "a",
                nodes: [try Self.node("same", "H1"), try Self.node("new", "h2."), try Self.node("other", "h4")]),
            ReplicationSet(name: "c", nodes: [try Self.node("moved", "[0:0::1]"), try Self.node("stays", "h6")]),
        ])
        let renamed = after.nodes(renamedSince: before)
        #expect(renamed.mapValues { $0.map(\.name) } == ["a": ["old"], "b": ["moved"]])
        #expect(renamed.mapValues { $0.map(\.now) } == ["a": ["a/new"], "b": ["c/moved"]])
        #expect(after.nodes(renamedSince: after).isEmpty)
    }

    @Test("a set under another name forgets an operator's word, for good, and one line says so")
    func renamedSet() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = CapturedLog(level: .notice)
        let keeping = Keeping(
            .keeper(try StateKeeper(StateDirectory(folder, name: "t", logger: log.logger))), checker: "t")
        func configuration(_ name: String) throws -> Configuration {
            Configuration(sets: [ReplicationSet(name: name, nodes: [try Self.node("db1"), try Self.node("db2", "h2")])])
        }
        let first = try Fleet(
            configuration("shop"), environment: ["MYSQL_REPLICATION_EXPORTER_USER": "nobody"], keeping: keeping,
            logger: log.logger)
        #expect(await first.nameWriter("db1", of: "shop"))
        try await eventually("the word is saved") { await first.savedWord(of: "shop") == .saved }
        #expect(try String(contentsOfFile: "\(folder)/shop.state", encoding: .utf8).contains("word db1"))
        let lines = log.lines.count

        let second = try first.successor(configuration("store"))
        second.takeCharge(from: first)
        #expect(log.lines.dropFirst(lines).count == 1, "\(log.lines)")
        let line = try #require(log.entries.last)
        #expect(line.metadata["replication_set"] == "shop" && line.metadata["named_by_operator"] == "db1")
        #expect(line.metadata["nodes"] == "db1 (now store/db1), db2 (now store/db2)")
        #expect(second["store"]?.probes.judge.record.operatorsWord == nil)
        #expect(await !first.nameWriter("db2", of: "shop"), "the set is gone")

        await second.flush()
        #expect(try !String(contentsOfFile: "\(folder)/shop.state", encoding: .utf8).contains("db1"))
        let third = try second.successor(configuration("shop"))
        third.takeCharge(from: second)
        #expect(third["shop"]?.probes.judge.record.operatorsWord == nil)

        // One that is only removed is found again, as after a restart.
        #expect(await third.nameWriter("db2", of: "shop"))
        let count = log.lines.count
        let fourth = try third.successor(Configuration(sets: []))
        fourth.takeCharge(from: third)
        #expect(log.lines.count == count)
        await fourth.flush()
        #expect(try String(contentsOfFile: "\(folder)/shop.state", encoding: .utf8).contains("word db2"))
        for fleet in [first, second, third] { await fleet.close() }
    }

    @Test("the record has the result of the last attempt, and the time of the last successful one")
    func record() {
        var record = ReloadRecord(startedAt: 10)
        #expect(record.isFresh && record.loadedAt == 10)
        record.failed()
        #expect(!record.isFresh && record.loadedAt == 10)
        record.succeeded(at: 20)
        #expect(record.isFresh && record.loadedAt == 20)
    }
}

/// A log of what happened, in order.
private final class Events: Sendable {
    let list = Mutex<[String]>([])
}
