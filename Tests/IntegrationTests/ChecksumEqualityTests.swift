import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Only equal data is reported equal")
    struct ChecksumEqualityTests {
        /// Compares with one row per chunk, and expects each of these tables to be DIFFERENT, in this many chunks, and
        /// all others equal.
        private func expect(
            _ different: [String: Int], in sandbox: Sandbox, _ arguments: [String] = [], line: Int = #line
        ) async throws {
            let run = try await ChecksumCommandRun.result(
                ["--chunk-size", "1", "--chunk-time", "0"] + arguments, in: sandbox)
            let location = SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
            #expect(run.status == .exited(2), "\(run.output)", sourceLocation: location)
            for table in try run.report.tables where table.database == "shop" {
                let answer = table.replica("db2")
                #expect(
                    answer?.differences?.count == different[table.table], "\(table.table): \(run.output)",
                    sourceLocation: location)
            }
        }

        @Test("rows that cancel each other out; separators in values", arguments: try await Matrix.thorough.value)
        func cancelling(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                for statement in [
                    "CREATE DATABASE shop",
                    // Without a key, two identical rows cancel out in an exclusive or.
                    "CREATE TABLE shop.keyless (a INT, b VARCHAR(20))",
                    "INSERT INTO shop.keyless VALUES (1, 'x'), (1, 'x'), (2, 'y')",
                    "CREATE TABLE shop.separators (a VARCHAR(20), b VARCHAR(20), id INT PRIMARY KEY)",
                    "INSERT INTO shop.separators VALUES ('a#', 'b', 1), ('a', 'b', 2), (NULL, '', 3)",
                    // CRC32 is linear: the same change in an even number of rows cancels out in an exclusive or of it.
                    "CREATE TABLE shop.flags (id INT PRIMARY KEY, flag CHAR(1))",
                    "INSERT INTO shop.flags VALUES (1001, 'Y'), (1002, 'Y')",
                    "CREATE TABLE shop.same (id INT PRIMARY KEY, flag CHAR(1))",
                    "INSERT INTO shop.same VALUES (1, 'Y'), (2, NULL)",
                ] { try await primary.sql(statement) }
                try await sandbox.catchUp()
                for statement in [
                    "UPDATE shop.keyless SET a = 7, b = 'zzz' WHERE a = 1",
                    "UPDATE shop.separators SET a = 'a', b = '#b' WHERE id = 1",
                    "UPDATE shop.separators SET a = '', b = NULL WHERE id = 3",
                    "UPDATE shop.flags SET flag = 'N'",
                ] { try await replica.withoutBinlog(statement) }
                try await expect(["keyless": 1, "separators": 2, "flags": 2], in: sandbox)
                // The whole table in one chunk.
                try await expect(
                    ["keyless": 1, "separators": 1, "flags": 1], in: sandbox, ["--chunk-size", "1000"])
            }
        }

        @Test("floating-point numbers, to the last bit", arguments: try await Matrix.thorough.value)
        func floats(software: ServerSoftware) async throws {
            var random = SystemRandomNumberGenerator()
            var doubles: [Double] = [
                0.1, -0.1, 1 / 3, 1e16, -2.2250738585072014e-308, 1.7e308, -1.7e308, 9_007_199_254_740_991,
                Double.leastNonzeroMagnitude * -12345,
                -1.2345678901234567e-100,
            ]
            var floats: [Float] = [
                1_234_567, 0.1, -16_777_215, -.leastNormalMagnitude, 3.4e38, -.leastNonzeroMagnitude,
                .leastNonzeroMagnitude * 71362,
            ]
            while doubles.count < 60 {
                let number = Double(bitPattern: .random(in: .min ... .max, using: &random))
                if number.isFinite, number.nextUp.isFinite, number.magnitude < 1e308 { doubles.append(number) }
            }
            while floats.count < 60 {
                let number = Float(bitPattern: .random(in: .min ... .max, using: &random))
                if number.isFinite, number.nextUp.isFinite, number.magnitude < 1e38 { floats.append(number) }
            }
            func literal(_ number: Double) -> String { "\(number)".contains("e") ? "\(number)" : "\(number)e0" }
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                for statement in [
                    "CREATE DATABASE shop", "CREATE TABLE shop.doubles (id INT PRIMARY KEY, d DOUBLE)",
                    "CREATE TABLE shop.floats (id INT PRIMARY KEY, f FLOAT)",
                    "CREATE TABLE shop.scaled (id INT PRIMARY KEY, f FLOAT(9, 2), d DOUBLE(12, 3))",
                    "INSERT INTO shop.scaled VALUES (1, 1234567.25, 1.5), (2, 1.5, 2.125), (3, NULL, NULL)",
                ] { try await primary.sql(statement) }
                for (id, number) in doubles.enumerated() {
                    try await primary.sql("INSERT INTO shop.doubles VALUES (\(id), \(literal(number)))")
                }
                for (id, number) in floats.enumerated() {
                    try await primary.sql("INSERT INTO shop.floats VALUES (\(id), \(literal(Double(number))))")
                }
                try await sandbox.catchUp()
                for (id, number) in doubles.enumerated() {
                    try await replica.withoutBinlog(
                        "UPDATE shop.doubles SET d = \(literal(number.nextUp)) WHERE id = \(id)")
                }
                for (id, number) in floats.enumerated() {
                    try await replica.withoutBinlog(
                        "UPDATE shop.floats SET f = \(literal(Double(number.nextUp))) WHERE id = \(id)")
                }
                try await replica.withoutBinlog("UPDATE shop.scaled SET f = 1234567.5 WHERE id = 1")
                try await replica.withoutBinlog("UPDATE shop.scaled SET d = 2.126 WHERE id = 2")
                try await expect(["doubles": doubles.count, "floats": floats.count, "scaled": 2], in: sandbox)
            }
        }

        /// A column's type, and two values that are hard to distinguish.
        private static let types: [(type: String, value: String, other: String)] = [
            ("TINYINT", "1", "-1"), ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551614"),
            ("DECIMAL(40, 5)", "12345678901234567890.00001", "12345678901234567890.00002"), ("YEAR", "2024", "2025"),
            ("BIT(64)", "18446744073709551615", "18446744073709551614"), ("BIT(9)", "35", "36"),
            ("DATE", "'2024-01-01'", "'2024-01-02'"), ("DATETIME(6)", "'2024-01-01 00:00:00.000001'", "'2024-01-01'"),
            ("TIME(3)", "'-12:00:00.001'", "'12:00:00.001'"),
            ("TIMESTAMP(6) NULL", "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00'"),
            ("CHAR(5)", "'a'", "'A'"), ("VARCHAR(5)", "'a'", "'a '"), ("VARCHAR(5)", "''", "NULL"),
            ("VARCHAR(5) CHARACTER SET latin1", "'é'", "'e'"), ("BINARY(3)", "X'2300'", "X'230001'"),
            ("VARBINARY(9)", "X'00'", "X'0000'"), ("TINYTEXT", "'a'", "'A'"), ("LONGTEXT", "REPEAT('a', 100000)", "''"),
            ("BLOB", "X'00'", "X'0000'"), ("LONGBLOB", "REPEAT('a', 100000)", "REPEAT('a', 100001)"),
            ("ENUM('', '#', 'x')", "''", "'#'"), ("SET('a', 'b')", "'a,b'", "'b'"),
            ("JSON", "'{\"a\": 1.5}'", "'{\"a\": 1.25}'"),
            ("GEOMETRY", "ST_GeomFromText('POINT(35 1)')", "ST_GeomFromText('POINT(35 2)')"),
            ("POLYGON", "ST_GeomFromText('POLYGON((0 0, 1 0, 1 1, 0 0))')", "NULL"),
        ]

        private static func types(of software: ServerSoftware) -> [(type: String, value: String, other: String)] {
            switch software.flavor {
            case .mysql: types + [("VECTOR(2)", "STRING_TO_VECTOR('[1, 2]')", "STRING_TO_VECTOR('[1, 3]')")]
            case .mariadb:
                types + [("INET6", "'::1'", "'::2'")]
                    // MariaDB 10.7 and 10.10.
                    + (software.version.compare("10.10", options: .numeric) == .orderedAscending
                        ? []
                        : [
                            (
                                "UUID", "'00000000-0000-0000-0000-000000000001'",
                                "'00000000-0000-0000-0000-000000000002'"
                            ),
                            ("INET4", "'1.2.3.4'", "NULL"),
                        ])
            }
        }

        @Test("values of every type", arguments: try await Matrix.thorough.value)
        func everyType(software: ServerSoftware) async throws {
            let types = Self.types(of: software)
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await primary.sql("CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4")
                var different: [String: Int] = [:]
                for (index, (type, value, _)) in types.enumerated() {
                    try await primary.sql("CREATE TABLE shop.t\(index) (id INT PRIMARY KEY, v \(type))")
                    for id in 1...3 { try await primary.sql("INSERT INTO shop.t\(index) VALUES (\(id), \(value))") }
                    different["t\(index)"] = 1
                }
                try await sandbox.catchUp()
                for (index, (_, _, other)) in types.enumerated() {
                    try await replica.withoutBinlog("UPDATE shop.t\(index) SET v = \(other) WHERE id = 2")
                }
                try await expect(different, in: sandbox)
            }
        }

        @Test(
            "text in another character set, and names that the checksum table considers equal",
            arguments: try await Matrix.flavors.value)
        func names(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                for statement in [
                    "CREATE DATABASE shop",
                    "CREATE TABLE shop.texts (id INT PRIMARY KEY, v VARCHAR(9), x TEXT) CHARACTER SET latin1",
                    "INSERT INTO shop.texts VALUES (1, 'é', 'é'), (2, 'é', 'ü')",
                    "CREATE TABLE shop.Orders (id INT PRIMARY KEY)", "CREATE TABLE shop.orders (id INT PRIMARY KEY)",
                    "INSERT INTO shop.Orders VALUES (1), (2)", "INSERT INTO shop.orders VALUES (1), (2)",
                    "CREATE TABLE shop.`cafe` (id INT PRIMARY KEY)", "CREATE TABLE shop.`café` (id INT PRIMARY KEY)",
                ] { try await primary.sql(statement) }
                try await sandbox.catchUp()
                try await replica.withoutBinlog(
                    """
                    ALTER TABLE shop.texts MODIFY v VARCHAR(9) CHARACTER SET utf8mb4, \
                    MODIFY x TEXT CHARACTER SET utf8mb4
                    """)
                try await replica.withoutBinlog("UPDATE shop.texts SET x = 'u' WHERE id = 2")
                try await replica.withoutBinlog("DELETE FROM shop.Orders WHERE id = 2")
                try await replica.withoutBinlog("INSERT INTO shop.`cafe` VALUES (1)")
                try await expect(["texts": 1, "Orders": 1, "cafe": 1], in: sandbox)

                // In a table made by another program, the rows of one overwrite those of the other, which then is
                // unknown.
                for column in ["db", "tbl"] {
                    try await primary.sql(
                        """
                        ALTER TABLE percona.checksums MODIFY \(column) CHAR(64) CHARACTER SET utf8mb4 \
                        COLLATE utf8mb4_general_ci NOT NULL
                        """)
                    try await primary.sql("DELETE FROM percona.checksums")
                }
                let run = try await ChecksumCommandRun.result(["--chunk-size", "1"], in: sandbox)
                #expect(run.status == .exited(2), "\(run.output)")
                let report = try run.report
                for (table, answer) in [
                    ("Orders", "unknown"), ("cafe", "unknown"), ("orders", "equal"), ("café", "equal"),
                ] {
                    #expect(report.table("shop.\(table)")?.replica("db2")?.answer == answer, "\(run.output)")
                }
            }
        }

        @Test("the checksum table itself is not compared, in whichever case its name is written")
        func itself() async throws {
            let software = try await Matrix.all.value[0]
            var settings = ServerSettings()
            settings.arguments = ["--lower-case-table-names=1"]
            try await withSandbox(.primary(replicas: 1), software: software, settings: settings) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                for statement in [
                    "CREATE DATABASE shop", "CREATE TABLE shop.flags (id INT PRIMARY KEY, flag CHAR(1))",
                    "INSERT INTO shop.flags VALUES (1, 'Y')",
                ] { try await primary.sql(statement) }
                try await sandbox.catchUp()
                try await replica.withoutBinlog("UPDATE shop.flags SET flag = 'N'")
                _ = try await sandbox.letCheckerIn()
                let configuration = try sandbox.writeExporterConfiguration(
                    adding: "checksums: {table: Percona.CheckSums}")
                for arguments in [[], ["--tables", "shop.flags,percona.CHECKSUMS"]] {
                    let run = try await ChecksumCommandRun.result(arguments, configuration: configuration, in: sandbox)
                    #expect(run.status == .exited(2), "\(run.output)")
                    let others = try run.report.tables.filter { $0.table != "flags" && $0.database != "sandbox" }
                    #expect(others.map(\.outcome) == (arguments.isEmpty ? [] : ["left_out"]), "\(run.output)")
                }
            }
        }
    }
}
