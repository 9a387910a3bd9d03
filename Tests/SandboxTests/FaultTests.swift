import Foundation
import MariaDB
import Replication
import Sandbox
import Testing

extension SandboxSuite {
    /// What each fault does, as reported by the servers themselves.
    @Suite("Faults")
    struct FaultTests {
        @Test(
            "of the replication threads show in the replica's status, and are repaired",
            arguments: try await SoftwareUnderTest.all.value)
        func threads(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = try (sandbox.server("db1"), sandbox.server("db2"))

                try await replica.stopIO()
                try await replica.waitUntil("IO thread stopped") { $0.ioThread == "No" && $0.sqlThread == "Yes" }
                let row = try await primary.write()
                try await replica.startIO()
                try await replica.catchUp(with: primary)
                #expect(try await replica.has(row: row))

                try await replica.stopSQL()
                try await replica.waitUntil("SQL thread stopped") { $0.ioThread == "Yes" && $0.sqlThread == "No" }
                try await replica.startSQL()
                try await replica.waitUntil("both run") { $0.isRunning }

                // Twice, because a repaired replica must be breakable again.
                for _ in 1...2 {
                    try await sandbox.breakSQL("db2")
                    #expect(try await replica.channels().first?.sqlErrno == 1062)
                    try await sandbox.repairSQL("db2")
                    #expect(try await replica.channels().first?.sqlErrno == 0)
                }
                try await sandbox.catchUp()
            }
        }

        @Test(
            "a lock lets a replica fall behind while both threads run", arguments: try await SoftwareUnderTest.all.value
        )
        func lock(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = try (sandbox.server("db1"), sandbox.server("db2"))
                try await replica.lock()
                try await primary.write()
                let end = try await primary.binlogPosition()
                try await replica.waitUntil("has read, not applied") {
                    $0.readFile == end.file && $0.readPosition == end.offset && $0.execPosition < end.offset
                        && $0.isRunning
                }
                try await replica.waitUntil("is behind") { ($0.secondsBehindSource ?? 0) > 0 }
                await replica.unlock()
                try await sandbox.catchUp()
            }
        }

        @Test("a frozen server answers nothing until thawed")
        func freeze() async throws {
            let software = try await ServerSoftware.find()
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let primary = try sandbox.server("db1")
                await primary.freeze()
                let error = await #expect(throws: SandboxError.self) {
                    try await primary.sql("SELECT 1", within: .milliseconds(300))
                }
                guard case .refused(_, _, let reason) = error else {
                    Issue.record("unexpected \(String(describing: error))")
                    return
                }
                #expect(reason.phase == .timeout)
                await primary.thaw()
                try await primary.sql("SELECT 1")
                try await sandbox.catchUp()
            }
        }

        @Test(
            "a killed server is gone, and comes back with its data and port",
            arguments: try await SoftwareUnderTest.all.value)
        func kill(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = try (sandbox.server("db1"), sandbox.server("db2"))
                let row = try await primary.write()
                let pid = try #require(await primary.pid)
                await primary.kill()
                #expect(Foundation.kill(pid, 0) != 0)
                try await replica.waitUntil("IO thread looks for its source") { $0.ioThread == "Connecting" }
                await #expect(throws: SandboxError.self) { try await primary.sql("SELECT 1") }
                try await primary.start()
                #expect(try await primary.has(row: row))
                try await replica.waitUntil("replicates again") { $0.isRunning }

                try await replica.restart()
                try await replica.waitUntil("replicates after its own restart") { $0.isRunning }
                try await sandbox.catchUp()
            }
        }

        @Test("rotation, purging, and a replica whose binlog is gone", arguments: try await SoftwareUnderTest.all.value)
        func binlogs(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = try (sandbox.server("db1"), sandbox.server("db2"))
                let before = try await primary.binlogPosition().file
                try await primary.rotateBinlog()
                #expect(try await primary.binlogPosition().file > before)
                #expect(try await primary.sql("SHOW BINARY LOGS").rowCount == 2)
                try await sandbox.catchUp()
                try await primary.purgeBinlogs()
                #expect(try await primary.sql("SHOW BINARY LOGS").rowCount == 1)
                try await sandbox.catchUp()

                try await sandbox.loseBinlog("db2")
                #expect([1236, 13114].contains(try await replica.channels().first?.ioErrno))
            }
        }

        @Test("a row written on a replica exists nowhere else")
        func errant() async throws {
            let software = try await ServerSoftware.find()
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                let row = try await sandbox.server("db2").write()
                try await sandbox.catchUp()
                #expect(try await sandbox.server("db2").has(row: row))
                #expect(try await !sandbox.server("db1").has(row: row))
                #expect(try await !sandbox.server("db3").has(row: row))
                let state = try await sandbox.server("db2").sql("SELECT @@gtid_binlog_state AS state").first?.text(
                    "state")
                #expect(state?.contains("0-2-") == true, "db2's own server id is not in \(state ?? "nothing")")
            }
        }
    }
}
