import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("The slow log of queries without indexes")
    struct SlowLogTests {
        private static let settings: ServerSettings = {
            var settings = ServerSettings()
            settings.arguments = [
                "--slow-query-log=ON", "--log-output=TABLE", "--long-query-time=10",
                "--log-queries-not-using-indexes=ON",
            ]
            return settings
        }()

        @Test(
            "contains nothing from the exporter on MariaDB",
            arguments: try await Matrix.all.value.filter { $0.flavor == .mariadb })
        func mariaDB(software: ServerSoftware) async throws {
            try await withLog(of: software) { #expect($0 == ["db1": [], "db2": []]) }
        }

        @Test(
            "contains on MySQL what docs/deployment.md says",
            arguments: try await Matrix.all.value.filter { $0.flavor == .mysql })
        func mySQL(software: ServerSoftware) async throws {
            try await withLog(of: software) { logged in
                // A source is asked for channels until it is known to have none, and for replicas.
                #expect(logged["db1"]?.filter { $0 == "threads" }.count == 4)
                #expect(logged["db1"]?.filter { $0 != "threads" }.count == 2)
                #expect(logged["db2"]?.filter { $0 == "threads" }.count == 1)
                #expect(logged["db2"]?.filter { $0 != "threads" }.count == 8)
            }
        }

        /// The entries that four scrapes left there, by node: a table's name for each.
        private func withLog(of software: ServerSoftware, _ body: ([String: [String]]) -> Void) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software, settings: Self.settings) {
                sandbox, exporter in
                for _ in 0..<4 { try await exporter.scrape() }
                var logged: [String: [String]] = [:]
                for server in sandbox.servers {
                    let rows = try await server.sql(
                        """
                        SELECT CONVERT(sql_text USING utf8mb4) AS text FROM mysql.slow_log \
                        WHERE user_host LIKE '%\(sandbox.accounts.monitor.user)%'
                        """
                    ).rows
                    logged[server.name] = rows.map { row in
                        let text = row.text("text") ?? ""
                        let table = text.split(separator: "performance_schema.").dropFirst().first
                        return table.map { String($0.prefix { $0 == "_" || $0.isLetter }) } ?? text
                    }
                }
                body(logged)
            }
        }
    }
}
