internal import MariaDB
internal import Replication

/// Statements that do nothing on a server which must not be written to, whoever the account is: privileged ones write on
/// read-only servers too, and between a look at the server and the write somebody may make it so.
///
/// What is checked is put into a user variable, which goes into the binary log by its value: in STATEMENT format a replica
/// would otherwise check itself, find that it is read-only, and leave the change out. The deadline is part of the write as well:
/// each statement travels in a packet of its own, and a server may freeze between the two. (NOW goes into the binary log as the
/// source's time, with its microseconds.)
package enum WriteGuard {
    /// By every switch that a server may have, as in `node_read_only`. MariaDB 12 has words for what was a switch; all but OFF
    /// restrict. An Aurora reader has `innodb_read_only` alone. What stands in the comments is carried out by MySQL from 5.7.8
    /// and 5.7.5 on, which have these variables, and by no MariaDB: it skips such comments from 50700 to 99999 (MariaDB manual:
    /// Comment Syntax).
    static let isWritable = """
        CONCAT(@@global.read_only) IN ('0', 'OFF') AND @@global.innodb_read_only = 0 \
        /*!50708 AND @@global.super_read_only = 0 */ /*!50705 AND @@global.offline_mode = 0 */
        """

    /// Sets `@writable`, on which the next statement depends.
    /// - Parameters:
    ///   - latest: epoch seconds by the server's clock. A statement that a frozen server finds in its socket when it comes
    ///     back, after others have taken its place, is not to be carried out.
    ///   - serverID: of the server that is meant; nil for whichever answers. A connection that was lost is made anew, and its
    ///     address may stand for another server by then.
    ///   - serverUUID: MySQL only.
    package static func check(until latest: Double, serverID: UInt32? = nil, serverUUID: String? = nil) -> String {
        let id = serverID.map { " AND @@global.server_id = \($0)" } ?? ""
        let uuid = serverUUID.map { " AND @@global.server_uuid = \(SQLText.literal($0))" } ?? ""
        return "SET @writable = \(isWritable)\(id)\(uuid) AND \(isInTime(latest))"
    }

    /// For WHERE, after a `check`.
    package static func holds(until latest: Double) -> String { "@writable AND \(isInTime(latest))" }

    /// Carries out a statement that has no WHERE, after a `check`. The deadline is looked at when the statement is prepared: no
    /// server evaluates anything when it executes DDL, so a server that freezes between these two is not caught.
    package static func ifWritable(_ statement: String, until latest: Double) -> [String] {
        [
            "SET @statement = IF(\(holds(until: latest)), \(SQLText.literal(statement)), _utf8mb4 'DO 0')",
            "PREPARE probe FROM @statement", "EXECUTE probe", "DEALLOCATE PREPARE probe",
        ]
    }

    private static func isInTime(_ latest: Double) -> String { "UNIX_TIMESTAMP(NOW(6)) <= \(decimal(latest))" }

    /// With microseconds, and never as a power of ten. A time before 1970, or none at all, is 0: long past.
    static func decimal(_ seconds: Double) -> String {
        let microseconds = max(0, Int64(saturating: seconds * 1e6))
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
