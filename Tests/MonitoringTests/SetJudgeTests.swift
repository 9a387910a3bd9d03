import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

@Suite("What is remembered of a set", .timeLimit(.minutes(5)))
struct SetJudgeTests {
    private static func report(_ names: String...) -> ReplicationSetReport {
        let nodes = names.enumerated().map { node($1, id: UInt32($0 + 1), readOnly: $0 > 0) }
        return ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes)
    }

    @Test("What is to be saved is given in the order of rounds and operators' words")
    func order() {
        let saved = Mutex<[SetMemory.Record]>([])
        let judge = SetJudge { record in saved.withLock { $0.append(record) } }
        _ = judge.findings(Self.report("db1"), isFair: true)
        _ = judge.findings(Self.report("db1", "db2"), isFair: true)
        #expect(judge.takeWord(for: "db1"))
        #expect(saved.withLock { $0.map(\.nodes.count) } == [1, 2, 2])
        #expect(saved.withLock { $0.map(\.operatorsWord) } == [nil, nil, "db1"])
        #expect(judge.words == 1)
        // A set that a reload has removed saves nothing under a name that may be another's by now.
        judge.retire(isForgotten: false)
        #expect(!judge.takeWord(for: "db2"))
        _ = judge.findings(Self.report("db1"), isFair: true)
        #expect(saved.withLock { $0.count } == 3)
    }

    @Test("A round in which nodes had no time is neither remembered nor saved")
    func unfair() {
        let saved = Mutex<[SetMemory.Record]>([])
        let judge = SetJudge { record in saved.withLock { $0.append(record) } }
        _ = judge.findings(Self.report("db1"), isFair: false)
        #expect(saved.withLock { $0.count } == 0)
    }
}
