import Collection
import MariaDB
import Replication
import ReplicationTesting
import Testing
import Topology

@testable import Monitoring

@Suite("The record of the sentinel's runs")
struct SentinelRecordTests {
    private static let place = SentinelRecord.Place(node: "db2", channel: "")
    private static let seen: [SentinelOperation: SentinelOutcome] = [
        .insert: .seen(after: 0.1), .update: .seen(after: 0.2), .delete: .seen(after: 0.3),
    ]

    @Test("A run succeeds when all operations were seen")
    func success() {
        var record = SentinelRecord()
        #expect(record.findings.isEmpty)
        record.take([Self.place: Self.seen], at: 10)
        #expect(record.findings == [SentinelFindings(node: "db2", channel: "", outcomes: Self.seen, lastSuccess: 10)])
        var missed = Self.seen
        missed[.delete] = .missed
        record.take([Self.place: missed], at: 20)
        #expect(record.findings == [SentinelFindings(node: "db2", channel: "", outcomes: missed, lastSuccess: 10)])
        missed[.delete] = nil
        record.take([Self.place: missed], at: 30)
        #expect(record.findings.first?.lastSuccess == 10, "a run that no replica saw is not a success")
    }

    @Test("While it is idle, only the time of the last success is kept")
    func rest() {
        var record = SentinelRecord()
        record.take([Self.place: Self.seen], at: 10)
        record.rest()
        #expect(record.findings == [SentinelFindings(node: "db2", channel: "", outcomes: [:], lastSuccess: 10)])
    }

    @Test(
        "It is sent once a run got through the primary, whichever replicas saw it, until one does not; not before the first"
    )
    func sent() {
        var record = SentinelRecord()
        #expect(!record.isSent)
        record.take([Self.place: [.insert: .missed, .update: .missed, .delete: .missed]], at: 10)
        #expect(record.isSent)
        record.rest()
        #expect(!record.isSent)
    }
}

@Suite("The sentinel's statements")
struct SentinelTableTests {
    private let table = SentinelTable(table: TableName(database: "p", table: "s"))

    @Test("Each change depends on the guard")
    func guarded() {
        for operation in SentinelOperation.allCases {
            #expect(table.statement(operation, key: "k", if: "@writable").hasSuffix("@writable"))
        }
    }

    @Test("Keys are unique, and recognised when read back")
    func keys() {
        let keys = (0..<1000).map { _ in SentinelTable.newKey() }
        #expect(Set(keys).count == 1000)
        #expect(table.keys(ResultTable(columns: ["id"], rows: keys.map { [$0] })) == keys)
        let hostile = ["", "x", "' OR '1'='1", String(repeating: "A", count: 32), String(repeating: "g", count: 32)]
        #expect(table.keys(ResultTable(columns: ["id"], rows: hostile.map { [$0] } + [[nil]])).isEmpty)
    }

    @Test(
        "A replica shows an operation by its row",
        arguments: [
            ("1", [.insert]), ("2", [.update]), (nil, [.delete]), ("3", []),
        ] as [(String?, [SentinelOperation])])
    func shows(value: String?, operations: [SentinelOperation]) {
        let answer = ResultTable(columns: ["value"], rows: value.map { [[$0]] } ?? [])
        for operation in SentinelOperation.allCases {
            #expect(table.shows(operation, answer) == operations.contains(operation))
            #expect(!table.shows(operation, nil), "no answer shows nothing")
        }
    }
}

@Suite("How often a replica is queried")
struct PollPaceTests {
    @Test("Waiting for 4 s takes at most 60 queries, and an arrival is timed to within an eighth")
    func cost() {
        var elapsed = Duration.zero
        var looks = 0
        while elapsed < .seconds(4) {
            let pause = PollPace.pause(after: elapsed, isAnswering: true)
            #expect(pause <= max(elapsed / 8, .milliseconds(10)))
            elapsed += pause
            looks += 1
        }
        #expect(looks <= 60)
    }

    @Test("A node that does not answer is tried twice a second")
    func down() {
        #expect(PollPace.pause(after: .zero, isAnswering: false) == .milliseconds(500))
    }
}

@Suite("The channels of the sentinel's row")
struct SentinelRoutesTests {
    private func replica(_ name: String, id: UInt32, of source: String?, delay: Double = 0) -> ReplicationSetReport.Node
    {
        var node = node(name, id: id, readOnly: true)
        node.description.intendedSources = ["": "db1"]
        node.report.facts?.channels = source.map { source in
            var channel = Channel(
                name: "", source: .init(host: source, port: 3306), ioThread: .running, isApplierRunning: true)
            channel.configuredDelay = delay
            return [channel]
        }
        return node
    }

    @Test("Each replica's channel that leads to the primary; for silent nodes the known or configured one")
    func learn() {
        var routes = SentinelRoutes()
        let primary = node("db1", id: 1, readOnly: false)
        routes.learn(
            findings(
                primary, replica("db2", id: 2, of: "db1"), replica("db3", id: 3, of: "db2"),
                replica("db4", id: 4, of: "elsewhere"), replica("db5", id: 5, of: "db1", delay: 60)),
            from: "db1")
        #expect(routes.channels == ["db2": [""], "db3": [""]])
        // Silent now: one is known, another configured, the third follows another source.
        routes.learn(
            findings(
                primary, replica("db2", id: 2, of: nil), replica("db6", id: 6, of: nil),
                replica("db3", id: 3, of: "elsewhere")),
            from: "db1")
        #expect(routes.channels == ["db2": [""], "db6": [""]])
    }
}
