import Replication
import Testing

@Suite("The history of one's own heartbeats")
struct HeartbeatHistoryTests {
    private static let start = ContinuousClock.now
    /// The wall clock at `start`.
    private static let epoch: Int64 = 1_000_000_000_000_000

    /// Heartbeats a second apart, the first at second 0, each confirmed after 10 ms.
    private func history(of count: Int, unconfirmed: Set<Int> = []) -> HeartbeatHistory {
        var history = HeartbeatHistory(interval: 1)
        history.begin(on: "db1", holding: [], wallClock: Self.epoch, now: Self.start)
        for second in 0..<count { history.append(beat(second, confirmed: !unconfirmed.contains(second))) }
        return history
    }

    private func beat(_ second: Int, confirmed: Bool = true) -> HeartbeatHistory.Beat {
        let sent = Self.start + .seconds(second)
        return .init(time: time(second), sent: sent, confirmed: confirmed ? sent + .milliseconds(10) : nil)
    }

    private func time(_ second: Int) -> Int64 { Self.epoch + Int64(second) * 1_000_000 }

    /// The lag of a node that showed the heartbeats of some seconds, read at another.
    private func lag(_ history: HeartbeatHistory, showing seconds: [Int], at now: Double) -> Double? {
        let read = Self.start + .seconds(now)
        return history.lag(
            of: HeartbeatReading(
                rows: seconds.map { HeartbeatRow(serverID: 1, time: time($0)) },
                reading: Reading(asked: read, told: read)), wallClock: Self.epoch + Int64(now * 1e6))
    }

    @Test("A node that shows the newest heartbeat has no lag")
    func newest() {
        #expect(lag(history(of: 5), showing: [4], at: 4.5) == 0)
    }

    @Test("A node's lag is the age of the oldest heartbeat it lacks")
    func late() {
        #expect(lag(history(of: 5), showing: [1], at: 4.5) == 2.5)
        #expect(lag(history(of: 5), showing: [3], at: 4.5) == 0.5)
    }

    @Test("A heartbeat that was not confirmed when the node was asked does not count as missing")
    func unconfirmed() {
        #expect(lag(history(of: 6), showing: [4], at: 5.005) == 0)
        #expect(lag(history(of: 6, unconfirmed: [5]), showing: [4], at: 5.5) == 0)
        #expect(lag(history(of: 6, unconfirmed: [4]), showing: [4], at: 5.5) == 0.5, "it was written after all")
    }

    @Test("Without new heartbeats, the lag of a node that shows the last one is unknown")
    func stale() {
        #expect(lag(history(of: 5), showing: [4], at: 7) == 0)
        #expect(lag(history(of: 5), showing: [4], at: 7.1) == nil)
        #expect(lag(history(of: 5), showing: [3], at: 60) == 56, "what is lacking goes on being late")
        #expect(lag(HeartbeatHistory(interval: 1), showing: [], at: 1) == nil)
    }

    @Test("A node that shows none of them lacks all of them")
    func none() {
        #expect(lag(history(of: 3), showing: [], at: 2.5) == 2.5)
    }

    @Test("A row from the future is ignored as the work of a wrong clock")
    func future() {
        #expect(lag(history(of: 5), showing: [1, 5000], at: 4.5) == 2.5)
    }

    @Test("Another exporter's heartbeat came after all of ours that are older")
    func anotherWriter() {
        var reading = HeartbeatReading(
            rows: [HeartbeatRow(serverID: 1, time: time(4) + 300_000)],
            reading: Reading(asked: Self.start + .seconds(4.5), told: Self.start + .seconds(4.5)))
        #expect(history(of: 5).lag(of: reading, wallClock: Self.epoch + 4_500_000) == 0)
        reading.rows[0].time = time(2) + 300_000
        #expect(history(of: 5).lag(of: reading, wallClock: Self.epoch + 4_500_000) == 1.5)
    }

    @Test("After a restart the last heartbeat before it counts, however long ago")
    func restart() {
        var history = HeartbeatHistory(interval: 1)
        history.begin(
            on: "db1",
            holding: [HeartbeatRow(serverID: 1, time: time(-3600)), HeartbeatRow(serverID: 2, time: time(-7000))],
            wallClock: Self.epoch, now: Self.start)
        #expect(lag(history, showing: [-3600], at: 0.5) == nil, "none has been written yet")
        history.append(beat(0))
        #expect(lag(history, showing: [-3600], at: 0.5) == 0.5)
        #expect(lag(history, showing: [0], at: 0.5) == 0)
        #expect(lag(history, showing: [], at: 0.5) == nil, "it may lack any number of those before")
        // Not known exactly: the next one was due a second later.
        #expect(lag(history, showing: [-3610], at: 0.5) == 3609.5)
    }

    @Test("After a failover, heartbeats that never reached the new primary are not missing anywhere")
    func failover() {
        var history = history(of: 6)
        history.begin(
            on: "db2", holding: [HeartbeatRow(serverID: 1, time: time(3))], wallClock: time(9),
            now: Self.start + .seconds(9))
        history.append(beat(9))
        #expect(history.node == "db2")
        #expect(lag(history, showing: [3], at: 9.5) == 0.5)
        #expect(lag(history, showing: [3, 9], at: 9.5) == 0)
        #expect(lag(history, showing: [2], at: 9.5) == 6.5)
    }

    @Test("The history is limited, and forgets the oldest first")
    func capacity() {
        let count = HeartbeatHistory.capacity * 2
        let history = history(of: count)
        #expect(history.beats.count <= HeartbeatHistory.capacity)
        #expect(history.beats.last?.time == time(count - 1))
        // Older than all of them: by the clock.
        #expect(lag(history, showing: [10], at: Double(count)) == Double(count) - 11)
    }

    @Test("The age of the newest row, whichever exporter wrote it")
    func age() {
        func age(_ seconds: [Int]) -> Double? {
            let read = Self.start + .seconds(4.5)
            return history(of: 5).age(
                of: HeartbeatReading(
                    rows: seconds.map { HeartbeatRow(serverID: 1, time: time($0)) },
                    reading: Reading(asked: read, told: read)), wallClock: Self.epoch + 4_500_000)
        }
        #expect(age([1, 3]) == 1.5)
        #expect(age([-100]) == 104.5)
        #expect(age([]) == nil)
    }
}
