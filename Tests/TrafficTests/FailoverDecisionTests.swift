import Replication
import Testing

@testable import Traffic

@Suite("Failover answer")
struct FailoverDecisionTests {
    private let policy = FailoverPolicy(
        preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t"))

    @Test("Every row of the table", arguments: Row.table)
    func table(row: Row) {
        let decision = policy.decide(row.situation)
        #expect(decision.answer?.rawValue == row.answer)
        #expect(decision.cause == row.cause)
        #expect(decision.isGoodCheck == row.updates)
    }

    @Test("The table has every cause")
    func completeness() {
        #expect(Set(Row.table.map(\.cause)) == Set(FailoverDecision.Cause.allCases))
    }

    @Test("Only the unbroken 100 is ordinary")
    func ordinary() {
        for cause in FailoverDecision.Cause.allCases {
            #expect(FailoverDecision(cause: cause, reason: "").isOrdinary == (cause == .unbroken))
        }
    }

    @Test("The limits are taken from the policy")
    func limits() {
        let patient = FailoverPolicy(
            preferred: "db1", standby: "db2", table: policy.table, maxGap: .seconds(60), maxLag: .seconds(5))
        func cause(checked ago: Double, _ catchUp: CatchUp) -> FailoverDecision.Cause {
            patient.decide(Row.checked(ago, catchUp)).cause
        }
        #expect(cause(checked: 60, CatchUp()) == .unbroken)
        #expect(cause(checked: 61, CatchUp(lag: 5, missing: 0)) == .caughtUp)
        #expect(cause(checked: 61, CatchUp(lag: 5.1, missing: 0)) == .behind)
    }

    @Test("A good check counts as long as it is in the table; one that is not this checker's own never does")
    func noted() {
        for (noted, cause) in [
            (Row.now - 5, .unbroken), (Row.now - 5.9, .unbroken), (Row.now, .unbroken), (nil, .lagUnknown),
            (Row.now - 60, .lagUnknown),
        ] as [(Double?, FailoverDecision.Cause)] {
            var situation = Row.checked(5)
            situation.preferred = .ready(noted: noted)
            #expect(policy.decide(situation).cause == cause, "\(noted.debugDescription)")
        }
        // Another checker's row, however fresh, or that of an earlier process.
        var fresh = Row.checked(nil)
        fresh.preferred = .ready(noted: Row.now)
        #expect(policy.decide(fresh).cause == .lagUnknown)
    }

    @Test("Setting the clock between two checks changes nothing, and does not count as elapsed time")
    func wallClock() {
        // Set forward by a minute, or back: the row is as it was recorded.
        for step in [60, -60] as [Double] {
            var situation = Row.checked(2)
            situation.memory.noted?.epoch += step
            situation.preferred = .ready(noted: situation.memory.noted?.epoch)
            #expect(policy.decide(situation).reason == "checked 2 s ago")
        }
        // No check for 25 s, and the clock was set back by as much.
        var pause = Row.checked(25)
        pause.memory.noted?.epoch = Row.now
        pause.preferred = .ready(noted: Row.now)
        #expect(policy.decide(pause).cause == .lagUnknown)
    }

    @Test("A good check on one server says nothing about another that now has its address")
    func elsewhere() throws {
        let uuids = try ["3e11fa47-71ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa9429563"].map {
            try #require(ServerUUID($0))
        }
        let first = FailoverServer(id: 1, uuid: uuids[0])
        var situation = Row.checked(2)
        situation.memory.server = first
        for (server, cause) in [
            (first, .unbroken), (FailoverServer(id: 1), .unbroken), (nil, .unbroken),
            (FailoverServer(id: 2), .lagUnknown), (FailoverServer(id: 2, uuid: uuids[0]), .lagUnknown),
            (FailoverServer(id: 1, uuid: uuids[1]), .lagUnknown),
        ] as [(FailoverServer?, FailoverDecision.Cause)] {
            situation.server = server
            #expect(policy.decide(situation).cause == cause)
        }
        #expect(policy.decide(situation).reason.hasPrefix("the last good check was on another server, and"))
        // Nor does the exporter's own fault make it a check recorded there.
        situation.lookFault = FailoverFault("does not tell", isOwn: true)
        #expect(!policy.decide(situation).isGoodCheck)
        situation.catchUp = CatchUp(lag: 0, missing: 0)
        situation.lookFault = nil
        #expect(policy.decide(situation).cause == .caughtUp)
        // The server is not known.
        situation.memory.server = nil
        situation.catchUp = CatchUp()
        #expect(policy.decide(situation).cause == .lagUnknown)
    }

    @Test("The server of a good check is remembered, until a 200")
    func server() {
        var memory = FailoverMemory()
        let server = FailoverServer(id: 7)
        memory.note(FailoverDecision(cause: .caughtUp, reason: ""), at: Row.moment(3), on: server)
        memory.note(FailoverDecision(cause: .unbroken, reason: ""), at: Row.moment(2))
        #expect(memory.server == server)
        memory.note(FailoverDecision(cause: .standbyFailed, reason: ""), at: Row.moment(1), on: FailoverServer(id: 8))
        #expect(memory.server == server)
        memory.note(FailoverDecision(cause: .behind, reason: ""), at: Row.moment(0), on: server)
        #expect(memory.server == nil)
    }

    @Test("A checker that answered standby keeps doing so until the preferred node has caught up, whoever else checks")
    func memory() {
        var memory = FailoverMemory(answer: .preferred, goodCheck: Row.moment(0))
        func step(_ situation: FailoverSituation) -> Int? {
            var situation = situation
            situation.memory = memory
            let decision = policy.decide(situation)
            memory.note(decision, at: situation.now)
            return decision.answer?.rawValue
        }
        let away = FailoverSituation(preferred: .failed(FailoverFault("is away")), now: Row.moment(-1))
        #expect(step(away) == 200)
        // Another checker has recorded a good check meanwhile.
        let back = FailoverSituation(preferred: .ready(noted: Row.now + 2), now: Row.moment(-3))
        #expect(step(back) == 200)
        var standbyAway = back
        standbyAway.standbyFault = FailoverFault("is away")
        #expect(step(standbyAway) == 200, "one missed answer of the node that has the requests is not its end")
        standbyAway.standbyFailedFor = 20
        #expect(step(standbyAway) == 100)
        #expect(step(back) == 200, "what the standby has is not known for its absence")
        var well = back
        well.catchUp = CatchUp(lag: 0, missing: 0)
        #expect(step(well) == 100)
        #expect(step(back) == 100)
    }

    /// Checks one second apart.
    private struct Checks {
        let policy: FailoverPolicy
        var memory = FailoverMemory(answer: .preferred, goodCheck: Row.moment(1))
        var time = Row.moment(0)

        /// - Parameters:
        ///   - row: as it is in the table.
        ///   - noting: the error of recording a good check; nil for success.
        mutating func check(
            row: Double?, noting fault: FailoverFault? = nil, standby: FailoverFault? = nil,
            _ catchUp: CatchUp = CatchUp()
        ) -> FailoverDecision {
            var situation = FailoverSituation(
                preferred: .ready(noted: row), standbyFault: standby, catchUp: catchUp, memory: memory, now: time)
            var decision = policy.decide(situation)
            if decision.isGoodCheck, let fault {
                situation.preferred = .failed(fault)
                decision = policy.decide(situation)
            }
            memory.note(decision, at: time, isNoted: decision.isGoodCheck && fault == nil)
            time.steady += 1
            time.epoch += 1
            return decision
        }
    }

    @Test(
        "A check that cannot be recorded through the exporter's own fault moves no traffic, nor does repairing the fault"
    )
    func ownFaultLasts() {
        var checks = Checks(policy: policy)
        let refused = FailoverFault("cannot be checked: the row is refused", isOwn: true)
        for _ in 0..<60 {
            let decision = checks.check(row: Row.now - 1, noting: refused)
            #expect(decision.cause == .unbroken && !decision.isOrdinary)
            #expect(decision.reason == "checked 1 s ago, and not recorded: db1 cannot be checked: the row is refused")
        }
        var mended = checks
        #expect(mended.check(row: Row.now - 1).reason == "checked 1 s ago")
        // The table was recreated.
        mended = checks
        #expect(mended.check(row: nil).reason == "checked 1 s ago")
        #expect(mended.check(row: nil).cause == .lagUnknown, "that check was noted")
        // Nothing else shows that the node can be written to.
        var situation = FailoverSituation(
            preferred: .failed(refused), isPreferredWritable: false, memory: checks.memory, now: checks.time)
        #expect(policy.decide(situation).answer == nil)
        situation.isPreferredWritable = true
        #expect(policy.decide(situation).answer == .preferred)
        // The server's own fault ends it at once.
        #expect(checks.check(row: Row.now - 1, noting: FailoverFault("has a full disk")).cause == .preferredFailed)
        #expect(checks.check(row: Row.now - 1).cause == .lagUnknown)
    }

    @Test("A first check that cannot be recorded still counts, though the table has nothing, or another checker's row")
    func neverNoted() {
        for row in [nil, 1] as [Double?] {
            var checks = Checks(policy: policy, memory: FailoverMemory())
            let refused = FailoverFault("cannot be checked: the row is refused", isOwn: true)
            let first = checks.check(row: row, noting: refused, CatchUp(lag: 0, missing: 0))
            #expect(first.cause == .caughtUp && !first.isOrdinary)
            #expect(checks.check(row: row, noting: refused).cause == .unbroken)
            #expect(checks.check(row: row).cause == .unbroken)
        }
    }

    @Test("A standby that was away is not a gap: every answer was the preferred node")
    func standbyReturns() {
        let away = FailoverFault("cannot be reached")
        var checks = Checks(policy: policy)
        let noted = Row.now - 1
        for _ in 0..<60 { #expect(checks.check(row: noted, standby: away).cause == .standbyFailed) }
        var back = checks
        #expect(back.check(row: noted).cause == .unbroken)
        // The row was set back meanwhile, or there was no check for longer than that.
        back = checks
        #expect(back.check(row: noted - 100).cause == .lagUnknown)
        back = checks
        back.time.steady += 20
        #expect(back.check(row: noted).cause == .lagUnknown)
        // Nor does it start a series of good checks.
        for memory in [FailoverMemory(), FailoverMemory(answer: .preferred, goodCheck: Row.moment(21))] {
            var other = Checks(policy: policy, memory: memory)
            #expect(other.check(row: noted, standby: away).cause == .standbyFailed)
            #expect(other.check(row: noted).cause == .lagUnknown)
        }
    }

    @Test("A row recorded by another process of this checker after a clock was set back counts as its own")
    func clockSetBack() {
        // This process's clock went back by an hour since its check two seconds ago, and the other recorded its own a
        // second ago.
        var situation = Row.checked(2)
        situation.now.epoch -= 3600
        situation.preferred = .ready(noted: situation.now.epoch - 1)
        #expect(policy.decide(situation).cause == .unbroken)
        situation.preferred = .ready(noted: situation.now.epoch - 60)
        #expect(policy.decide(situation).cause == .lagUnknown)
        // If no clock was set, such a row is an older one.
        var older = Row.checked(2)
        older.preferred = .ready(noted: Row.now - 3600)
        #expect(policy.decide(older).cause == .lagUnknown)
        // Set forward: what it recorded before is its own.
        var forward = Row.checked(2)
        forward.now.epoch += 3600
        #expect(policy.decide(forward).cause == .unbroken)
    }

    @Test("A standby counts as failed for as long as every check has found it failed")
    func standbyFailedFor() {
        var memory = FailoverMemory()
        let checks = [(true, 10), (true, 13), (false, 14), (true, 15)] as [(Bool, Double)]
        let seconds = checks.map { memory.noteStandby(isFailed: $0, at: $1) }
        #expect(seconds == [0, 3, 0, 0])
    }

    @Test("An operator's word replaces one good check, but not for a node that fails")
    func accepted() {
        var memory = FailoverMemory(answer: .standby)
        memory.isAccepted = true
        var situation = Row.checked(nil)
        situation.memory = memory
        let decision = policy.decide(situation)
        #expect(decision.answer == .preferred && decision.isGoodCheck)
        memory.note(decision, at: Row.moment(0))
        #expect(!memory.isAccepted)
        situation.preferred = .failed(FailoverFault("is away"))
        #expect(policy.decide(situation).answer == .standby)
    }

    @Test("An operator's word does not outlive the next gap")
    func acceptedAndAway() {
        var memory = FailoverMemory(answer: .standby)
        memory.isAccepted = true
        var situation = Row.checked(nil)
        situation.memory = memory
        situation.preferred = .failed(FailoverFault("is away"))
        memory.note(policy.decide(situation), at: Row.moment(0))
        #expect(!memory.isAccepted)
    }

    @Test("What the account may not see of the preferred node moves no traffic, and a recent check takes precedence")
    func lookFault() {
        var situation = Row.checked(nil)
        situation.lookFault = FailoverFault("does not tell its replication status", isOwn: true)
        #expect(policy.decide(situation).answer == nil)
        situation.memory.answer = .standby
        #expect(policy.decide(situation).answer == .standby)
        var recent = Row.checked(3)
        recent.lookFault = situation.lookFault
        #expect(policy.decide(recent).cause == .unbroken && policy.decide(recent).isGoodCheck)
    }

    @Test(
        "The reason says what a DBA needs to know",
        arguments: [
            (
                FailoverSituation(preferred: .failed(FailoverFault("is read-only")), now: Row.moment(0)),
                "db1 is read-only"
            ),
            (
                Row.checked(3, standby: FailoverFault("cannot be reached: no answer")),
                "db2 cannot be reached: no answer"
            ),
            (Row.checked(3.25), "checked 3.3 s ago"),
            (
                Row.checked(75, CatchUp(lag: 12, missing: 3)),
                "the last good check was 75 s ago, and db1 is 12 s behind db2"
            ),
            (
                Row.checked(75, CatchUp(lag: 0, missing: 3)),
                "the last good check was 75 s ago, and db1 lacks at least 3 transactions of db2"
            ),
            (
                Row.checked(75, CatchUp(lag: 0, missing: 1)),
                "the last good check was 75 s ago, and db1 lacks at least 1 transaction of db2"
            ),
            (
                Row.checked(75, CatchUp(lag: 0, bytes: 914)),
                "the last good check was 75 s ago, and db1 has not applied 914 B of db2's binary log"
            ),
            (
                Row.checked(-30, CatchUp(lag: 0, missing: 0)),
                "there has been no good check yet, and db1 has caught up with db2"
            ),
            (
                Row.checked(nil, CatchUp()),
                "this checker has just started, and it is not known how far db1 is behind db2"
            ),
            (
                Row.checked(nil, CatchUp(missing: 0, isOneWay: true), said: .standby),
                "the last answer was db2, and db2 is read-only and has nothing that db1 lacks"
            ),
        ] as [(FailoverSituation, String)])
    func reasons(situation: FailoverSituation, reason: String) {
        #expect(policy.decide(situation).reason == reason)
    }
}
