package import Configuration
import MariaDB
import Replication

/// The privileges that a probe needs on its table. On the table alone, because a database name in a GRANT is a pattern.
package struct ProbeGrant: Equatable {
    let table: TableName
    let privileges: String
    /// Whether the probe writes, and creates its table if that is missing; the database must exist.
    let isWriting: Bool

    private init(reading table: TableName) {
        self.table = table
        privileges = "SELECT"
        isWriting = false
    }

    private init(writing table: TableName) {
        self.table = table
        privileges = "CREATE, SELECT, INSERT, UPDATE, DELETE"
        isWriting = true
    }

    /// Quoted for SQL.
    var database: String { table.quotedDatabase }

    /// The part of a GRANT statement between GRANT and TO.
    var text: String { "\(privileges) ON \(table.quoted)" }

    /// The grants for a replication set's probes, without duplicates.
    package static func of(_ set: ReplicationSet) -> [ProbeGrant] {
        var grants: [ProbeGrant] = []
        let wanted = [
            set.heartbeat.map { $0.write ? ProbeGrant(writing: $0.table) : ProbeGrant(reading: $0.table) },
            set.sentinel.map { ProbeGrant(writing: $0.table) }, set.failover.map { ProbeGrant(writing: $0.table) },
            set.checksums.map { ProbeGrant(reading: $0.table) },
        ]
        for case let grant? in wanted where !grants.contains(grant) { grants.append(grant) }
        return grants
    }
}
