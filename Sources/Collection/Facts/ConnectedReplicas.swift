import MariaDB
import Replication

extension Fact {
    /// MySQL: threads that send the binary log. SHOW REPLICAS would need REPLICATION SLAVE, which allows reading all data.
    /// With the Performance Schema off, the table of threads is empty, which does not mean "no replicas".
    static let mySQLConnectedReplicas = Fact(
        .connectedReplicas,
        """
        SELECT IF(@@global.performance_schema, COUNT(*), NULL) AS replicas FROM performance_schema.threads \
        WHERE PROCESSLIST_COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')
        """,
        privileges: "SELECT ON performance_schema.*"
    ) { answer, facts throws(FactError) in
        guard let row = answer.first, row.has("replicas") else {
            throw FactError("the server did not report its connected replicas")
        }
        guard row.text("replicas") != nil else {
            throw FactError(
                "the connected replicas are unknown because the Performance Schema is off", reason: .unsupported)
        }
        guard let count = row.unsigned("replicas").flatMap(Int.init(exactly:)) else {
            throw FactError("the number of connected replicas could not be read")
        }
        facts.connectedReplicas = count
        facts.areConnectedReplicasFresh = true
    }
}
