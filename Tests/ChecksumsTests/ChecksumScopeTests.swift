import Replication
import Testing
import Topology

@testable import Checksums

@Suite("Whether a comparison is sound")
struct ChecksumScopeTests {
    /// db1 ← db2 ← db3, and db1 ← db4. Numbers are server IDs.
    private static func set(_ change: (inout [ReplicationSetReport.Node]) -> Void = { _ in }) -> SetFindings {
        var nodes = [node(1), node(2, from: 1), node(3, from: 2), node(4, from: 1)]
        change(&nodes)
        return SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
    }

    private static func node(_ number: UInt32, from source: UInt32? = nil) -> ReplicationSetReport.Node {
        var facts = NodeFacts(
            identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 6), port: 3306, serverID: number))
        facts.isReadOnly = source != nil
        facts.binaryLog = BinaryLog(isEnabled: true)
        facts.channels =
            source.map { source in
                var channel = Channel(
                    name: "", source: .init(host: "db\(source)", port: 3306, serverID: source), ioThread: .running,
                    isApplierRunning: true)
                channel.secondsBehindSource = 0
                return [channel]
            } ?? []
        return .init(
            NodeDescription(name: "db\(number)", address: .tcp(host: "db\(number)", port: 3306)),
            NodeReport(facts: facts))
    }

    private static func refusal(_ set: SetFindings, without: Set<String> = []) -> [String] {
        do throws(ChecksumRefusal) {
            _ = try ChecksumScope(set, leavingOut: without)
            return []
        } catch {
            return error.reasons
        }
    }

    @Test("The primary is compared with all nodes that replicate from it, directly or not")
    func everybody() throws {
        let scope = try ChecksumScope(Self.set())
        #expect(scope.primary == "db1")
        #expect(scope.replicas == ["db2", "db3", "db4"])
        #expect(try ChecksumScope(Self.set(), leavingOut: ["db3"]).replicas == ["db2", "db4"])
    }

    @Test("Two writable nodes: nothing is written to either")
    func twoWritable() {
        let set = Self.set {
            $0[1].report.facts?.isReadOnly = false
            $0[1].report.facts?.channels = []
        }
        #expect(Self.refusal(set).first?.contains("db1 and db2 both take writes") == true)
    }

    @Test("A node that is down is refused unless it is left out, and so are the nodes below it")
    func down() {
        let set = Self.set {
            $0[3].report = NodeReport(failure: NodeFailure(reason: .connect, message: "connection refused"))
        }
        #expect(Self.refusal(set) == ["db4 is down (connection refused); --without db4 leaves it out"])
        #expect(Self.refusal(set, without: ["db4"]) == [])
        #expect(Self.refusal(Self.set(), without: ["db2"]) == ["db3 replicates from db2, which is left out"])
    }

    @Test("A node that replicates from elsewhere, an unknown name, and no node to compare with")
    func others() {
        let stranger = Self.set { $0[3].report.facts?.channels = [] }
        #expect(Self.refusal(stranger) == ["db4 does not replicate from db1; --without db4 leaves it out"])
        #expect(Self.refusal(Self.set(), without: ["db9"]) == ["no node is named db9"])
        #expect(
            Self.refusal(Self.set(), without: ["db2", "db3", "db4"]) == ["there is no replica to compare db1 with"])
        #expect(
            Self.refusal(Self.set(), without: ["db1"]).first == "db1 is the source of all others; it cannot be left out"
        )
    }

    @Test("A filter anywhere on the way is refused, for all nodes below it")
    func filters() {
        let set = Self.set { $0[1].report.facts?.channels?[0].filters[.wildIgnoreTable] = 1 }
        let reasons = Self.refusal(set)
        #expect(reasons.count == 2)
        #expect(reasons.allSatisfy { $0.contains("filter") })
        let source = Self.set { $0[0].report.facts?.binaryLog?.filters[.ignoreDatabase] = 1 }
        #expect(Self.refusal(source).count == 3)
    }

    @Test("A primary without a binary log")
    func noBinaryLog() {
        let set = Self.set { $0[0].report.facts?.binaryLog = BinaryLog(isEnabled: false) }
        #expect(Self.refusal(set).contains { $0.contains("no binary log") })
    }

    // MARK: - Settings

    private static let ordinary = [
        "binlog_format": "ROW", "log_bin": "ON", "log_slave_updates": "ON", "tx_isolation": "REPEATABLE-READ",
        "slave_parallel_threads": "0", "slave_parallel_mode": "OPTIMISTIC", "wsrep_on": "OFF",
    ]

    private func reasons(_ changes: [String: [String: String]], without: Set<String> = []) throws -> [String] {
        var variables: [String: ServerVariables] = [:]
        for name in ["db1", "db2", "db3", "db4"] {
            variables[name] = ServerVariables(Self.ordinary.merging(changes[name] ?? [:]) { $1 })
        }
        return try ChecksumScope(Self.set(), leavingOut: without).reasons(against: variables)
    }

    @Test("An intermediate that logs rows passes its own results down; a leaf that does is harmless")
    func rowFormat() throws {
        let reasons = try reasons([:])
        #expect(reasons.count == 1)
        #expect(reasons[0].hasPrefix("db2 has replicas and writes its binary log in format ROW"))
        #expect(try self.reasons(["db2": ["binlog_format": "STATEMENT"]]) == [])
        #expect(try self.reasons(["db2": ["binlog_format": "MIXED"]]).count == 1)
        #expect(try self.reasons([:], without: ["db3"]) == [])
    }

    @Test("A replica whose applier reads without locks is refused if that breaks it or makes results wrong")
    func isolation() throws {
        func reasons(_ changes: [String: String]) throws -> [String] {
            try self.reasons(["db4": changes], without: ["db3"])
        }
        let unlocked = ["tx_isolation": "READ-COMMITTED"]
        #expect(try reasons(unlocked) == [])
        #expect(try reasons(unlocked.merging(["binlog_format": "STATEMENT"]) { $1 }).count == 1)
        #expect(try reasons(unlocked.merging(["slave_parallel_threads": "4"]) { $1 }).count == 1)
        #expect(
            try reasons(
                unlocked.merging(["slave_parallel_threads": "4", "slave_parallel_mode": "CONSERVATIVE"]) { $1 })
                == [])
        #expect(try reasons(["slave_parallel_threads": "4"]) == [])
        // MySQL's name for the variable.
        #expect(
            try reasons(["transaction_isolation": "READ-COMMITTED", "binlog_format": "STATEMENT"]).count == 1)
    }

    @Test("A Galera node is refused, wherever it is", arguments: ["db1", "db4"])
    func galera(name: String) throws {
        #expect(try reasons([name: ["wsrep_on": "ON"]], without: ["db3"]).count == 1)
    }

    // MARK: - Pausing

    private func verdict(
        _ change: (inout [ReplicationSetReport.Node]) -> Void = { _ in }
    ) throws -> ChecksumThrottle.Verdict {
        try ChecksumThrottle(scope: ChecksumScope(Self.set()), maxLag: 1, maxThreads: 25).verdict(Self.set(change))
    }

    @Test("If all is well, it continues")
    func goesOn() throws {
        #expect(try verdict() == .go)
        #expect(try verdict { $0[3].report.facts?.channels?[0].secondsBehindSource = 1 } == .go)
    }

    @Test("It pauses for a replica that lags, is down, is not reading, is not applying, or whose lag is not known")
    func pauses() throws {
        #expect(try verdict { $0[3].report.facts?.channels?[0].secondsBehindSource = 2 } == .pause("db4 lags"))
        #expect(try verdict { $0[2].report = NodeReport() } == .pause("db3 is down"))
        #expect(
            try verdict { $0[2].report.facts?.channels?[0].ioThread = .connecting }
                == .pause("db3 is not reading from db2"))
        #expect(
            try verdict { $0[2].report.facts?.channels?[0].isApplierRunning = false } == .pause("db3 is not applying"))
        #expect(
            try verdict { $0[2].report.facts?.channels?[0].secondsBehindSource = nil }
                == .pause("the lag of db3 is not known"))
        #expect(try verdict { $0[2].report.facts?.channels = [] } == .pause("db3 replicates from no node of the set"))
        let throttle = try ChecksumThrottle(scope: ChecksumScope(Self.set()), maxLag: 1, maxThreads: 25)
        #expect(throttle.verdict(nil) == .pause("the nodes could not be asked"))
        #expect(throttle.verdict(threadsRunning: 25) == .go)
        #expect(throttle.verdict(threadsRunning: 26) == .pause("db1 has 26 threads running"))
        #expect(throttle.verdict(threadsRunning: nil) == .go)
    }

    @Test("A configured delay does not count as lag; what exceeds it does")
    func delayed() throws {
        func verdict(behind seconds: Double) throws -> ChecksumThrottle.Verdict {
            try self.verdict {
                $0[3].report.facts?.channels?[0].configuredDelay = 60
                $0[3].report.facts?.channels?[0].secondsBehindSource = seconds
            }
        }
        #expect(try verdict(behind: 60) == .go)
        #expect(try verdict(behind: 62) == .pause("db4 lags"))
    }

    @Test("It stops when another node has become the primary, and waits while none is known")
    func failover() throws {
        #expect(
            try verdict {
                $0[0].report.facts?.isReadOnly = true
                $0[3].report.facts?.isReadOnly = false
                $0[3].report.facts?.channels = []
            } == .stop("db4 takes the writes now, not db1"))
        guard case .pause = try verdict({ $0[0].report.facts?.isReadOnly = true }) else {
            Issue.record("nobody is writable, and it went on")
            return
        }
    }
}
