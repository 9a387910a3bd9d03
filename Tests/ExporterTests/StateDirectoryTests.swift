import Configuration
import Foundation
import Logging
import Replication
import Testing
import Topology
import Traffic

@testable import Exporter

@Suite("What outlives the exporter")
struct StateDirectoryTests {
    private static let record = SetMemory.Record(
        nodes: [
            .init(name: "db1", address: "10.0.0.1:3306", serverID: 1, serverUUID: "u-1", startTime: 1_700_000_000),
            .init(name: "db2", address: "[::1]:3307", serverID: nil, serverUUID: nil, startTime: nil),
        ], writers: ["db1"], operatorsWord: "db1")

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("The text is read back as it was written")
    func text() throws {
        let state = StateText(
            time: 1_700_000_001.25, record: Self.record,
            lastFailoverCheck: .init(time: 1_700_000_000.5, preferred: "db1"))
        #expect(
            state.text == """
                state 1 1700000001.25
                node db1 10.0.0.1:3306 1 u-1 1700000000.0
                node db2 [::1]:3307 - - -
                writer db1
                word db1
                failover_check 1700000000.5 db1
                end

                """)
        #expect(StateText(parsing: state.text) == state)
    }

    @Test(
        "What is cut short, of another version, or nonsense is nothing",
        arguments: [
            "", "state 1 1700000001\n", "state 2 1700000001\nend\n", "state 1 nan\nend\n", "state 1 1e300\nend\n",
            "state 1 -1\nend\n", "state 1 1\nwriter\nend\n", "state 1 1\nwriter db1 db2\nend\n",
            "state 1 1\nroot db1\nend\n", "end\n", "state 1 1\nnode a b\nend\n",
        ])
    func nonsense(text: String) {
        #expect(StateText(parsing: text) == nil)
    }

    @Test("A file is written when something changes, and once a minute; only its owner may read it")
    func writing() throws {
        try withFolder { folder in
            let state = StateDirectory(folder, logger: Self.quiet)
            #expect(state.read("shop") == nil)
            state.write(Self.record, of: "shop", at: 1_700_000_000)
            let path = "\(folder)/shop.state"
            let first = try String(contentsOfFile: path, encoding: .utf8)
            state.write(Self.record, of: "shop", at: 1_700_000_059)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == first)
            state.write(Self.record, of: "shop", at: 1_700_000_060)
            #expect(StateDirectory(folder, logger: Self.quiet).read("shop")?.time == 1_700_000_060)
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
            #expect(StateDirectory(folder, logger: Self.quiet).read("shop") == nil)
        }
    }

    @Test("The last failover check counts for the node that it was made of")
    func failover() throws {
        try withFolder { folder in
            func set(preferring preferred: String, _ standby: String) -> ReplicationSet {
                let nodes = ["db1", "db2"].map { Node(name: $0, address: .tcp(host: $0, port: 3306)) }
                return ReplicationSet(
                    name: "shop", nodes: nodes,
                    failover: FailoverRule(
                        preferred: preferred, standby: standby, table: TableName(database: "p", table: "lastcheck")))
            }
            let good = FailoverMemory(answer: .preferred, goodCheck: 1_700_000_000)
            StateDirectory(folder, logger: Self.quiet).write(good, of: set(preferring: "db1", "db2"))
            let again = StateDirectory(folder, logger: Self.quiet)
            #expect(again.failoverMemory(of: set(preferring: "db1", "db2")) == good)
            #expect(again.failoverMemory(of: set(preferring: "db2", "db1")) == FailoverMemory())
            // "Standby" ends it.
            again.write(FailoverMemory(answer: .standby), of: set(preferring: "db1", "db2"))
            #expect(
                StateDirectory(folder, logger: Self.quiet).failoverMemory(of: set(preferring: "db1", "db2"))
                    == FailoverMemory())
        }
    }
}
