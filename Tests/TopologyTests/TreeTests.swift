import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("The set as a tree")
struct TreeTests {
    /// `db1(db2(db3) db4)`; a node met before ends in `…`.
    func text(_ nodes: ReplicationSetReport.Node...) -> String {
        let findings = SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
        func text(_ branch: TopologyTree.Branch) -> String {
            let name = findings.nodes[branch.node].description.name + (branch.isRepeated ? "…" : "")
            return branch.branches.isEmpty ? name : "\(name)(\(branch.branches.map(text).joined(separator: " ")))"
        }
        return TopologyTree(findings).roots.map(text).joined(separator: " ")
    }

    @Test("Each node is placed below its source")
    func chain() {
        #expect(
            text(
                node("db1", id: 1), node("db2", id: 2, from: channel(id: 1)), node("db3", id: 3, from: channel(id: 2)),
                node("db4", id: 4, from: channel(id: 1)), node("db5", id: 5)) == "db1(db2(db3) db4) db5")
    }

    @Test("A ring is opened at its first node, and a second channel does not repeat what is below")
    func rings() {
        #expect(
            text(node("db1", id: 1, from: channel(id: 2)), node("db2", id: 2, from: channel(id: 1)))
                == "db1(db2(db1…))")
        #expect(
            text(
                node("db1", id: 1), node("db2", id: 2),
                node("db3", id: 3, from: channel("a", id: 1), channel("b", id: 2)),
                node("db4", id: 4, from: channel(id: 3))) == "db1(db3(db4)) db2(db3…)")
    }

    @Test("A node that does not answer is placed below its intended source; one that follows itself is a root")
    func silentNodes() {
        #expect(text(node("db1", id: 1), silent("db2", intending: ["": "db1"]), silent("db3")) == "db1(db2) db3")
        #expect(text(node("db1", id: 1, from: channel(from: "db1:3306", id: 1, io: .stopped))) == "db1")
    }
}

@Suite("Troubles: what a DBA should know about, in words")
struct TroubleTests {
    func troubles(of replica: Channel) throws -> [Trouble] {
        let set = ReplicationSetReport(
            node("db1", id: 1, binlog: "bin.000005:500"), node("db2", id: 2, intending: ["": "db1"], from: replica))
        return try SetFindings(set)["db2"].channel().troubles
    }

    @Test("A healthy channel has no troubles")
    func healthy() throws {
        #expect(try troubles(of: channel(id: 1, read: "bin.000005:500", behind: 0)) == [])
    }

