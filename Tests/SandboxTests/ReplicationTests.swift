import MariaDB
import Replication
import Sandbox
import Testing

extension SandboxSuite {
    @Suite("A sandbox replicates")
    struct ReplicationTests {
        static let wirings: [(String, Wiring)] = [
            ("primary and two replicas", .primary(replicas: 2)),
            ("chain of three", .chain(of: 3)),
            ("ring", .ring),
            ("two sources, one replica", .multiSource(sources: 2)),
        ]

        @Test("in every wiring, what is written on a writable node reaches every replica below it", arguments: wirings)
        func wiring(name: String, wiring: Wiring) async throws {
            let software = try await ServerSoftware.find()
            try await withSandbox(wiring, software: software) { sandbox in
                try await expectWritesArrive(in: sandbox)
            }
        }

        @Test("on every server software", arguments: try await SoftwareUnderTest.all.value)
        func software(software: ServerSoftware) async throws {
            try await withSandbox(.multiSource(sources: 2), software: software) { sandbox in
                try await expectWritesArrive(in: sandbox)
            }
        }

        @Test("by file and position, without GTIDs", arguments: try await SoftwareUnderTest.all.value)
        func byPosition(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            settings.usesGTID = false
            try await withSandbox(.primary(replicas: 1), software: software, settings: settings) { sandbox in
                try await expectWritesArrive(in: sandbox)
                let status = try await sandbox.server("db2").sql(
                    software.flavor == .mysql ? "SHOW REPLICA STATUS" : "SHOW ALL SLAVES STATUS")
                let usesGTID = status.first?.text(software.flavor == .mysql ? "Auto_Position" : "Using_Gtid")
                #expect(usesGTID == (software.flavor == .mysql ? "0" : "No"))
            }
        }

        @Test(
            "with a monitoring user that can read the replication status and nothing else",
            arguments: try await SoftwareUnderTest.all.value)
        func monitor(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let options = sandbox.monitorOptions(for: try sandbox.server("db2"))
                let session = Session(node: "db2") { options }
                let deadline = ContinuousClock.now + .seconds(10)
                let status = software.flavor == .mysql ? "SHOW REPLICA STATUS" : "SHOW ALL SLAVES STATUS"
                #expect(try await session.run([status], deadline: deadline).first?.rowCount == 1)
                #expect(try await session.run(["SHOW BINARY LOGS"], deadline: deadline).first?.isEmpty == false)
                await #expect(throws: MySQLError.self) {
                    _ = try await session.run(["SELECT * FROM sandbox.entries"], deadline: deadline)
                }
                await session.close()
            }
        }

        @Test(
            "to which nobody may connect over TCP without a password", arguments: try await SoftwareUnderTest.all.value)
        func accounts(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let users = try await sandbox.server("db1").sql("SELECT user AS name, host AS origin FROM mysql.user")
                    .rows
                    .map { "\($0.text("name") ?? "")@\($0.text("origin") ?? "")" }
                    .filter { !$0.hasPrefix("mysql.") && !$0.hasPrefix("mariadb.") }
                #expect(users.sorted() == ["exporter@127.0.0.1", "replicator@127.0.0.1", "root@localhost"])
            }
        }

        private func expectWritesArrive(in sandbox: Sandbox) async throws {
            for writable in sandbox.servers where writable.node.isWritable {
                let id = try await writable.write(note: "it's from \(writable.name)")
                try await sandbox.catchUp()
                for server in sandbox.servers where !server.node.links.isEmpty {
                    #expect(try await server.has(row: id), "\(server.name) lacks the row of \(writable.name)")
                }
            }
        }
    }
}
