package import Configuration
import MariaDB
import Replication

/// What a probe may do with its table. On the table alone, since the name of a database in a GRANT is a pattern.
package struct ProbeGrant: Equatable {
    let table: TableName
    let privileges: String
    /// It makes the table where there is none; the database must be there.
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

    /// As it stands in a GRANT, up to TO.
    var text: String { "\(privileges) ON \(table.quoted)" }

    /// Of a replication set's probes, each table once.
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
