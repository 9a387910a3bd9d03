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
    }

    package struct Refusal: Codable, Sendable {
        package var code: UInt16
        package var sqlState: String
        package var message: String
    }

    /// A statement that was not recorded gets a syntax error, as does one that a server does not know. Statements that
    /// set up the session always succeed.
    package func reply(to statement: String) -> Reply {
        if statement.hasPrefix("SET SESSION ") { return .ok }
        guard let result = results.first(where: { $0.sql == statement }) else { return .syntaxError }
        if let error = result.error {
            return .refusal(code: error.code, sqlState: error.sqlState, message: error.message)
        }
        return .table(columns: result.columns ?? [], rows: result.rows ?? [])
    }

    package var script: Script { .replying(version: version) { reply(to: $0) } }
}
