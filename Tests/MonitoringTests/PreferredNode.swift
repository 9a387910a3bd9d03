import FaultServer
import ReplicationTesting

/// A preferred node with a table of the exporter's own and no row, unless told otherwise. Its clock shows 1800000000.
func preferredNode(_ entries: [AnsweringServer.Entry] = []) throws -> AnsweringServer {
    try AnsweringServer(
        entries + [
            ("AS clock", .clock()), ("SHOW COLUMNS", .columns(["checker", "server_id", "epoch"], keys: 2)),
            ("AS noted", .table(columns: ["noted"], rows: [])),
            ("AS is_noted", .noted(kept: "1800000001.750000")),
        ])
}

extension Reply {
    /// The answer to the question that every check begins with.
    static func clock(
        isWritable: String? = "1", _ clock: String? = "1800000000", id: String? = "7", uuid: String? = nil
    ) -> Reply {
        .table(
            columns: ["is_writable", "clock", "server_id", "server_uuid"], rows: [[isWritable, clock, id, uuid]])
    }

    /// - Parameter keys: so many of the columns, from the first, are the primary key.
    static func columns(_ names: [String], keys: Int = 0) -> Reply {
        .table(columns: ["Field", "Key"], rows: names.enumerated().map { [$1, $0 < keys ? "PRI" : ""] })
    }

    static func noted(_ isNoted: String? = "1", isWritable: String? = "1", kept: String?) -> Reply {
        .table(columns: ["is_noted", "is_writable", "kept"], rows: [[isNoted, isWritable, kept]])
    }
}

extension AnsweringServer {
    /// What would change something, or would prepare to.
    var writes: [String] {
        statements.filter { statement in
            ["INSERT", "UPDATE", "SET @", "PREPARE", "EXECUTE", "CREATE"].contains { statement.hasPrefix($0) }
                && !statement.hasSuffix("WHERE FALSE")
        }
    }
}
