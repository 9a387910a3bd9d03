import MariaDB
import Replication

extension Fact {
    /// MySQL: threads that send the binary log. SHOW REPLICAS would need REPLICATION SLAVE, the right to read all data.
    static let mySQLConnectedReplicas = Fact(
        .connectedReplicas,
        """
        SELECT COUNT(*) AS replicas FROM performance_schema.threads \
        WHERE PROCESSLIST_COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')
        """,
        privileges: "SELECT ON performance_schema.*"
    ) { table, facts throws(FactError) in
        facts.connectedReplicas = table.first?.unsigned("replicas").flatMap(Int.init(exactly:))
    }
}
