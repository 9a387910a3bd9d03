import Configuration
import Foundation
import Glibc
import Logging
import Replication
import Synchronization
import Testing
import Topology
import Traffic

@testable import Monitoring

@Suite("What outlives the exporter")
struct StateDirectoryTests {
    private static let record = SetMemory.Record(
        nodes: [
            .init(
                name: "db1", address: "10.0.0.1:3306", serverID: 1, serverUUID: "3e11fa47-71ca-11e1-9e33-c80aa9429562",
                startTime: 1_700_000_000),
            .init(name: "db2", address: "[::1]:3307", serverID: nil, serverUUID: nil, startTime: nil),
        ], writers: ["db1"], operatorsWord: "db1", writableThen: ["db1", "db2"])

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func good(_ seconds: Double = 0) -> FailoverMemory {
        // Every machine has been up for longer than that.
        let time = FailoverTime(steady: 1 + seconds / 1000, epoch: 1_700_000_000 + seconds)
        var memory = FailoverMemory(answer: .preferred, goodCheck: time)
        memory.server = FailoverServer(id: 7, uuid: ServerUUID("3e11fa47-71ca-11e1-9e33-c80aa9429562"))
        return memory
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("Before an exporter writes, the drafts of processes that no longer exist are removed, and no other file")
    func abandonedDrafts() throws {
        try withFolder { folder in
            // Linux numbers processes up to 4194304 at most. The parent of this one exists.
            let (gone, alive) = ("4194305", "\(getppid())")
            let drafts = ["shop.state~", "shop.failover~", "shop.failover-check~", "a.b.state~"]
            let others =
                drafts.map { $0 + alive }
                + [
                    "shop.state", "shop.failover", "shop.state~", "shop.state~0\(gone)", "shop.state~-\(gone)",
                    "shop.state~\(gone)~", "shop.state~99999999999999999999", "shop.state.\(gone)", "notes~\(gone)",
                    "shop.statement~\(gone)",
                ]
            for name in others + drafts.map({ $0 + gone }) + ["shop.state~\(getpid())"] {
                try "".write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            }
            let state = StateDirectory(folder, name: "test", logger: Self.quiet)
            #expect(state.write(Self.record, of: "other", at: 1_700_000_000) == nil)
            #expect(
                try Set(FileManager.default.contentsOfDirectory(atPath: folder)) == Set(others + ["other.state"]))
        }
    }

