import MariaDB
import Monitoring
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("A guarded write")
    struct WriteGuardTests {
        /// The session's time is set, so that lateness does not depend on the test's own speed.
        private static let now = 1_700_000_000.5

        @Test(
            "does not happen on a server where any variable keeps ordinary accounts from writing, even if this account may",
            arguments: try await Matrix.flavors.value)
        func switches(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                try await db1.sql("SET SESSION timestamp = \(Self.now)")
                func isWritable() async throws -> String? {
                    try await db1.sql(WriteGuard.check(until: Self.now + 10))
                    return try await db1.sql("SELECT @writable AS writable").first?.text("writable")
                }
                try await db1.sql("SET GLOBAL read_only = 0")
                #expect(try await isWritable() == "1")
                let ownNames = software.flavor == .mysql ? ["super_read_only", "offline_mode"] : []
                let names = ["read_only"] + ownNames
                for name in names {
                    try await db1.sql("SET GLOBAL \(name) = 1")
                    #expect(try await isWritable() == "0", "\(name)")
                    // super_read_only has set read_only as well.
                    try await db1.sql("SET GLOBAL \(name) = 0")
                    try await db1.sql("SET GLOBAL read_only = 0")
                    #expect(try await isWritable() == "1", "\(name)")
                }
            }
        }

        @Test(
            "that its server executes too late changes nothing, there or on a replica; one in time does both",
            arguments: try await Matrix.flavors.value)
        func late(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            settings.arguments = ["--binlog-format=STATEMENT"]
            try await withSandbox(.primary(replicas: 1), software: software, settings: settings) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await primary.sql("CREATE DATABASE p")
                try await primary.sql("CREATE TABLE p.t (id INT PRIMARY KEY, v INT) ENGINE = InnoDB")
                try await primary.sql("INSERT INTO p.t VALUES (1, 0)")
                try await primary.sql("SET SESSION timestamp = \(Self.now)")
                func write(_ value: Int, until latest: Double) async throws -> UInt64 {
                    try await primary.sql(WriteGuard.check(until: Self.now + 10))
                    // The server froze here.
                    return try await primary.sql(
                        "UPDATE p.t SET v = \(value) WHERE id = 1 AND \(WriteGuard.holds(until: latest))"
                    ).affectedRows
                }
                func values() async throws -> [String?] {
                    try await sandbox.catchUp()
                    return try await [primary, replica].texts("SELECT v FROM p.t", "v")
                }
                // A replica executes the statement with the source's time, to the microsecond.
                #expect(try await write(1, until: Self.now - 0.1) == 0)
                #expect(try await values() == ["0", "0"])
                #expect(try await write(2, until: Self.now + 0.1) == 1)
                #expect(try await values() == ["2", "2"])

                func create(_ table: String, until latest: Double) async throws -> Bool {
                    try await primary.sql(WriteGuard.check(until: Self.now + 10))
                    let statement = "CREATE TABLE p.\(table) (id INT DEFAULT 1 COMMENT 'it''s')"
                    for statement in WriteGuard.ifWritable(statement, until: latest) {
                        try await primary.sql(statement)
                    }
                    return try await !primary.sql("SHOW TABLES FROM p LIKE '\(table)'").isEmpty
                }
                #expect(try await create("late", until: Self.now - 0.1) == false)
                #expect(try await create("punctual", until: Self.now + 0.1))
            }
        }
    }
}

extension [Server] {
    /// One value from each server.
    fileprivate func texts(_ statement: String, _ column: String) async throws -> [String?] {
        var texts: [String?] = []
        for server in self { texts.append(try await server.sql(statement).first?.text(column)) }
        return texts
    }
}
