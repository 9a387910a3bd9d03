import Foundation
package import MariaDB
internal import Replication

/// One server's answers to a list of statements: a fixture for tests that need no server.
///
/// As JSON: `{"version": "…", "results": [{"sql": "…", "columns": ["…"], "rows": [["…" | null]]}]}`; a statement that
/// was refused has `"error": {"code": 1227, "sqlState": "42000", "message": "…"}` instead of columns and rows.
package struct Recording: Codable, Sendable, Equatable {
    /// The server's, as in its handshake.
    package let version: String
    package let results: [Result]

    package struct Result: Codable, Sendable, Equatable {
        package let sql: String
        package var columns: [String]?
        package var rows: [[String?]]?
        package var error: Refusal?
    }

    package struct Refusal: Codable, Sendable, Equatable {
        package let code: UInt32
        package let sqlState: String
        package let message: String
    }
}

extension Sandbox {
    /// Runs every statement on a server as the exporter would: as its user, with its grants, over TCP, in UTC. This
    /// machine's host name, which servers report, is replaced by the node's name.
    package func record(_ statements: [String], on server: Server) async throws -> Recording {
        let options = monitorOptions(for: server)
        let session = Session(node: "record", .init(setUp: ["SET SESSION time_zone = '+00:00'"])) { options }
        let deadline = ContinuousClock.now + .seconds(30)
        var results: [Recording.Result] = []
        for sql in statements {
            var result = Recording.Result(sql: sql)
            do {
                let table = try await session.run([sql], deadline: deadline)[0]
                result.columns = table.columns.names
                result.rows = table.rows.map { row in
                    table.columns.names.map { row.text($0).map { $0 == Self.hostName ? server.name : $0 } }
                }
            } catch {
                if error.breaksConnection { throw error }
                result.error = Recording.Refusal(code: error.code, sqlState: error.sqlState, message: error.message)
            }
            results.append(result)
        }
        let version = await session.serverVersion
        await session.close()
        return Recording(version: version, results: results)
    }

    /// How the exporter connects to a server. MySQL's caching_sha2_password requires TLS for the first login.
    package func monitorOptions(for server: Server) -> ConnectionOptions {
        ConnectionOptions(
            address: .tcp(host: "127.0.0.1", port: server.port), user: accounts.monitor.user,
            password: accounts.monitor.password, tls: software.flavor == .mysql ? .preferred : .disabled)
    }

    private static let hostName = ProcessInfo.processInfo.hostName
}

extension Recording {
    /// With another recording's answers at the end, and without those to statements that are not in the list.
    package func adding(_ other: Recording, keeping statements: [String]) -> Recording {
        let kept = results.filter { statements.contains($0.sql) }
        return Recording(version: version, results: kept + other.results)
    }

    /// JSON with a line for each row, so that a new recording can be compared with the old one by eye.
    package var json: String {
        let blocks = results.map { result in
            var fields = ["\"sql\": \(Self.literal(result.sql))"]
            if let columns = result.columns { fields.append("\"columns\": \(Self.array(columns))") }
            if let rows = result.rows {
                let lines = rows.map { "\n      " + Self.array($0) }.joined(separator: ",")
                fields.append("\"rows\": [\(lines)]")
            }
            if let error = result.error {
                fields.append(
                    "\"error\": {\"code\": \(error.code), \"sqlState\": \(Self.literal(error.sqlState)), "
                        + "\"message\": \(Self.literal(error.message))}")
            }
            return "  {\n    \(fields.joined(separator: ",\n    "))\n  }"
        }
        return "{\"version\": \(Self.literal(version)), \"results\": [\n\(blocks.joined(separator: ",\n"))\n]}\n"
    }

    private static func array(_ values: [String?]) -> String {
        "[\(values.map { $0.map(literal) ?? "null" }.joined(separator: ", "))]"
    }

    /// A JSON string (RFC 8259, section 7).
    private static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\t": literal += "\\t"
            case "\r": literal += "\\r"
            case ..<" ": literal += String(format: "\\u%04x", scalar.value)
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
