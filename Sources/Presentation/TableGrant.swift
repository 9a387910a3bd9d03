package import Configuration
import MariaDB
package import Replication

/// The privileges that an account needs on one table, and the table itself: a server refuses a grant on a table that it does not
/// have. On the table alone, because a database name in a GRANT is a pattern.
package struct TableGrant: Equatable {
    let table: TableName
    let privileges: String
    /// CREATE TABLE IF NOT EXISTS.
    let definition: String

    /// Quoted for SQL.
    var database: String { OwnTable.database(of: table) }

    /// The part of a GRANT statement between GRANT and TO.
    var text: String { "\(privileges) ON \(table.quoted)" }

    static func heartbeat(_ heartbeat: Heartbeat) -> TableGrant {
        TableGrant(
            table: heartbeat.table, privileges: heartbeat.write ? "SELECT, INSERT, UPDATE" : "SELECT",
            definition: OwnTable.heartbeat(heartbeat.table))
    }

    static func sentinel(_ sentinel: Sentinel) -> TableGrant {
        TableGrant(
            table: sentinel.table, privileges: "SELECT, INSERT, UPDATE, DELETE",
            definition: OwnTable.sentinel(sentinel.table))
    }

    static func failover(_ policy: FailoverPolicy) -> TableGrant {
        TableGrant(
            table: policy.table, privileges: "SELECT, INSERT, UPDATE", definition: OwnTable.lastCheck(policy.table))
    }

    static func checksums(reading table: TableName) -> TableGrant {
        TableGrant(table: table, privileges: "SELECT", definition: OwnTable.checksums(table))
    }

    /// For the command `checksum`, which writes the results. It replaces rows, which needs DELETE.
    package static func checksums(writing table: TableName) -> TableGrant {
        TableGrant(table: table, privileges: "SELECT, INSERT, UPDATE, DELETE", definition: OwnTable.checksums(table))
    }

    /// The grants for a replication set's probes, without duplicates.
    package static func of(_ set: ReplicationSet) -> [TableGrant] {
        var grants: [TableGrant] = []
        let wanted = [
            set.heartbeat.map(heartbeat), set.sentinel.map(sentinel), set.failover.map(failover),
            set.checksums.map { checksums(reading: $0.table) },
        ]
        for case let grant? in wanted where !grants.contains(grant) { grants.append(grant) }
        return grants
    }
}
