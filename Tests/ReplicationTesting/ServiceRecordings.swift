internal import Collection
package import FaultServer
internal import Foundation
internal import Replication
internal import Testing

/// What managed services, and what only looks like a server, answer: none of it could be recorded, as no such server can be had without
/// an account. It is constructed from vendors' texts and from public code that relies on it, each with its source
/// (`Tests/Fixtures/services`), and answered beside the recording of an ordinary server of about the same version.
package enum ServiceRecordings {
    package struct Server: Decodable, Sendable {
        package var source: String
        package var greeting: String
        package var base: String
        package var service: String
        package var variables: [String: String]
    }

    package struct Lookalike: Decodable, Sendable {
        package var name: String
        package var greeting: String
        package var comment: String?
        package var version: String
        /// What it answers itself to the question for its comment, if that comes alone.
        package var alone: String?
        package var source: String
    }

    package struct AuroraScene: Decodable, Sendable {
        package var source: String
        package var instances: [String: Instance]

        package struct Instance: Decodable, Sendable {
            package var innodbReadOnly: String
            package var rows: [[String?]]?

            private enum CodingKeys: String, CodingKey {
                case innodbReadOnly = "innodb_read_only"
                case rows
            }
        }
    }

    package static func servers() throws -> [String: Server] { try decode("servers") }
    package static func lookalikes() throws -> [Lookalike] { try decode("lookalikes") }
    package static func aurora() throws -> [String: AuroraScene] { try decode("aurora") }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").resolvingSymlinksInPath()

    private static func decode<Value: Decodable>(_ name: String) throws -> Value {
        try JSONDecoder().decode(
            Value.self, from: Data(contentsOf: folder.appendingPathComponent("services/\(name).txt")))
    }

    /// The recording of a real server.
    package static func base(_ name: String) throws -> Recording {
        try JSONDecoder().decode(
            Recording.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }

    /// A server with these global variables.
    package static func recording(_ server: Server) throws -> Recording {
        var recording = try base(server.base)
        recording.version = server.greeting
        try recording.setVariables(server.variables)
        return recording
    }

    /// An instance of an Aurora cluster in a scene.
    package static func aurora(_ scene: String, _ instance: String) throws -> Recording {
        let told = try #require(try aurora()[scene]?.instances[instance], "\(scene), \(instance)")
        var server = try #require(try servers()["aurora-3"])
        server.variables["aurora_server_id"] = instance
        var recording = try recording(server)
        recording.setIdentity("innodb_read_only", told.innodbReadOnly)
        recording.setIdentity("read_only", "0")
        recording.setIdentity("super_read_only", "0")
        let dialect = try #require(Dialect.of(.mysql, ServerVersion(8, 0, 28))).adapted(to: .aurora)
        let sql = try #require(dialect.anyFact(.cluster)).statement
        let columns = ["SERVER_ID", "SESSION_ID", "REPLICA_LAG_IN_MILLISECONDS", "IS_CURRENT", "age", "own"]
        let refusal = Recording.Refusal(
            code: 1227, sqlState: "42000", message: "Access denied; you need the PROCESS privilege for this operation")
        recording.results.append(
            told.rows.map { rows in
                Recording.Result(sql: sql, columns: columns, rows: rows.map { $0 + [instance] })
            }
                ?? Recording.Result(sql: sql, error: refusal))
        return recording
    }
}

extension Recording {
    /// Answers the question about the service with these.
    package mutating func setVariables(_ variables: [String: String]) throws {
        let dialect = try #require(Dialect.of(.mysql, ServerVersion(8, 0, 28)))
        let sql = try #require(dialect.anyFact(.service)).statement
        results.removeAll { $0.sql == sql }
        results.append(
            Result(
                sql: sql, columns: ["Variable_name", "Value"],
                rows: variables.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }))
    }

    /// Changes a column of the identity.
    package mutating func setIdentity(_ column: String, _ value: String) {
        for index in results.indices {
            guard results[index].sql.contains("@@global.server_id AS"),
                let place = results[index].columns?.firstIndex(of: column)
            else { continue }
            results[index].rows?[0][place] = value
        }
    }

    /// Answers a statement differently.
    package mutating func set(_ sql: String, _ result: Result) {
        results.removeAll { $0.sql == sql }
        results.append(result)
    }
}
