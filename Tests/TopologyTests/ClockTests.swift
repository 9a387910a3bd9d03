import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Clocks that differ")
struct ClockTests {
    private func lag(sourceAhead: Double?, taking: Double = 0.01, age: Double) -> Channel.ApplierTimes? {
        let source = node("db1", id: 1, uuid: 1, clockOffset: sourceAhead, binlog: "bin.000001:200")
            .read(at: 0, taking: taking)
        let replica = node(
            "db2", id: 2, uuid: 2, clockOffset: 1000,
            from: channel(from: "db1", id: 1, uuid: 1, read: "bin.000001:100", behind: 7).with {
                $0.applierTimes = .init(applyingAge: age, stages: [.transport: age, .apply: 3])
                $0.workerStates = [.init(id: 1, isRunning: true, isBusy: true, applyingAge: age, errorNumber: 0)]
            }
        ).read(at: 0)
        return SetFindings(ReplicationSetReport(source, replica)).nodes[1].channels[0].channel.applierTimes
    }

    @Test("A difference of two hosts' clocks is corrected by what they were measured to be ahead")
    func corrected() {
        #expect(lag(sourceAhead: 700, age: 305) == .init(applyingAge: 5, stages: [.transport: 5, .apply: 3]))
        #expect(lag(sourceAhead: 1300, age: -295) == .init(applyingAge: 5, stages: [.transport: 5, .apply: 3]))
        #expect(lag(sourceAhead: 1300, age: -301) == .init(applyingAge: 0, stages: [.transport: 0, .apply: 3]))
    }

    @Test("It is not used if an offset is unknown, or not known to a second")
    func unknown() {
        #expect(lag(sourceAhead: nil, age: 305) == .init(stages: [.apply: 3]))
        #expect(lag(sourceAhead: 700, taking: 2.5, age: 305) == .init(stages: [.apply: 3]))
    }
}