    @Test("The text is read back unchanged")
    func text() throws {
        let state = StateText(time: 1_700_000_001.25, record: Self.record)
        #expect(
            state.text == """
                state 1 1700000001.25
                node db1 10.0.0.1:3306 1 3e11fa47-71ca-11e1-9e33-c80aa9429562 1700000000.0
                node db2 [::1]:3307 - - -
                writer db1
                word db1 db1 db2
                end

                """)
        #expect(StateText(parsing: state.text) == state)
    }

    @Test(
        "A text that is cut short, of another version, or invalid is ignored",
        arguments: [
            "", "state 1 1700000001\n", "state 2 1700000001\nend\n", "state 1 nan\nend\n", "state 1 1e300\nend\n",
            "state 1 -1\nend\n", "state 1 1\nwriter\nend\n", "state 1 1\nwriter db1 db2\nend\n",
            "state 1 1\nfailover_check 1 db1\nend\n", "state 1 1\nroot db1\nend\n", "end\n",
            "state 1 1\nnode a b\nend\n",
        ])
    func nonsense(text: String) {
        #expect(StateText(parsing: text) == nil)
    }

    @Test("A file is written when something changes, and once a minute; only its owner may read it")
    func writing() throws {
        try withFolder { folder in
            let state = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            #expect(state.read("shop") == nil)
            state.write(Self.record, of: "shop", at: 1_700_000_000)
            let path = "\(folder)/shop.state"
            let first = try String(contentsOfFile: path, encoding: .utf8)
            state.write(Self.record, of: "shop", at: 1_700_000_059)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == first)
            state.write(Self.record, of: "shop", at: 1_700_000_060)
            #expect(
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).read("shop")?.time
                    == 1_700_000_060)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["shop.state"])
        }
    }

    @Test("A link in the file's place is not followed")
    func link() throws {
        try withFolder { folder in
            let elsewhere = "\(folder)/elsewhere"
            try StateText(time: 1_700_000_000, record: Self.record).text.write(
                toFile: elsewhere, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/shop.state", withDestinationPath: elsewhere)
            #expect(StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).read("shop") == nil)
        }
    }

    @Test("The last failover check counts only for the node that was checked")
    func failover() throws {
        try withFolder { folder in
            func set(preferring preferred: String, _ standby: String) -> ReplicationSet {
                let nodes = ["db1", "db2"].map { Node(name: $0, address: .tcp(host: $0, port: 3306)) }
                return ReplicationSet(
                    name: "shop", nodes: nodes,
                    failover: FailoverPolicy(
                        preferred: preferred, standby: standby, table: TableName(database: "p", table: "lastcheck")))
            }
            let good = Self.good()
            StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).write(
                good, of: set(preferring: "db1", "db2"))
            let again = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            #expect(again.failoverMemory(of: set(preferring: "db1", "db2")) == good)
            #expect(again.failoverMemory(of: set(preferring: "db2", "db1")) == FailoverMemory())
            // "Standby" removes it.
            again.write(FailoverMemory(answer: .standby), of: set(preferring: "db1", "db2"))
            #expect(
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).failoverMemory(
                    of: set(preferring: "db1", "db2"))
                    == FailoverMemory(answer: .standby))
        }
    }

    private static let shop = ReplicationSet(
        name: "shop", nodes: ["db1", "db2"].map { Node(name: $0, address: .tcp(host: $0, port: 3306)) },
        failover: FailoverPolicy(
            preferred: "db1", standby: "db2", table: TableName(database: "p", table: "lastcheck")))

    @Test("The exporter and the command, which may share a directory, each keep their own checks")
    func checkers() throws {
        try withFolder { folder in
            let good = Self.good()
            let exporter = StateDirectory(folder, name: "monitor", logger: Self.quiet)
            exporter.write(Self.record, of: "shop", at: 1_700_000_000)
            exporter.write(good, of: Self.shop)
            let command = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            #expect(command.failoverMemory(of: Self.shop) == FailoverMemory())
            command.write(good, of: Self.shop)
            // The exporter keeps writing its own; what the command has removed does not come back.
            command.write(FailoverMemory(answer: .standby), of: Self.shop)
            exporter.write(Self.record, of: "shop", at: 1_700_000_100)
            exporter.write(Self.good(101), of: Self.shop)
            let later = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            #expect(later.failoverMemory(of: Self.shop) == FailoverMemory(answer: .standby))
            #expect(
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).read("shop")?.record
                    == Self.record)
        }
    }

    @Test(
        "While the exporter runs, no file says that the preferred node has the requests, whatever becomes of the process"
    )
    func usedUp() throws {
        try withFolder { folder in
            func exporter() -> StateDirectory { StateDirectory(folder, name: "monitor", logger: Self.quiet) }
            let file = "\(folder)/shop.failover"
            exporter().write(Self.good(), of: Self.shop, isLast: true)
            let running = exporter()
            #expect(running.failoverMemory(of: Self.shop) == Self.good())
            #expect(!FileManager.default.fileExists(atPath: file))
            running.write(Self.good(1), of: Self.shop, isLast: false)
            #expect(!FileManager.default.fileExists(atPath: file))
            // That the standby has them is written at once, and stays if the process is killed.
            running.write(FailoverMemory(answer: .standby), of: Self.shop, isLast: false)
            for _ in 0..<2 { #expect(exporter().failoverMemory(of: Self.shop) == FailoverMemory(answer: .standby)) }
            let again = exporter()
            _ = again.failoverMemory(of: Self.shop)
            again.write(Self.good(2), of: Self.shop, isLast: false)
            #expect(!FileManager.default.fileExists(atPath: file))
            again.write(Self.good(2), of: Self.shop, isLast: true)
            #expect(exporter().failoverMemory(of: Self.shop) == Self.good(2))
        }
    }

    @Test("A run of the command that ends late does not bring back what another one has removed")
    func overlapping() throws {
        try withFolder { folder in
            func command() -> StateDirectory {
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            }
            let good = Self.good()
            command().write(good, of: Self.shop)
            let (early, late) = (command(), command())
            #expect(early.failoverMemory(of: Self.shop) == good)
            #expect(late.failoverMemory(of: Self.shop) == good)
            early.write(FailoverMemory(answer: .standby), of: Self.shop)
            late.write(Self.good(1), of: Self.shop)
            #expect(command().failoverMemory(of: Self.shop) == FailoverMemory(answer: .standby))
        }
    }

    @Test("A check that cannot be saved leaves no file behind, so that less is known")
    func fullDisk() throws {
        try withFolder { folder in
            let good = Self.good()
            let state = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            state.write(good, of: Self.shop)
            // No file can be created under this name, not even by root.
            try FileManager.default.createDirectory(
                atPath: "\(folder)/shop.failover-check~\(getpid())", withIntermediateDirectories: false)
            state.write(Self.good(10), of: Self.shop)
            #expect(
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).failoverMemory(
                    of: Self.shop)
                    == FailoverMemory())
        }
    }

    @Test("A check from an earlier boot, or from the future, is ignored")
    func boots() throws {
        try withFolder { folder in
            func state(_ boot: String?) -> StateDirectory {
                StateDirectory(folder, checker: .command, name: "monitor", boot: boot, logger: Self.quiet)
            }
            state("boot-1").write(Self.good(), of: Self.shop)
            #expect(state("boot-1").failoverMemory(of: Self.shop, at: 1) == Self.good())
            #expect(state("boot-1").failoverMemory(of: Self.shop, at: 0.9) == FailoverMemory())
            #expect(state("boot-2").failoverMemory(of: Self.shop, at: 1) == FailoverMemory())
            #expect(state(nil).failoverMemory(of: Self.shop, at: 1) == FailoverMemory())
        }
    }

    @Test("The answer \"standby\" is kept, and since when the standby has been failing")
    func standby() throws {
        try withFolder { folder in
            func state(_ boot: String) -> StateDirectory {
                StateDirectory(folder, checker: .command, name: "monitor", boot: boot, logger: Self.quiet)
            }
            var memory = FailoverMemory(answer: .standby)
            memory.standbyFailedSince = 7.5
            state("boot-1").write(memory, of: Self.shop)
            #expect(state("boot-1").failoverMemory(of: Self.shop, at: 8) == memory)
            // The time is then unknown.
            #expect(state("boot-2").failoverMemory(of: Self.shop, at: 8) == FailoverMemory(answer: .standby))
            #expect(state("boot-1").failoverMemory(of: Self.shop, at: 7) == FailoverMemory(answer: .standby))
            // An operator's decision is only for the process that received it, and without an answer nothing is kept.
            memory.isAccepted = true
            state("boot-1").write(memory, of: Self.shop)
            #expect(state("boot-1").failoverMemory(of: Self.shop, at: 8)?.isAccepted == false)
            state("boot-1").write(FailoverMemory(), of: Self.shop)
            #expect(state("boot-1").failoverMemory(of: Self.shop, at: 8)?.answer == .standby)
        }
    }

    @Test("A good check that was not recorded is distinguished from an earlier one that was")
    func notNoted() throws {
        try withFolder { folder in
            func state() -> StateDirectory {
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            }
            var memory = Self.good()
            memory.goodCheck = 1.5
            state().write(memory, of: Self.shop)
            #expect(state().failoverMemory(of: Self.shop) == memory)
            memory.noted = nil
            state().write(memory, of: Self.shop)
            #expect(state().failoverMemory(of: Self.shop) == memory)
        }
    }

    @Test("A run that found no file does not overwrite the \"standby\" of one that ended before it")
    func overlappingFirst() throws {
        try withFolder { folder in
            func command() -> StateDirectory {
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            }
            let late = command()
            #expect(late.failoverMemory(of: Self.shop) == FailoverMemory())
            command().write(FailoverMemory(answer: .standby), of: Self.shop)
            late.write(Self.good(), of: Self.shop)
            #expect(command().failoverMemory(of: Self.shop) == FailoverMemory(answer: .standby))
            // A run that has read "standby" has checked replication before it answered otherwise.
            let next = command()
            _ = next.failoverMemory(of: Self.shop)
            next.write(Self.good(1), of: Self.shop)
            #expect(command().failoverMemory(of: Self.shop) == Self.good(1))
        }
    }

    @Test(
        "A failover check's text that is cut short, of another version, or invalid is ignored",
        arguments: [
            "", "end\n", "by a\nend\n", "failover 3 b 100 db1\nby a\nend", "failover 3 b 100 db1\nend\n",
            "failover 2 b 100 db1\nby a\nend\n", "failover 3 b 300 db1\nby a\nend\n",
            "failover 3 b 100 db1\ncheck 1 1\nby a\nend\n", "failover 3 b 100 db1\ncheck nan 1 -\nby a\nend\n",
            "failover 3 b 100 db1\nnoted 1 nan\nby a\nend\n", "failover 3 b 100 db1\nnoted 1\nby a\nend\n",
            "failover 3 b 200 db1\nstandby-failed -1\nby a\nend\n", "check 1 1 -\nby a\nend\n",
        ])
    func failoverNonsense(text: String) {
        #expect(FailoverText(parsing: text) == nil)
    }

    @Test(
        "A \"preferred\" that cannot be revoked may be outdated; a \"standby\" counts on a read-only file system as well"
    )
    func readOnly() throws {
        try withFolder { folder in
            StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).write(
                Self.good(), of: Self.shop)
            for stuck in [folder, "\(folder)/shop.failover-check"] {
                let state = StateDirectory(
                    folder, checker: .command, name: "monitor", logger: Self.quiet, mayWrite: { $0 != stuck })
                #expect(state.complaint == nil)
                #expect(state.failoverMemory(of: Self.shop) == .doubtful)
                #expect(
                    state.complaint?.hasSuffix("/shop.failover-check cannot be changed, so its content is ignored")
                        == true)
            }
            let state = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            #expect(state.failoverMemory(of: Self.shop) == Self.good())
            #expect(state.complaint == nil)
            state.write(FailoverMemory(answer: .standby), of: Self.shop)
            let stuck = StateDirectory(
                folder, checker: .command, name: "monitor", logger: Self.quiet, mayWrite: { _ in false })
            #expect(stuck.failoverMemory(of: Self.shop) == FailoverMemory(answer: .standby))
        }
    }

    @Test(
        "An empty or invalid file means that the last answer is not known, until there is one",
        arguments: ["", "failover 3 b 100 db1\n", "failover 2 b 100 db1\nby a\nend\n"])
    func invalid(text: String) throws {
        try withFolder { folder in
            let file = "\(folder)/shop.failover"
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            let state = StateDirectory(folder, name: "monitor", logger: Self.quiet)
            #expect(state.failoverMemory(of: Self.shop) == .doubtful)
            state.write(.doubtful, of: Self.shop, isLast: false)
            state.write(Self.good(), of: Self.shop, isLast: false)
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test("A file that cannot be read is not a missing one")
    func unreadable() throws {
        try withFolder { folder in
            let file = "\(folder)/shop.failover"
            // May not be followed.
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "\(folder)/other")
            let state = StateDirectory(folder, name: "monitor", logger: Self.quiet)
            #expect(state.failoverMemory(of: Self.shop) == nil)
            try FileManager.default.removeItem(atPath: file)
            #expect(state.failoverMemory(of: Self.shop) == FailoverMemory())
            // Nor is one whose directory is gone.
            try FileManager.default.removeItem(atPath: folder)
            #expect(state.failoverMemory(of: Self.shop) == nil)
        }
    }

    @Test("If the disk is full, a file that is emptied shows that the standby may have the requests")
    func fullDiskStandby() throws {
        try withFolder { folder in
            func command() -> StateDirectory {
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            }
            let (early, late) = (command(), command())
            early.write(Self.good(), of: Self.shop)
            #expect(late.failoverMemory(of: Self.shop) == Self.good())
            // No file can be created under this name, not even by root.
            let obstacle = "\(folder)/shop.failover-check~\(getpid())"
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            for _ in 0..<2 { #expect(early.write(FailoverMemory(answer: .standby), of: Self.shop) != nil) }
            #expect(command().failoverMemory(of: Self.shop) == .doubtful)
            try FileManager.default.removeItem(atPath: obstacle)
            // A run that went by the earlier "preferred" does not bring that back.
            late.write(Self.good(1), of: Self.shop)
            #expect(command().failoverMemory(of: Self.shop) == .doubtful)
            #expect(early.write(FailoverMemory(answer: .standby), of: Self.shop) == nil)
            #expect(command().failoverMemory(of: Self.shop) == FailoverMemory(answer: .standby))
        }
    }

    @Test("What an answer depends on is on the disk when it is given; an unbroken \"preferred\" need not be")
    func synced() throws {
        try withFolder { folder in
            let count = Mutex(0)
            let isFailing = Mutex(false)
            let state = StateDirectory(
                folder, checker: .command, name: "monitor", logger: Self.quiet,
                sync: { descriptor in
                    count.withLock { $0 += 1 }
                    return isFailing.withLock { $0 } ? -1 : fsync(descriptor)
                })
            func syncs(_ body: () -> String?) -> Int {
                let before = count.withLock { $0 }
                #expect(body() == nil)
                return count.withLock { $0 } - before
            }
            // The draft, and the directory after it has been renamed.
            #expect(syncs { state.write(Self.record, of: "shop", at: 1_700_000_000) } == 2)
            #expect(syncs { state.write(FailoverMemory(answer: .standby), of: Self.shop) } == 2)
            #expect(syncs { state.write(FailoverMemory(answer: .standby), of: Self.shop) } == 0)
            #expect(syncs { state.write(Self.good(), of: Self.shop) } == 0)
            isFailing.withLock { $0 = true }
            #expect(state.write(FailoverMemory(answer: .standby), of: Self.shop) != nil)
        }
    }

    @Test("The system reports the current boot, and how long the machine has been up")
    func boot() {
        #expect(Boot.id?.count == 36)
        #expect(FailoverTime.now.steady > 1)
    }

    @Test("A full disk leaves no outdated file behind, and the state is written when there is space")
    func fullDiskState() throws {
        try withFolder { folder in
            func read() -> StateText? {
                StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet).read("shop")
            }
            let state = StateDirectory(folder, checker: .command, name: "monitor", logger: Self.quiet)
            state.write(Self.record, of: "shop", at: 1_700_000_000)
            // No file can be created under this name, not even by root.
            let obstacle = "\(folder)/shop.state~\(getpid())"
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            // Still valid, if older.
            state.write(Self.record, of: "shop", at: 1_700_000_070)
            #expect(read() == StateText(time: 1_700_000_000, record: Self.record))
            var changed = Self.record
            changed.writers = ["db2"]
            changed.operatorsWord = nil
            changed.writableThen = []
            state.write(changed, of: "shop", at: 1_700_000_071)
            #expect(read() == nil)
            #expect(state.complaint?.hasPrefix("cannot write ") == true)
            try FileManager.default.removeItem(atPath: obstacle)
            state.write(changed, of: "shop", at: 1_700_000_072)
            #expect(read() == StateText(time: 1_700_000_072, record: changed))
        }
    }

    @Test("What one checker has kept is ignored under another name, with another table, or for other addresses")
    func names() throws {
        try withFolder { folder in
            let good = Self.good()
            func state(_ name: String) -> StateDirectory {
                StateDirectory(folder, checker: .command, name: name, logger: Self.quiet)
            }
            state("vm \n1").write(good, of: Self.shop)
            #expect(state("vm \n1").failoverMemory(of: Self.shop) == good)
            #expect(state("lb1").failoverMemory(of: Self.shop) == FailoverMemory())
            let moved = ReplicationSet(
                name: "shop", nodes: Self.shop.nodes,
                failover: FailoverPolicy(
                    preferred: "db1", standby: "db2", table: TableName(database: "p", table: "other")))
            #expect(state("vm \n1").failoverMemory(of: moved) == FailoverMemory())
            let nodes = ["db1", "db2"].map { Node(name: $0, address: .tcp(host: "new-\($0)", port: 3306)) }
            let elsewhere = ReplicationSet(name: "shop", nodes: nodes, failover: Self.shop.failover)
            #expect(state("vm \n1").failoverMemory(of: elsewhere) == FailoverMemory())
        }
    }
}
