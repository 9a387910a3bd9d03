internal import MariaDB
internal import Replication

/// Statements that do nothing on a server that must not be written to, whatever the account's privileges: privileged accounts can
/// write on read-only servers too, and a server may become read-only between the check and the write.
///
/// The result of the check is put into a user variable, which is replicated by value: otherwise, in STATEMENT format, a replica
/// would evaluate the check itself, find that it is read-only, and skip the change. The deadline is part of the write as well:
/// each statement is sent in a packet of its own, and a server may freeze between the two. (NOW is written to the binary log as
/// the source's time, with its microseconds.)
package enum WriteGuard {
    /// By every switch that a server may have, as in `node_read_only`. In MariaDB 12 the switch has become a set of words; all
    /// but OFF restrict. An Aurora reader has only `innodb_read_only`. The comments are executed by MySQL from 5.7.8 and 5.7.5
    /// on, which have these variables, and by no MariaDB: it skips such comments from 50700 to 99999 (MariaDB manual: Comment
    /// Syntax).
    static let isWritable = """
        CONCAT(@@global.read_only) IN ('0', 'OFF') AND @@global.innodb_read_only = 0 \
        /*!50708 AND @@global.super_read_only = 0 */ /*!50705 AND @@global.offline_mode = 0 */
        """

    /// Sets `@writable`, on which the next statement depends.
    /// - Parameters:
    ///   - latest: epoch seconds by the server's clock. A statement that a frozen server finds in its socket when it recovers,
    ///     after another has taken its place, must not be executed.
    ///   - serverID: of the intended server; nil for whichever answers. A lost connection is made again, and by then its address
    ///     may belong to another server.
    ///   - serverUUID: MySQL only.
    package static func check(until latest: Double, serverID: UInt32? = nil, serverUUID: String? = nil) -> String {
        let id = serverID.map { " AND @@global.server_id = \($0)" } ?? ""
        let uuid = serverUUID.map { " AND @@global.server_uuid = \(SQLText.literal($0))" } ?? ""
        return "SET @writable = \(isWritable)\(id)\(uuid) AND \(isInTime(latest))"
    }

    /// For WHERE, after a `check`.
    package static func holds(until latest: Double) -> String { "@writable AND \(isInTime(latest))" }

    /// Executes a statement that has no WHERE, after a `check`. The deadline is checked when the statement is prepared: servers
    /// evaluate no expressions when they execute DDL, so a server that freezes between these two is not caught.
    package static func ifWritable(_ statement: String, until latest: Double) -> [String] {
        [
            "SET @statement = IF(\(holds(until: latest)), \(SQLText.literal(statement)), _utf8mb4 'DO 0')",
            "PREPARE probe FROM @statement", "EXECUTE probe", "DEALLOCATE PREPARE probe",
        ]
    }

    private static func isInTime(_ latest: Double) -> String { "UNIX_TIMESTAMP(NOW(6)) <= \(decimal(latest))" }

    /// With microseconds, and never in exponent notation. A time before 1970, or not a number, becomes 0: long past.
    static func decimal(_ seconds: Double) -> String {
        let microseconds = max(0, Int64(saturating: seconds * 1e6))
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
