import Testing

@testable import FaultServer

@Suite("The answers of a recording")
struct RecordingTests {
    private static let recording = Recording(
        version: "11.8.2-MariaDB",
        results: [
            .init(sql: "SELECT @@a AS a", columns: ["a"], rows: [["1"]]),
            .init(sql: "SELECT @@a AS a, @@b AS b", columns: ["a", "b"], rows: [["1", nil]]),
            .init(sql: "SELECT @@c AS c", columns: ["c"], rows: [["3"]]),
            .init(sql: "SELECT @@d AS d", error: .init(code: 1193, sqlState: "HY000", message: "Unknown")),
            .init(sql: "SELECT e FROM t", columns: ["e"], rows: [["5"]]),
            .init(sql: "SELECT @@f AS f", columns: ["f"], rows: []),
        ])

    @Test(
        "Variables selected together are answered from the statements that select them separately",
        arguments: [
            ("SELECT @@c AS c", ["c"], ["3"]),
            ("SELECT @@a AS a, @@b AS b", ["a", "b"], ["1", nil]),
            ("SELECT @@c AS c, @@a AS a", ["c", "a"], ["3", "1"]),
            ("SELECT @@a AS a, @@b AS b, @@c AS c", ["a", "b", "c"], ["1", nil, "3"]),
        ] as [(String, [String], [String?])])
    func composed(statement: String, columns: [String], row: [String?]) {
        let result = Self.recording.result(of: statement)
        #expect(result?.columns == columns && result?.rows == [row] && result?.error == nil)
    }

    @Test("A refused part refuses the whole")
    func refused() {
        #expect(Self.recording.result(of: "SELECT @@c AS c, @@d AS d")?.error?.code == 1193)
    }

    @Test(
        "A statement of which a part is not recorded, or has no row, or reads a table, is not known",
        arguments: [
            "SELECT @@c AS c, @@g AS g", "SELECT @@g AS g, @@c AS c", "SELECT @@a AS ab", "SELECT @@c AS c, e FROM t",
            "SELECT @@c AS c, @@f AS f", "SELECT ", "SHOW c",
        ])
    func unknown(statement: String) {
        #expect(Self.recording.result(of: statement) == nil)
    }
}
