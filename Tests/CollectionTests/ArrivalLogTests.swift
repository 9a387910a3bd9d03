import Replication
import Testing

@testable import Collection

@Suite("Arrivals from a source")
struct ArrivalLogTests {
    private let start = ContinuousClock.now

    private func facts(
        heartbeats: UInt64? = 0, file: String = "bin.1", position: UInt64 = 4,
        ioThread: Channel.IOThreadState = .running, name: String = "", startTime: Double? = nil
    ) -> NodeFacts {
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0)))
        facts.startTime = startTime
        var channel = Channel(
            name: name, source: .init(host: "db1", port: 3306), ioThread: ioThread, isApplierRunning: true)
        channel.heartbeatsReceived = heartbeats
        channel.readPosition = BinlogFile(file).map { BinlogCoordinate(file: $0, position: position) }
        facts.channels = [channel]
        return facts
    }

    /// The silence reported after each of the looks, which are ten seconds apart.
    private func silences(_ looks: [NodeFacts]) -> [Double?] {
        var log = ArrivalLog()
        return looks.enumerated().map { index, look in
            var look = look
            log.note(&look, at: start + .seconds(10 * index))
            return look.channels?.first?.sourceSilence
        }
    }

    @Test("There is no silence at the first look; later it is at least the time since then")
    func growth() {
        #expect(
            silences([facts(), facts(), facts(heartbeats: 1), facts(heartbeats: 1), facts(heartbeats: 1)]) == [
                nil, 10, 0, 10, 20,
            ])
    }

    @Test("A heartbeat, an event, a new file and a new connection are arrivals")
    func arrivals() {
        #expect(silences([facts(), facts(heartbeats: 5)]) == [nil, 0])
        #expect(silences([facts(), facts(position: 5)]) == [nil, 0])
        #expect(silences([facts(position: 900), facts(file: "bin.2", position: 4)]) == [nil, 0])
        #expect(silences([facts(ioThread: .connecting), facts()]) == [nil, 0])
    }

    @Test("While the relay log is full there is no silence; it is counted from the end of that state on")
    func relayLogFull() {
        func full() -> NodeFacts {
            var facts = facts()
            facts.channels?[0].isRelayLogFull = true
            return facts
        }
        #expect(silences([full(), full(), full(), facts(), facts()]) == [nil, nil, nil, 10, 20])
        func told(_ silence: Double, isFull: Bool) -> NodeFacts {
            var facts = isFull ? full() : facts()
            facts.channels?[0].sourceSilence = silence
            return facts
        }
        #expect(
            silences([told(5, isFull: true), told(15, isFull: true), told(25, isFull: false)]) == [nil, nil, 10],
            "MySQL reports the silence itself")
    }

    @Test("A lost connection, a stopped receiver and a counter that starts again are not arrivals")
    func noArrivals() {
        #expect(silences([facts(), facts(ioThread: .connecting)]) == [nil, 10])
        #expect(silences([facts(heartbeats: 9), facts(heartbeats: 0, ioThread: .stopped)]) == [nil, 10])
        #expect(
            silences([
                facts(), facts(heartbeats: 1), facts(heartbeats: 1, ioThread: .connecting),
                facts(heartbeats: 1, ioThread: .connecting),
            ])
                == [nil, 0, 10, 20])
    }

    @Test("What a replica does not hear counts from its restart on, not from what arrived before that")
    func restart() {
        #expect(
            silences([
                facts(heartbeats: 9, startTime: 100), facts(heartbeats: 9, startTime: 100.2),
                facts(heartbeats: 0, startTime: 300), facts(heartbeats: 0, startTime: 300),
            ]) == [nil, 10, nil, 10])
    }

    @Test("Silence reported by the server is not changed")
    func told() {
        var log = ArrivalLog()
        var look = facts()
        look.channels?[0].sourceSilence = 3.5
        log.note(&look, at: start)
        log.note(&look, at: start + .seconds(10))
        #expect(look.channels?.first?.sourceSilence == 3.5)
    }

    @Test("Arrivals seen shorten the silence that the server reports, and nothing lengthens it")
    func toldAndSeen() {
        var log = ArrivalLog()
        func look(_ position: UInt64, told: Double, after seconds: Int) -> Double? {
            var look = facts(position: position)
            look.channels?[0].sourceSilence = told
            log.note(&look, at: start + .seconds(seconds))
            return look.channels?.first?.sourceSilence
        }
        #expect(look(4, told: 90, after: 0) == 90)
        // A transaction of many megabytes is arriving: for 100 s none has arrived completely.
        #expect(look(500, told: 100, after: 10) == 0)
        #expect(look(500, told: 110, after: 20) == 10)
        #expect(look(500, told: 3, after: 30) == 3)
    }

    @Test("The silence that the server reports stands alone until an arrival has been seen")
    func toldOnly() {
        var log = ArrivalLog()
        func isToldOnly(_ position: UInt64, after seconds: Int) -> Bool? {
            var look = facts(position: position)
            look.channels?[0].sourceSilence = 90
            log.note(&look, at: start + .seconds(seconds))
            return look.channels?.first?.isSilenceToldOnly
        }
        #expect(isToldOnly(4, after: 0) == true)
        #expect(isToldOnly(4, after: 10) == true)
        #expect(isToldOnly(500, after: 20) == false)
        #expect(isToldOnly(500, after: 30) == false)
    }

    @Test("What looks alone show of the silence is kept beside what the server reports")
    func observed() {
        var log = ArrivalLog()
        func observed(_ position: UInt64, told: Double?, after seconds: Int, isFull: Bool = false) -> Double? {
            var look = facts(position: position)
            look.channels?[0].sourceSilence = told
            look.channels?[0].isRelayLogFull = isFull
            log.note(&look, at: start + .seconds(seconds))
            return look.channels?.first?.observedSilence
        }
        #expect(observed(4, told: 90, after: 0) == nil)
        #expect(observed(4, told: 100, after: 10) == 10, "at least since the first look")
        #expect(observed(500, told: 110, after: 20) == 0)
        #expect(observed(500, told: nil, after: 30) == 10)
        #expect(observed(500, told: nil, after: 40, isFull: true) == nil)
        #expect(observed(500, told: nil, after: 45) == 5)
    }

    @Test("A channel that had disappeared is treated as new")
    func forgotten() {
        #expect(
            silences([
                facts(name: "a"), facts(heartbeats: 1, name: "a"), facts(name: "b"), facts(heartbeats: 2, name: "a"),
            ])
                == [nil, 0, nil, nil])
    }
}
