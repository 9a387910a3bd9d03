import Replication
import ReplicationTesting
import Testing
import Topology

@testable import Traffic

@Suite("Catching up with the standby")
struct CatchUpTests {
    private func positions(replicated: String, state: String, newest: String = "") throws -> TransactionHistory {
        let logged = try GTIDPosition(parsing: newest)
        return .positions(
            .init(
                replicated: try GTIDPosition(parsing: replicated), logged: logged, current: logged,
                state: try GTIDBinlogState(parsing: state)))
    }

    @Test(
        "MariaDB: every writer of every domain counts, once",
        arguments: [
            // Both have everything: the preferred node (1) wrote 100, none of which is in its gtid_slave_pos.
            ("0-2-50", "0-1-100,0-2-50", "0-1-100,0-2-50", 0),
            // The standby (2) went on to 150 while the preferred node was away.
            ("0-2-50", "0-1-100,0-2-50", "0-1-100,0-2-150", 1),
            ("0-2-150", "0-1-100,0-2-150", "0-1-100,0-2-150", 0),
            // It wrote something of its own after the standby had taken over: ahead in number, but still behind.
            ("0-2-50", "0-1-160,0-2-50", "0-1-100,0-2-150", 1),
            // It lost in a crash what the standby has of it.
            ("0-2-50", "0-1-90,0-2-50", "0-1-100,0-2-50", 1),
            // Rebuilt from the standby, with an empty binary log but a position.
            ("0-2-150", "", "0-1-100,0-2-150", 0), ("0-2-140", "", "0-1-100,0-2-150", 1),
            // Without log_slave_updates.
            ("0-2-150", "0-1-100", "0-1-100,0-2-150", 0),
            ("", "", "", 0), ("", "", "3-2-7", 1), ("0-2-5", "0-2-5", "0-2-7,1-2-4", 2),
        ])
    func mariaDB(replicated: String, state: String, standby: String, missing: UInt64) throws {
        let here = try positions(replicated: replicated, state: state)
        #expect(
            here.possession(of: try positions(replicated: "", state: standby), between: identity(1), and: identity(2))
                == Possession(missing: missing))
    }

    @Test("What was seen to be lost is not caught up with by the same numbers")
    func lost() {
        var set = findings(
            node("db2", id: 2, readOnly: false, binlog: "b.000001:900").executed(""),
            node("db1", id: 1, from: channel(from: "db2", id: 2, read: "b.000001:900", behind: 0)))
        for index in set.nodes.indices where set.nodes[index].description.name == "db1" {
            #expect(CatchUp(set, of: "db1", with: "db2").lag == 0)
            set.nodes[index].channels[0].logLoss = LogLoss(read: "b.000001:900", end: "b.000001:900")
            let lost = CatchUp(set, of: "db1", with: "db2")
            #expect(lost.lag == nil && lost.hasAll == nil && lost.obstacle != nil)
        }
    }

    private func identity(_ id: UInt32, uuid: String? = nil) -> ServerIdentity {
        ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 6), serverID: id, serverUUID: uuid)
    }

    @Test(
        "MariaDB: a position counts only for the log it belongs to, and a node's own writes are in its own log",
        arguments: [
            // A position from elsewhere, above everything that the standby (2) has: a former replica whose log was
            // reset.
            ("0-9-1000000", "0-1-5", "0-1-5,0-2-5", "0-2-5", nil, false),
            ("0-9-1000000", "0-1-5", "0-1-5,1-2-5", "0-1-5", 1, false),
            ("0-9-1000000", "0-1-5", "0-1-5", "0-1-5", 0, false),
            ("0-9-4", "0-1-4", "0-1-4,0-2-6,0-9-4", "0-2-6", 1, false),
            // A feed from outside reaches both, and has passed the numbers of what the standby wrote itself.
            ("0-9-161", "0-9-161,0-1-169", "0-9-161,0-2-68,0-1-169", "0-1-169", 1, false),
            ("0-9-161", "0-1-169", "0-9-161,0-2-68,0-1-169", "0-9-161", nil, false),
            ("0-9-161", "0-9-161,0-1-169,0-2-68", "0-9-161,0-2-68,0-1-169", "0-9-161", 0, false),
            // The standby's own numbers have started over after RESET MASTER; in the preferred node's log or position.
            ("0-2-1000", "0-1-5", "0-1-5,0-2-7", "0-2-7", 0, true),
            ("", "0-1-5,0-2-1000", "0-1-5,0-2-7", "0-2-7", 0, true),
            ("0-2-1000", "", "0-3-7", "0-3-7", 0, true),
            // It lost the end of its own log in a crash, and is beyond that number by what came from the standby.
            ("0-2-150", "0-1-90", "0-1-100,0-2-150", "0-2-150", 1, false),
            // Another server's transaction arrived at the standby after a higher number.
            ("0-2-150", "0-1-3", "0-1-3,0-2-150,0-3-120", "0-3-120", 1, false),
            ("0-2-150", "0-1-3", "0-1-3,0-2-150,0-3-120", "0-2-150", 0, false),
        ] as [(String, String, String, String, UInt64?, Bool)])
    func otherLogs(
        replicated: String, state: String, standby: String, newest: String, missing: UInt64?, isAhead: Bool
    ) throws {
        let here = try positions(replicated: replicated, state: state)
        let there = try positions(replicated: "", state: standby, newest: newest)
        let possession = here.possession(of: there, between: identity(1), and: identity(2))
        #expect(possession == Possession(missing: missing, isAhead: isAhead))
    }

    @Test("A standby that was asked a moment too early is asked again")
    func askedAgain() throws {
        let here = try positions(replicated: "0-2-7", state: "0-1-5")
        let there = try positions(replicated: "", state: "0-1-5,0-2-6")
        let later = try positions(replicated: "", state: "0-1-5,0-2-9")
        #expect(
            here.possession(of: there, latest: later, between: identity(1), and: identity(2)) == Possession(missing: 0))
    }

    @Test("MySQL: the sets are subtracted; different kinds cannot be compared")
    func mySQL() throws {
        let uuid = "00000000-0000-0000-0000-000000000001"
        func set(_ intervals: String) throws -> TransactionHistory {
            .set(executed: try GTIDSet(parsing: "\(uuid):\(intervals)"), server: nil)
        }
        #expect(try set("1-100").possession(of: set("1-100")) == Possession(missing: 0))
        #expect(try set("1-90:95").possession(of: set("1-100")) == Possession(missing: 9))
        #expect(try set("1-200").possession(of: set("1-100")) == Possession(missing: 0))
        #expect(try set("1-100").possession(of: positions(replicated: "", state: "")) == Possession())
        // The standby's own: after RESET MASTER its numbers have started over.
        let own = identity(2, uuid: uuid)
        #expect(try set("1-200").possession(of: set("1-100"), and: own) == Possession(missing: 0, isAhead: true))
        #expect(try set("1-200").possession(of: set("1-100"), latest: set("1-200"), and: own) == Possession(missing: 0))
        #expect(try set("1-90").possession(of: set("1-100"), and: own) == Possession(missing: 10))
    }

    @Test("Only the lag of the channel from the standby counts")
    func lag() {
        let standby = node("db2", id: 2, readOnly: false)
        let both = findings(
            replica(
                "db1", id: 1, from: channel("x", from: "elsewhere", id: 9, behind: 700),
                channel("y", from: "db2", id: 2, behind: 3)), standby)
        #expect(CatchUp(both, of: "db1", with: "db2") == CatchUp(lag: 3, missing: nil, bytes: nil))
        let stopped = findings(
            replica("db1", id: 1, from: channel(from: "db2", id: 2, io: .stopped, behind: 0)), standby)
        #expect(CatchUp(stopped, of: "db1", with: "db2") == unknown("db1: IO thread stopped"))
        #expect(
            CatchUp(findings(replica("db1", id: 1), standby), of: "db1", with: "db2")
                == unknown("db1 does not replicate from db2"))
        #expect(
            CatchUp(findings(silent("db1"), standby), of: "db1", with: "db2") == unknown("db1: timeout: no answer"))
    }

    private func unknown(_ obstacle: String) -> CatchUp {
        var catchUp = CatchUp()
        catchUp.obstacle = obstacle
        return catchUp
    }

    @Test("What keeps it from being known is part of the answer")
    func obstacles() {
        var one = node("db1", id: 1, readOnly: false, from: channel(from: "db2", id: 2, behind: 0))
        one.report.facts?.missing[.transactions] = .timeout
        one.report.facts?.unreadable[.transactions] = "SELECT @@gtid_executed was not answered yet"
        let catchUp = CatchUp(findings(one, node("db2", id: 2, readOnly: false)), of: "db1", with: "db2")
        let policy = FailoverPolicy(preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t"))
        let decision = policy.decide(
            FailoverSituation(
                preferred: .ready(noted: nil), catchUp: catchUp, now: FailoverTime(steady: 100, epoch: 1_800_000_000)))
        #expect(decision.cause == .lagUnknown)
        #expect(
            decision.reason
                == "this checker has just started, and it is not known how far db1 is behind db2 (db1: cannot read "
                + "transactions (timeout): SELECT @@gtid_executed was not answered yet)")
    }

    @Test(
        "A connecting channel, as after a restart of its source, is judged by what it lacks; a stopped one is not judged",
        arguments: [
            (Channel.IOThreadState.connecting, "0-2-7", 0), (.connecting, "0-2-6", nil), (.stopped, "0-2-7", nil),
        ] as [(Channel.IOThreadState, String, Double?)])
    func connecting(ioThread: Channel.IOThreadState, replicated: String, lag: Double?) throws {
        var one = node("db1", id: 1, readOnly: false, from: channel(from: "db2", id: 2, io: ioThread, behind: nil))
        one.report.facts?.transactions = try positions(replicated: replicated, state: "0-1-5")
        var two = node("db2", id: 2, readOnly: false)
        two.report.facts?.transactions = try positions(replicated: "", state: "0-1-5,0-2-7")
        let catchUp = CatchUp(findings(one, two), of: "db1", with: "db2")
        #expect(catchUp.lag == lag)
        #expect(catchUp.missing == (replicated == "0-2-7" ? 0 : 1))
    }

    @Test(
        "A standby that follows the preferred node and stayed read-only is judged by its own transactions, if GTIDs allow"
    )
    func oneWay() throws {
        func pair(
            standbyIsReadOnly: Bool = true, replicated: String = "", here: String, there: String
        ) throws -> CatchUp {
            var one = node("db1", id: 1, readOnly: false)
            one.report.facts?.transactions = try positions(replicated: replicated, state: here)
            var two = node("db2", id: 2, readOnly: standbyIsReadOnly, from: channel(from: "db1", id: 1, behind: 0))
            two.report.facts?.transactions = try positions(replicated: "", state: there)
            return CatchUp(findings(one, two), of: "db1", with: "db2")
        }
        #expect(try pair(here: "0-1-7", there: "0-1-5") == CatchUp(missing: 0, isOneWay: true))
        #expect(try pair(here: "0-1-7", there: "0-1-5,0-2-8") == CatchUp(missing: 1, isOneWay: true))
        // Left over from a former source.
        #expect(
            try pair(replicated: "0-9-1000000", here: "0-1-5", there: "0-1-5,0-2-5")
                == CatchUp(missing: nil, isOneWay: true))
        #expect(
            try pair(replicated: "0-2-1000", here: "0-1-5", there: "0-1-5,0-2-5")
                == CatchUp(missing: 0, isOneWay: true, isAhead: true))
        #expect(
            try pair(standbyIsReadOnly: false, here: "0-1-7", there: "0-1-5")
                == unknown("db1 does not replicate from db2"))
    }
}
