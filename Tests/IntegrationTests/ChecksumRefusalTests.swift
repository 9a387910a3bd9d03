import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("What a comparison refuses")
    struct ChecksumRefusalTests {
        /// Runs with a wiring in which nothing may be compared.
        private func refusal(
            _ wiring: Wiring, _ software: ServerSoftware, arguments: [String] = [],
            before: (Sandbox) async throws -> Void = { _ in }
        ) async throws -> String {
            try await withSandbox(wiring, software: software) { sandbox in
                try await before(sandbox)
                let run = try await ChecksumCommandRun.result(arguments, in: sandbox)
                #expect(run.status == .exited(3), "\(run.output)")
                // Nothing was written: not even the database exists.
                let made = try await sandbox.server("db1").sql("SHOW DATABASES LIKE 'percona'")
                #expect(made.isEmpty)
                return run.output
            }
        }

        @Test("an intermediate that logs rows", arguments: try await Matrix.flavors.value)
        func rowFormat(software: ServerSoftware) async throws {
            let output = try await refusal(.chain(of: 3), software)
            #expect(output.contains("db2 has replicas and writes its binary log in format"))
        }

        @Test("two writable nodes", arguments: try await Matrix.flavors.value)
        func ring(software: ServerSoftware) async throws {
            #expect(
                try await refusal(.ring, software).contains(
                    "db1 is writable and replicates from db2, which is writable as well"))
        }

        @Test("a replication filter", arguments: try await Matrix.flavors.value)
        func filter(software: ServerSoftware) async throws {
            var wiring = Wiring.primary(replicas: 1)
            wiring.nodes[1].arguments = ["--replicate-wild-ignore-table=other.%"]
            #expect(try await refusal(wiring, software).contains("a replication filter"))
        }

        @Test(
            "an account that may not set binlog_format; a second run on the same primary; a node that is down, unless it is left out",
            arguments: try await Matrix.flavors.value)
        func circumstances(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                let denied = try await ChecksumCommandRun.result(isLetIn: true, in: sandbox)
                #expect(denied.status == .exited(3))
                #expect(denied.output.contains("setting binlog_format needs the privilege"), "\(denied.output)")

                let primary = try sandbox.server("db1")
                try await primary.sql("DO GET_LOCK('mysql-replication-exporter checksum', 1)")
                let second = try await ChecksumCommandRun.result(in: sandbox)
                #expect(second.status == .exited(3))
                #expect(second.output.contains("another comparison is running there"), "\(second.output)")
                #expect(try await primary.sql("SHOW DATABASES LIKE 'percona'").isEmpty)
                try await primary.sql("DO RELEASE_LOCK('mysql-replication-exporter checksum')")

                try await sandbox.server("db3").kill()
                let down = try await ChecksumCommandRun.result(isLetIn: true, in: sandbox)
                #expect(down.status == .exited(3))
                #expect(down.output.contains("db3 is down"), "\(down.output)")
                let without = try await ChecksumCommandRun.result(["--without", "db3"], isLetIn: true, in: sandbox)
                #expect(without.status == .exited(0), "\(without.output)")
            }
        }

        @Test(
            "a table whose structure differs on a replica is reported, without harm to the replica; one without a key is left out",
            arguments: try await Matrix.flavors.value)
        func structure(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                try await ShopTables.fill(try sandbox.server("db1"))
                try await sandbox.catchUp()
                let replica = try sandbox.server("db2")
                try await replica.withoutBinlog("DROP TABLE shop.nothing")
                try await replica.withoutBinlog("ALTER TABLE shop.orders DROP COLUMN f")
                try await replica.withoutBinlog("ALTER TABLE shop.parts DROP PRIMARY KEY, ADD UNIQUE (a, b, c)")
                let run = try await ChecksumCommandRun.result(in: sandbox)
                #expect(run.status == .exited(2), "\(run.output)")
                let report = try run.report
                #expect(report.table("shop.nothing")?.outcome == "structure_differs")
                #expect(report.table("shop.orders")?.reason == "on db2 it has no column f")
                #expect(report.table("shop.parts")?.reason == "on db2 its key PRIMARY is different")
                #expect(report.table("sandbox.entries")?.replica("db2")?.answer == "equal")
                try await sandbox.catchUp()
                #expect(try await replica.channels().allSatisfy(\.isRunning))

                for statement in [
                    "CREATE TABLE shop.large (v INT NULL UNIQUE)", "CREATE TABLE shop.small (v INT NULL)",
                    "INSERT INTO shop.small VALUES (1), (1), (NULL)",
                    "INSERT INTO shop.large VALUES " + (0..<1001).map { "(\($0))" }.joined(separator: ", "),
                ] { try await sandbox.server("db1").sql(statement) }
                try await sandbox.catchUp()
                let keyless = try await ChecksumCommandRun.result(["--tables", "shop.large,shop.small"], in: sandbox)
                #expect(keyless.status == .exited(1), "\(keyless.output)")
                #expect(try keyless.report.table("shop.large")?.outcome == "left_out")
                #expect(try keyless.report.table("shop.small")?.replica("db2")?.answer == "equal")
            }
        }

        @Test(
            "is not what stands below an intermediate that writes statements", arguments: try await Matrix.flavors.value
        )
        func chain(software: ServerSoftware) async throws {
            // All of them: a server that logs statements stops at the first row event that it receives.
            var settings = ServerSettings()
            settings.arguments = ["--binlog-format=STATEMENT"]
            try await withSandbox(.chain(of: 3), software: software, settings: settings) { sandbox in
                try await ShopTables.fill(try sandbox.server("db1"))
                try await sandbox.catchUp()
                try await sandbox.server("db3").withoutBinlog("DELETE FROM shop.orders WHERE id = 50")
                let run = try await ChecksumCommandRun.result(["--tables", "shop.orders"], in: sandbox)
                #expect(run.status == .exited(2), "\(run.output)")
                let table = try #require(try run.report.table("shop.orders"))
                #expect(table.replica("db2")?.answer == "equal")
                #expect(table.replica("db3")?.answer == "different")
            }
        }

        @Test(
            "no key of a supported type, and no replica in another time zone",
            arguments: try await Matrix.flavors.value)
        func keyTypes(software: ServerSoftware) async throws {
            var wiring = Wiring.primary(replicas: 1)
            wiring.nodes[1].arguments = ["--default-time-zone=+05:00"]
            var tables = [
                ("ts", "TIMESTAMP NOT NULL", (1...12).map { "'2026-03-\($0 + 15) 01:30:00'" }),
                ("dt", "DATETIME(3) NOT NULL", (1...12).map { "'2026-01-\($0) 00:00:00.\(100 + $0)'" }),
                ("dd", "DATE NOT NULL", (1...12).map { "'2026-\($0)-01'" }),
                ("big", "BIGINT UNSIGNED NOT NULL", (1...12).map { "\(UInt64.max - UInt64($0))" }),
                ("neg", "BIGINT NOT NULL", (1...12).map { "\(Int64.min + Int64($0))" }),
                ("dec", "DECIMAL(30, 10) NOT NULL", (1...12).map { "\(-6 + $0).0000000001" }),
                ("en", "ENUM('z', 'y', 'x', 'a', 'c', 'b') NOT NULL", ["'z'", "'y'", "'x'", "'a'", "'c'", "'b'"]),
                ("bin", "BINARY(4) NOT NULL", (1...12).map { "X'00FF0\(String($0 % 10))\($0 > 9 ? "A" : "0")0'" }),
                (
                    "ci", "VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL",
                    ["'a'", "'B'", "'c'", "'ä'", "'Ö'", "'z'", "''", "'a b'"]
                ),
                (
                    "bc", "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
                    ["'a'", "'A'", "'é'", "'😀'", "'zz'", "'\\\\'", "'x,y'"]
                ),
            ]
            if software.flavor == .mariadb {
                tables.append(("uu", "UUID NOT NULL", (10...21).map { "'00000000-0000-4000-8000-0000000000\($0)'" }))
            }
            try await withSandbox(wiring, software: software) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await primary.sql("CREATE DATABASE types")
                for (name, type, values) in tables {
                    try await primary.sql("CREATE TABLE types.\(name) (k \(type) PRIMARY KEY, v INT)")
                    try await primary.sql(
                        "INSERT INTO types.\(name) VALUES \(values.map { "(\($0), 1)" }.joined(separator: ", "))")
                }
                try await sandbox.catchUp()
                let names = tables.map { "types.\($0.0)" }.joined(separator: ",")
                let sizes = ["--tables", names, "--chunk-size", "2", "--chunk-time", "0"]
                let equal = try await ChecksumCommandRun.result(sizes, in: sandbox)
                #expect(equal.status == .exited(0), "\(equal.output)")
                for (name, _, values) in tables {
                    #expect(try equal.report.table("types.\(name)")?.rows == values.count, "\(name)")
                }
                // The row in the middle of the key's order.
                for (name, _, values) in tables {
                    let middle = try #require(
                        try await replica.sql(
                            "SELECT HEX(k) AS k FROM types.\(name) ORDER BY k LIMIT \(values.count / 2), 1"
                        ).first?.text("k"))
                    try await replica.withoutBinlog("UPDATE types.\(name) SET v = 2 WHERE HEX(k) = '\(middle)'")
                }
                let run = try await ChecksumCommandRun.result(sizes, in: sandbox)
                #expect(run.status == .exited(2))
                for (name, _, _) in tables {
                    #expect(try run.report.table("types.\(name)")?.replica("db2")?.differences?.count == 1, "\(name)")
                }
            }
        }
    }
}
