import MariaDB
import Replication

extension Fact {
    /// The server's identity, whether it accepts writes, and its clock. `SELECT @@…` needs no privilege.
    /// - Parameter variables: names of the `@@global.` variables that this dialect has; also the names of the result's columns.
    static func identity(variables: [String]) -> Fact {
        let columns =
            variables.map { "@@global.\($0) AS \($0)" } + [
                "CONNECTION_ID() AS connection", "UNIX_TIMESTAMP(NOW(6)) AS clock",
            ]
        let statement = "SELECT \(columns.joined(separator: ", "))"
        return Fact(.identity, statement) { answer, facts throws(FactError) in
            guard let row = answer.first, let id = row.unsigned("server_id") else {
                throw FactError("the server did not report its server_id")
            }
            facts.identity.serverID = UInt32(exactly: id)
            facts.identity.serverUUID = row.text("server_uuid").flatMap(ServerUUID.init)?.description
            facts.identity.hostname = row.text("hostname") ?? ""
            facts.identity.port = row.unsigned("port").flatMap(UInt16.init(exactly:))
            facts.identity.reportHost = row.text("report_host").flatMap { $0.isEmpty ? nil : $0 }
            facts.connectionID = row.unsigned("connection")
            facts.isSuperReadOnly = row.isRestricted("super_read_only")
            facts.readOnlySwitches = readOnlySwitches.filter { row.isRestricted($0) == true }
            facts.isReadOnly = facts.readOnlySwitches.isEmpty ? row.isRestricted("read_only") : true
            // The server's clock was read at some time between question and answer; the middle of the two is the best estimate.
            facts.askedAt = answer.middle
            facts.identityRead = answer.reading
            facts.clockOffset = row.time("clock").map { $0 - answer.middle }

            var log = facts.binaryLog ?? BinaryLog(isEnabled: row.flag("log_bin") ?? false)
            log.isEnabled = row.flag("log_bin") ?? false
            log.recordsReplicated = row.flag("log_slave_updates") ?? row.flag("log_replica_updates")
            facts.binaryLog = log
        }
    }
}

/// Each prevents ordinary accounts from writing. An Aurora reader has `read_only` off and `innodb_read_only` on; a member that
/// was expelled from its group is in `offline_mode`, which ends all sessions except those of administrators.
private let readOnlySwitches = ["read_only", "super_read_only", "innodb_read_only", "offline_mode"]

extension ResultTable.Row {
    /// `read_only` is a switch; from MariaDB 12 on it is one of several words, all of which but OFF restrict.
    fileprivate func isRestricted(_ column: String) -> Bool? {
        guard let text = text(column) else { return nil }
        return flag(column) ?? !text.isEmpty
    }
}
