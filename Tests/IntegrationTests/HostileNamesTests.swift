import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// Anyone with permission to create tables chooses their names. A backtick followed by a combining mark is one
    /// `Character`, and not a backtick; to a server it ends the name.
    @Suite("Names that look like statements")
    struct HostileNamesTests {
        private static let table = "a`\u{301};create table percona.pwn select user() u,@@hostname h#"
        private static let database = "d`\u{301};create table percona.pwn select 1#"

        @Test("are treated as names when compared, and nothing runs", arguments: try await Matrix.flavors.value)
        func comparison(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                let hostile =
                    "`d``\u{301};create table percona.pwn select 1#`.`a``\u{301};create table percona.pwn select user() u,@@hostname h#`"
                let column = "`c``\u{301}) from shop.a;create table percona.pwn select 1#`"
                let key = "`k``\u{301}) where 1;create table percona.pwn select 1#`"
                for statement in [
                    "CREATE DATABASE shop", "CREATE TABLE shop.a (id INT PRIMARY KEY)",
                    "CREATE TABLE shop.`a``\u{301};create table percona.pwn select user() u,@@hostname h#` (id INT PRIMARY KEY)",
                    "CREATE DATABASE `d``\u{301};create table percona.pwn select 1#`",
                    "CREATE TABLE \(hostile) (\(column) VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL, v INT, UNIQUE \(key) (\(column)))",
                    "INSERT INTO shop.a VALUES (1), (2)",
                    "INSERT INTO shop.`a``\u{301};create table percona.pwn select user() u,@@hostname h#` VALUES (1), (2)",
                    "INSERT INTO \(hostile) VALUES ('a', 1), ('b`\u{301}', 2), ('c,\u{301}', 3), ('d''', 4), ('e\\\\', 5)",
                ] { try await primary.sql(statement) }
                try await sandbox.catchUp()
                let run = try await ChecksumCommandRun.result(["--chunk-size", "1"], in: sandbox)
                #expect(run.status == .exited(0), "\(run.output)")
                #expect(try run.report.tables.filter { $0.outcome == "compared" }.count >= 3, "\(run.output)")

                try await replica.withoutBinlog("UPDATE \(hostile) SET v = 9 WHERE \(column) = 'c,\u{301}'")
                let second = try await ChecksumCommandRun.result(["--chunk-size", "1"], in: sandbox)
                #expect(second.status == .exited(2), "\(second.output)")
                let different = try second.report.tables.filter { $0.replica("db2")?.answer == "different" }
                #expect(different.map { Array($0.table.utf8) } == [Array(Self.table.utf8)])
                #expect(different.map { Array($0.database.utf8) } == [Array(Self.database.utf8)])
                #expect(different.first?.replica("db2")?.differences?.count == 1)

                for server in [primary, replica] {
                    let made = try await server.sql(
                        "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = 'pwn'")
                    #expect(made.isEmpty)
                }
            }
        }

        @Test("A channel's name cannot start a label or performance data")
        func channel() async throws {
            let name = "x'\u{301}\"\u{301}\\\u{301}|\u{301}=\u{301},\u{301}\r\n\u{301}{`\u{301}}"
            try await withSandbox(.primary(replicas: 1), software: try await Matrix.all.value[0]) { sandbox in
                try await sandbox.server("db2").sql(
                    "CHANGE MASTER 'x''\u{301}\"\u{301}\\\\\u{301}|\u{301}=\u{301},\u{301}\r\n\u{301}{`\u{301}}' "
                        + "TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1")
                let configuration = try sandbox.writeExporterConfiguration()
                let exporter = try await RunningExporter.start(configuration, in: sandbox)
                let scrape = try await exporter.scrape(until: "both channels are there") {
                    $0.all("io_thread_running", "db2").count == 2
                }
                let lines = scrape.text.utf8.split(separator: 10)
                #expect(lines.allSatisfy { line in line.first == UInt8(ascii: "#") || Self.labels(Array(line)) != nil })
                let channels = Set(lines.compactMap { Self.labels(Array($0))?["channel"] })
                #expect(channels.contains(Array(name.utf8)), "\(scrape.text)")
                #expect(await exporter.stop() == .exited(0))

                let program = try Products.exporter
                let verdict = try await shell(
                    "\(program) check --config.file '\(configuration)'", in: sandbox.folder, of: sandbox)
                let bytes = Array(verdict.utf8)
                #expect(bytes.count { $0 == UInt8(ascii: "|") } == 1, "\(verdict)")
                #expect(bytes.count { $0 == 10 } == 1 && bytes.last == 10 && !bytes.contains(13), "\(verdict)")
                // Two channels with two numbers each.
                let numbers = bytes.split(separator: UInt8(ascii: "|")).last ?? []
                #expect(numbers.count { $0 == UInt8(ascii: "=") } == 4, "\(verdict)")
                #expect(numbers.count { $0 == UInt8(ascii: "'") } == 8, "\(verdict)")
            }
        }

        @Test(
            "An account name means the same account whether or not backslashes escape",
            arguments: try await Matrix.flavors.value)
        func account(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let server = try sandbox.server("db1")
                for (index, mode) in ["", "NO_BACKSLASH_ESCAPES"].enumerated() {
                    try await server.sql("SET SESSION sql_mode = '\(mode)'")
                    for name in ["o'b\\", "a`\u{301}' \\", "plain"] {
                        let name = name + "\(index)"
                        let account = "\(SQLText.accountPart(name))@\(SQLText.accountPart("10.%"))"
                        try await server.sql("CREATE USER \(account)")
                        try await server.sql("GRANT SELECT ON *.* TO \(account)")
                        let found = try await server.sql(
                            "SELECT host FROM mysql.user WHERE user = \(SQLText.literal(name)) AND host = '10.%'")
                        #expect(found.rowCount == 1)
                    }
                }
            }
        }

        /// A sample's labels, parsed byte by byte by OpenMetrics' rules; nil if the line is not a sample.
        private static func labels(_ line: [UInt8]) -> [String: [UInt8]]? {
            guard let open = line.firstIndex(of: UInt8(ascii: "{")) else { return [:] }
            var labels: [String: [UInt8]] = [:]
            var index = open + 1
            while index < line.count, line[index] != UInt8(ascii: "}") {
                guard let equals = line[index...].firstIndex(of: UInt8(ascii: "=")), equals + 1 < line.count,
                    line[equals + 1] == UInt8(ascii: "\"")
                else { return nil }
                let label = String(decoding: line[index..<equals], as: UTF8.self)
                guard label.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) }) else {
                    return nil
                }
                var value: [UInt8] = []
                index = equals + 2
                while index < line.count, line[index] != UInt8(ascii: "\"") {
                    if line[index] == UInt8(ascii: "\\") {
                        index += 1
                        guard index < line.count else { return nil }
                        value.append(line[index] == UInt8(ascii: "n") ? 10 : line[index])
                    } else {
                        value.append(line[index])
                    }
                    index += 1
                }
                labels[label] = value
                index += 1
                if index < line.count, line[index] == UInt8(ascii: ",") { index += 1 }
            }
            guard index + 1 < line.count else { return nil }
            return Double(String(decoding: line[(index + 2)...], as: UTF8.self)) == nil ? nil : labels
        }
    }
}
