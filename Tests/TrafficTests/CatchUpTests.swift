import Replication
import Testing
import Topology

@testable import Traffic

@Suite("Catching up with the standby")
struct CatchUpTests {
    private func positions(replicated: String, state: String) throws -> TransactionHistory {
        let logged = try GTIDPosition(parsing: "")
        return .positions(
            .init(
                replicated: try GTIDPosition(parsing: replicated), logged: logged, current: logged,
                state: try GTIDBinlogState(parsing: state)))
    }

    @Test(
        "MariaDB: every writer of every domain counts",
        arguments: [
            // Both have all: the preferred node (1) wrote 100, of which nothing is in its gtid_slave_pos.
            ("0-2-50", "0-1-100,0-2-50", "0-1-100,0-2-50", 0),
            // The standby (2) went on to 150 while the preferred node was away.
            ("0-2-50", "0-1-100,0-2-50", "0-1-100,0-2-150", 100),
            ("0-2-150", "0-1-100,0-2-150", "0-1-100,0-2-150", 0),
            // It wrote something of its own after the standby had taken over: ahead in number, and yet behind.
            ("0-2-50", "0-1-160,0-2-50", "0-1-100,0-2-150", 100),
            // It lost, by a crash, what the standby has of it.
            ("0-2-50", "0-1-90,0-2-50", "0-1-100,0-2-50", 10),
            // Made anew from the standby, with nothing in its binary log but a position.
            ("0-2-150", "", "0-1-100,0-2-150", 0), ("0-2-140", "", "0-1-100,0-2-150", 10),
            // Without log_slave_updates.
            ("0-2-150", "0-1-100", "0-1-100,0-2-150", 0),
            ("", "", "", 0), ("", "", "3-2-7", 7), ("0-2-5", "0-2-5", "0-2-7,1-2-4", 6),
        ])
    func mariaDB(replicated: String, state: String, standby: String, missing: UInt64) throws {
        let here = try positions(replicated: replicated, state: state)
        #expect(here.missing(from: try positions(replicated: "", state: standby)) == missing)
    }

    @Test("MySQL: the sets are subtracted; different kinds cannot be compared")
    func mySQL() throws {
        let uuid = "00000000-0000-0000-0000-000000000001"
        func set(_ intervals: String) throws -> TransactionHistory {
            .set(executed: try GTIDSet(parsing: "\(uuid):\(intervals)"), server: nil)
        }
        #expect(try set("1-100").missing(from: set("1-100")) == 0)
        #expect(try set("1-90:95").missing(from: set("1-100")) == 9)
        #expect(try set("1-200").missing(from: set("1-100")) == 0)
        #expect(try set("1-100").missing(from: positions(replicated: "", state: "")) == nil)
    }

    @Test("Lag counts of the channel from the standby alone")
    func lag() {
        let standby = node("db2", id: 2, readOnly: false)
        let both = findings(
            node(
                "db1", id: 1, from: channel("x", from: "elsewhere", id: 9, behind: 700),
                channel("y", from: "db2", id: 2, behind: 3)), standby)
        #expect(CatchUp(both, of: "db1", with: "db2") == CatchUp(lag: 3, missing: nil, bytes: nil))
        let stopped = findings(
            node("db1", id: 1, from: channel(from: "db2", id: 2, io: .stopped, behind: 0)), standby)
        #expect(CatchUp(stopped, of: "db1", with: "db2") == CatchUp())
        #expect(CatchUp(findings(node("db1", id: 1), standby), of: "db1", with: "db2") == CatchUp())
        #expect(CatchUp(findings(silent("db1"), standby), of: "db1", with: "db2") == CatchUp())
    }

    @Test(
        "A standby that follows the preferred node and stayed read-only: what it has of its own tells, where GTIDs do")
    func oneWay() throws {
        func pair(standbyIsReadOnly: Bool = true, here: String, there: String) throws -> CatchUp {
            var one = node("db1", id: 1, readOnly: false)
            one.report.facts?.transactions = try positions(replicated: "", state: here)
            var two = node("db2", id: 2, readOnly: standbyIsReadOnly, from: channel(from: "db1", id: 1, behind: 0))
            two.report.facts?.transactions = try positions(replicated: "", state: there)
            return CatchUp(findings(one, two), of: "db1", with: "db2")
        }
        #expect(try pair(here: "0-1-7", there: "0-1-5") == CatchUp(missing: 0, isOneWay: true))
        #expect(try pair(here: "0-1-7", there: "0-1-5,0-2-8") == CatchUp(missing: 8, isOneWay: true))
        #expect(try pair(standbyIsReadOnly: false, here: "0-1-7", there: "0-1-5") == CatchUp())
    }
}
