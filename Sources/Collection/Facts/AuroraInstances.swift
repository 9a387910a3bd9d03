import MariaDB
import Replication

extension Fact {
    /// Aurora: the instances of its cluster, as this one lists them. The session's time zone is UTC, as are the rows' times.
    static let auroraMember = Fact(
        .cluster,
        """
        SELECT SERVER_ID, SESSION_ID, REPLICA_LAG_IN_MILLISECONDS, IS_CURRENT, \
        TIMESTAMPDIFF(MICROSECOND, LAST_UPDATE_TIMESTAMP, UTC_TIMESTAMP(6)) AS age, @@aurora_server_id AS own \
        FROM information_schema.replica_host_status
        """
    ) { answer, facts throws(FactError) in
        facts.clusterRead = answer.reading
        guard let settings = facts.clusterSettings ?? .aurora(facts) else {
            throw FactError("the server did not report its server_uuid")
        }
        guard answer.rowCount <= mostInstances else {
            throw FactError("the server lists more than \(mostInstances) instances of its cluster")
        }
        if let own = answer.first?.text("own"), own != facts.identity.instance {
            throw FactError("another instance, \(own.debugDescription), answers over the same connection")
        }
        let rows = answer.rows.map { row in
            AuroraInstance(
                id: row.text("SERVER_ID") ?? "", isWriter: row.text("SESSION_ID") == "MASTER_SESSION_ID",
                lag: row.number("REPLICA_LAG_IN_MILLISECONDS").map { $0 / 1000 },
                age: row.integer("age").map { Double($0) / 1_000_000 }, isCurrent: row.flag("IS_CURRENT"))
        }
        facts.cluster = ClusterMember(
            aurora: Array(rows), named: facts.identity.instance, of: settings.cluster,
            isWriter: facts.isReadOnly.map { _ in !facts.readOnlySwitches.contains("innodb_read_only") })
    }
}

/// A cluster has 16 at most, and rows of former ones stay for a while.
private let mostInstances = 500

extension ClusterSettings {
    /// All instances of an Aurora cluster have one server UUID, which so names the cluster.
    static func aurora(_ facts: NodeFacts) -> ClusterSettings? {
        guard facts.service == .aurora, let uuid = facts.identity.serverUUID else { return nil }
        return ClusterSettings(kind: .aurora, cluster: uuid)
    }
}

extension NodeFacts {
    /// Takes an instance of Aurora for the member of its cluster that it is. What a reader says of a binary log and of transactions is
    /// left out: it shows the writer's volume, and keeps neither.
    mutating func recogniseAurora() {
        guard service == .aurora else { return }
        clusterSettings = .aurora(self)
        missing[.clusterSettings] = nil
        unreadable[.clusterSettings] = nil
        guard isAuroraReader else { return }
        transactions = nil
        binaryLog?.end = nil
        binaryLog?.index = nil
    }
}
