import Foundation
import Sandbox
import Testing

@Suite("Recordings")
struct RecordingTests {
    @Test("are JSON that reads back as it was, whatever a server put into a cell")
    func roundTrip() throws {
        let text = """
            {"version": "1", "results": [
              {"sql": "SELECT 'a\\"b\\\\c\\n\\td\\u0001' AS é", "columns": ["é", "n"], "rows": [["a\\"b\\\\c\\n\\td\\u0001", null], ["", "2"]]},
              {"sql": "SHOW X", "columns": ["x"], "rows": []},
              {"sql": "SHOW Y", "error": {"code": 1227, "sqlState": "42000", "message": "Access \\"denied\\""}}
            ]}
            """
        let recording = try JSONDecoder().decode(Recording.self, from: Data(text.utf8))
        #expect(recording.results[0].rows == [["a\"b\\c\n\td\u{1}", nil], ["", "2"]])
        #expect(try JSONDecoder().decode(Recording.self, from: Data(recording.json.utf8)) == recording)
    }

    @Test("keep their answers when those to further statements are added; what is no longer asked is dropped")
    func adding() throws {
        func recording(_ statements: [String], _ answer: String) throws -> Recording {
            let results = statements.map { #"{"sql": "\#($0)", "columns": ["x"], "rows": [["\#(answer)"]]}"# }
            let text = #"{"version": "1", "results": [\#(results.joined(separator: ","))]}"#
            return try JSONDecoder().decode(Recording.self, from: Data(text.utf8))
        }
        let whole = try recording(["b", "gone", "a"], "old").adding(
            try recording(["new"], "fresh"), keeping: ["a", "new", "b"])
        #expect(whole.results.map(\.sql) == ["b", "a", "new"])
        #expect(whole.results.map { $0.rows?.first?.first } == ["old", "old", "fresh"])
    }

    private struct Origin: Decodable {
        let source: String?
    }

    /// The I/O thread, the SQL thread, and the errors that each case is about, in both flavors' words.
    static let expected: [(String, io: String, sql: String, errors: Set<String>)] = [
        ("replica", "Yes", "Yes", ["0"]),
        ("intermediate", "Yes", "Yes", ["0"]),
        ("ring", "Yes", "Yes", ["0"]),
        ("replica-lagging", "Yes", "Yes", ["0"]),
        ("replica-delayed", "Yes", "Yes", ["0"]),
        ("replica-io-stopped", "No", "Yes", ["0"]),
        ("replica-sql-stopped", "Yes", "No", ["0"]),
        ("replica-stopped", "No", "No", ["0"]),
        ("replica-sql-broken", "Yes", "No", ["0", "1062"]),
        ("replica-source-down", "Connecting", "Yes", ["0", "2003"]),
        ("replica-binlog-lost", "No", "Yes", ["0", "1236", "13114"]),
    ]

    @Test("of every software show what their names say", arguments: expected)
    func fixtures(name: String, io: String, sql: String, errors: Set<String>) throws {
        let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
        let series = try FileManager.default.contentsOfDirectory(atPath: fixtures.path)
            .filter { $0.hasPrefix("mariadb-") || $0.hasPrefix("mysql-") }
            // Those with a source were not recorded: no such server was at hand.
            .filter { folder in
                let primary = fixtures.appendingPathComponent(folder).appendingPathComponent("primary.json")
                return try JSONDecoder().decode(Origin.self, from: Data(contentsOf: primary)).source == nil
            }
        #expect(series.count >= 3)
        for folder in series {
            let file = fixtures.appendingPathComponent(folder).appendingPathComponent("\(name).json")
            let recording = try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
            let isMariaDB = folder.hasPrefix("mariadb")
            let status = try #require(
                recording.results.first {
                    $0.sql == (isMariaDB ? "SHOW ALL SLAVES STATUS" : "SHOW REPLICA STATUS")
                })
            let row = try #require(status.rows?.first)
            let cells = Dictionary(zip(status.columns ?? [], row)) { first, _ in first }
            let word = isMariaDB ? "Slave" : "Replica"
            #expect(cells["\(word)_IO_Running"] == io, "\(file.path)")
            #expect(cells["\(word)_SQL_Running"] == sql, "\(file.path)")
            let seen = Set(["Last_IO_Errno", "Last_SQL_Errno"].compactMap { cells[$0] ?? nil })
            #expect(seen.isSubset(of: errors) && (errors == ["0"] || seen != ["0"]), "\(file.path): \(seen)")
        }
    }
}
