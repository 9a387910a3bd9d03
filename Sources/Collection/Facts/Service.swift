import MariaDB
import Replication

extension Fact {
    /// Which service runs the server, and whether it is one at all; needs no privilege. `SELECT` of a variable that a server does not
    /// have is an error, while SHOW leaves it out.
    static let service = Fact(
        .service,
        """
        SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version','version_comment','basedir','aurora_version',\
        'aurora_server_id','aad_auth_only')
        """
    ) { answer, facts throws(FactError) in
        let variables = answer.table.dictionary("Variable_name", "Value")
        guard let version = variables["VERSION"] else { throw FactError("the server did not report its version") }
        facts.service = Service(variables: variables)
        facts.identity.instance = variables["AURORA_SERVER_ID"].flatMap { $0.isEmpty ? nil : $0 }
        facts.lookalike =
            Lookalike(comment: variables["VERSION_COMMENT"] ?? "") ?? Lookalike(greeting: version)
        facts.versionBehind = facts.identity.isOf(version: version) ? nil : version
    }

    /// Amazon RDS: for how long binary logs are kept. (Amazon RDS User Guide: mysql.rds_set_configuration.)
    static let binlogRetention = Fact(
        .binlogRetention, "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'",
        privileges: "SELECT ON mysql.rds_configuration"
    ) { answer, facts throws(FactError) in
        guard let row = answer.first else {
            throw FactError("mysql.rds_configuration has no row 'binlog retention hours'")
        }
        // NULL: they may be purged at any time.
        facts.binaryLog?.retention = row.unsigned("value").map { Double($0) * 3600 }
    }
}

/// What a server has told of the service that runs it, kept as long as the connection.
struct ServiceFacts {
    let service: Service
    var lookalike: Lookalike?
    let versionBehind: String?
    private let instance: String?

    /// Nil if it has not told.
    init?(_ facts: NodeFacts) {
        guard let service = facts.service else { return nil }
        self.service = service
        lookalike = facts.lookalike
        instance = facts.identity.instance
        versionBehind = facts.versionBehind
    }

    func add(to facts: inout NodeFacts) {
        facts.service = service
        facts.lookalike = lookalike
        facts.identity.instance = instance
        facts.versionBehind = versionBehind
    }
}

extension ServerIdentity {
    /// Whether a version that a server itself reports is the one that it announced in its handshake.
    fileprivate func isOf(version text: String) -> Bool {
        ServerVersion(text) == version && Flavor(handshake: text) == flavor
    }
}