    @Test("Each failed check is reported, with the server's message on one line")
    func broken() throws {
        let wrong = channel(from: "x:3306", id: 7, read: "bin.000005:500", behind: 0)
        #expect(
            try troubles(of: wrong) == [
                Trouble(
                    .wrongSource,
                    "replicates from x:3306 (server_id 7), which is not a node of the set, instead of db1")
            ])
        let purged = channel(id: 1, io: .stopped, read: "bin.000009:500").with {
            $0.ioError = .init(number: 1236, message: "Could not find first log file name\nin the index")
        }
        #expect(
            try troubles(of: purged) == [
                Trouble(.binaryLogMissing, "the source does not have the binary log bin.000009"),
                Trouble(
                    .receiverFailing, "IO thread stopped: error 1236: Could not find first log file name in the index"),
            ])
        let late = channel(id: 1, applies: false, read: "bin.000005:500").with {
            $0.applierError = .init(number: 0, message: "")
        }
        #expect(try troubles(of: late) == [Trouble(.applierStopped, "SQL thread stopped")])
    }

    @Test("The wrong source is named, and the intended one")
    func wrongSource() throws {
        let proxied = node(
            "db2", id: 2, intending: ["": "db1"], from: channel(from: "127.0.0.1:38091", id: 3, behind: 0))
        let inside = findings(node("db1", id: 1), node("db3", id: 3), proxied)
        #expect(
            try inside["db2"].channel().troubles.map(\.text) == ["replicates from db3 (127.0.0.1:38091) instead of db1"]
        )
        let outside = findings(
            node("db3", id: 3),
            node("db2", id: 2, intending: ["": "outside"], from: channel(from: "db3", id: 3, behind: 0)))
        #expect(
            try outside["db2"].channel().troubles.map(\.text) == [
                "replicates from db3 (db3:3306) instead of a server outside the set"
            ])
    }

    @Test(
        "A thread that was stopped by hand is a warning, as in the alerts; one with an error, or that keeps trying, is critical"
    )
    func threads() throws {
        func kinds(_ io: Channel.IOThreadState, ioError: UInt32 = 0, applies: Bool, error: UInt32 = 0) throws
            -> [Trouble.Kind]
        {
            let replica = channel(id: 1, io: io, applies: applies, behind: 0).with {
                $0.ioError = .init(number: ioError, message: "")
                $0.applierError = .init(number: error, message: "")
            }
            return try troubles(of: replica).map(\.kind)
        }
        #expect(try kinds(.stopped, applies: false) == [.receiverStopped, .applierStopped])
        #expect(try kinds(.stopped, ioError: 13114, applies: true) == [.receiverFailing])
        #expect(try kinds(.connecting, applies: true) == [.receiverFailing])
        #expect(try kinds(.running, applies: false, error: 1062) == [.applierFailing])
        #expect(try kinds(.running, applies: true, error: 1062) == [.applierFailing])
        #expect(Trouble.Kind.receiverStopped.severity == .warning)
        #expect(Trouble.Kind.receiverFailing.severity == .critical)
    }

    @Test("An IO thread that does not get through says how often it has tried; one that was stopped by hand does not")
    func attempts() throws {
        func text(_ io: Channel.IOThreadState, tried: UInt64, of limit: UInt64? = 10) throws -> String? {
            let lost = channel(id: 1, io: io).with {
                $0.connects = .init(tried: tried, limit: limit)
                $0.ioError = .init(number: 2003, message: "Can't connect")
            }
            return try troubles(of: lost).map(\.text).first
        }
        #expect(try text(.connecting, tried: 7) == "IO thread connecting, tried 7 times: error 2003: Can't connect")
        #expect(
            try text(.stopped, tried: 10)
                == "IO thread stopped, gave up after 10 tries (Master_Retry_Count): error 2003: Can't connect")
        #expect(try text(.stopped, tried: 1) == "IO thread stopped: error 2003: Can't connect")
        #expect(try text(.connecting, tried: 0) == "IO thread connecting: error 2003: Can't connect")
    }

    @Test("A full relay log is the replica's own trouble, not the source's")
    func relayLogFull() throws {
        let full = channel(id: 1, read: "bin.000005:500", behind: 8).with { $0.isRelayLogFull = true }
        let set = findings(node("db1", id: 1), node("db2", id: 2, from: full))
        #expect(try set["db2"].channel().troubles.map(\.kind) == [.relayLogFull])
        #expect(try set["db2"].channel().lag == Lag(seconds: 8, method: .secondsBehindSource))
    }

    @Test(
        "A silent source is reported, whatever lag the server claims",
        arguments: [(61, "61 s"), (1e300, "a long time"), (.infinity, "a long time"), (.nan, "a long time")]
            as [(Double, String)])
    func silence(seconds: Double, text: String) throws {
        let frozen = channel(id: 1, read: "bin.000005:500", behind: 0).with {
            $0.sourceSilence = seconds
            $0.heartbeatPeriod = 30
        }
        #expect(try troubles(of: frozen) == [Trouble(.sourceSilent, "nothing has arrived from the source for \(text)")])
    }

    @Test("A source without a binary log is called that, also if its replica finds its place by GTID")
    func noLog() throws {
        let source = node("db1", id: 1).with { $0.binaryLog = BinaryLog(isEnabled: false) }
        let replica = node("db2", id: 2, from: channel(id: 1, io: .stopped).with { $0.usesGTID = true })
        let kinds = try findings(source, replica)["db2"].channel().troubles
        #expect(kinds.contains(Trouble(.binaryLogMissing, "the source has no binary log")))
    }

    @Test("More than one writable node is reported, except for the sources of a replica that follows several")
    func writable() {
        func set(_ nodes: ReplicationSetReport.Node...) -> [String] {
            SetFindings(ReplicationSetReport(name: "shop", nodes: nodes)).troubles.map(\.text)
        }
        let one = node("db1", id: 1).with { $0.isReadOnly = false }.positions(state: "0-1-5")
        let two = node("db2", id: 2).with { $0.isReadOnly = false }.positions(state: "1-2-7")
        let replica = node("db3", id: 3, from: channel("a", id: 1), channel("b", id: 2)).with { $0.isReadOnly = true }
        #expect(set(one, two) == ["2 nodes take writes: db1, db2"])
        #expect(set(one, two, replica) == [])
        #expect(set(node("db3", id: 3).with { $0.isReadOnly = true }) == ["no node is writable"])
        #expect(set(replica) == [], "what is written outside is nobody's here")
        #expect(set(replica, silent("db1")) == [])
        #expect(set(one, node("db2", id: 1).with { $0.isReadOnly = true }) == ["db1 and db2 have the same server_id 1"])
    }
}
