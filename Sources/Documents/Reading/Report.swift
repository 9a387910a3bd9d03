/// A position in a file, counted from 1.
package struct Position: Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int

    package static let start = Position(line: 1, column: 1)

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Collects problems while reading goes on, so that the user sees all of them at once.
package final class Report {
    package let file: String
    /// What the file may contain.
    let schema: [SchemaSection]
    private var found: [Problem] = []
    private var doubts: [Problem] = []
    private var seen: Set<Warning> = []

    /// What to do instead of sharing a value by a YAML anchor.
    let adviceOnSharing: String

    /// The maximum number of problems reported; a file of garbage must not produce megabytes of them.
    static let limit = 100

    package init(file: String, schema: [SchemaSection], adviceOnSharing: String) {
        self.file = file
        self.schema = schema
        self.adviceOnSharing = adviceOnSharing
    }

    /// `suggestion` is computed only below the limit, because it compares the text with every candidate.
    package func problem(_ at: Position, _ message: String, suggestion: @autoclosure () -> String? = nil) {
        found.append(
            Problem(
                file: file, line: at.line, column: at.column, message: message,
                suggestion: found.count < Self.limit ? suggestion() : nil))
    }

    package func warning(_ at: Position, _ message: String, suggestion: @autoclosure () -> String? = nil) {
        let warning = Warning(
            file: file, line: at.line, column: at.column, message: message,
            suggestion: doubts.count < Self.limit ? suggestion() : nil)
        // A value in `defaults` causes the same warning for every node; report it once.
        if seen.insert(warning).inserted { doubts.append(warning) }
    }

    package var warnings: [Warning] { Self.inOrder(doubts) }

    package var error: ConfigurationError? {
        guard !found.isEmpty else { return nil }
        var problems = Self.inOrder(found)
        let excess = problems.count - Self.limit
        if excess > 0 {
            problems.removeLast(excess)
            problems.append(Problem(file: file, message: "and \(excess) more problems"))
        }
        return ConfigurationError(problems: problems)
    }

    private static func inOrder(_ problems: [Problem]) -> [Problem] {
        // `sorted` is stable: what was found first at a position stays first.
        problems.sorted { Position(line: $0.line, column: $0.column) < Position(line: $1.line, column: $1.column) }
    }
}

/// Why a single value cannot be read; the reader adds key and position.
package struct Malformed: Error {
    /// Continues a sentence that begins with the key: "must be …", "has …".
    package let message: String
    package let suggestion: String?

    package init(_ message: String, suggestion: String? = nil) {
        self.message = message
        self.suggestion = suggestion
    }
}
