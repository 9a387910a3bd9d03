/// A real server's answers, statement by statement, recorded for replay.
/// (`Tests/Fixtures/<flavor-version>/<situation>.json`.)
package struct Recording: Codable, Sendable {
    /// As in the server's handshake.
    package var version: String
    /// Where the answers come from, if not from a server at hand.
    package var source: String?
    package var results: [Result]

    package struct Result: Codable, Sendable {
        package var sql: String
        package var columns: [String]?
        package var rows: [[String?]]?
        package var error: Refusal?

        package init(sql: String, columns: [String]? = nil, rows: [[String?]]? = nil, error: Refusal? = nil) {
            self.sql = sql
            self.columns = columns
            self.rows = rows
            self.error = error
        }
    }

    package struct Refusal: Codable, Sendable {
        package var code: UInt16
        package var sqlState: String
        package var message: String

        package init(code: UInt16, sqlState: String, message: String) {
            self.code = code
            self.sqlState = sqlState
            self.message = message
        }
    }

    /// A statement that was not recorded gets a syntax error, as does one that a server does not know. Statements that
    /// set up the session always succeed.
    package func reply(to statement: String) -> Reply {
        if statement.hasPrefix("SET SESSION ") { return .ok }
        guard let result = result(of: statement) else { return .syntaxError }
        if let error = result.error {
            return .refusal(code: error.code, sqlState: error.sqlState, message: error.message)
        }
        return .table(columns: result.columns ?? [], rows: result.rows ?? [])
    }

    /// The answer to a statement. One that selects variables together is composed of the answers to its parts, which is what
    /// servers answer: so a recording holds only the parts, and stays valid when a dialect selects one more with them.
    package func result(of statement: String) -> Result? {
        results.first { $0.sql == statement } ?? composed(statement)
    }

    private func composed(_ statement: String) -> Result? {
        guard var rest = statement.selected, !rest.isEmpty else { return nil }
        var whole = Result(sql: statement, columns: [], rows: [[]])
        while !rest.isEmpty {
            let parts = results.filter { part in
                guard let selected = part.sql.selected, rest.hasPrefix(selected) else { return false }
                return rest.count == selected.count || rest.dropFirst(selected.count).hasPrefix(", ")
            }
            guard let part = parts.max(by: { $0.sql.count < $1.sql.count }), let selected = part.sql.selected else {
                return nil
            }
            // Refused as a whole.
            if part.error != nil { return Result(sql: statement, error: part.error) }
            guard let columns = part.columns, let row = part.rows?.first, part.rows?.count == 1 else { return nil }
            whole.columns?.append(contentsOf: columns)
            whole.rows?[0].append(contentsOf: row)
            rest = rest.dropFirst(selected.count + ", ".count)
        }
        return whole
    }

    package var script: Script { .replying(version: version) { reply(to: $0) } }
}

extension String {
    /// The expressions of a `SELECT` without a table.
    fileprivate var selected: Substring? {
        hasPrefix("SELECT ") && !contains(" FROM ") ? dropFirst("SELECT ".count) : nil
    }
}
