import MariaDB
import Replication

extension Fact {
    /// MariaDB's GTID positions. Needs no privilege.
    static let mariaDBTransactions = Fact(
        .transactions,
        selecting: """
            @@global.gtid_slave_pos AS replicated, @@global.gtid_binlog_pos AS logged, \
            @@global.gtid_current_pos AS current, @@global.gtid_binlog_state AS state
            """
    ) { answer, facts throws(FactError) in
        facts.transactionsRead = answer.reading
        guard let row = answer.first else { throw FactError("the server did not report its GTID positions") }
        do {
            facts.transactions = .positions(
                .init(
                    replicated: try GTIDPosition(parsing: row.text("replicated") ?? ""),
                    logged: try GTIDPosition(parsing: row.text("logged") ?? ""),
                    current: try GTIDPosition(parsing: row.text("current") ?? ""),
                    state: try GTIDBinlogState(parsing: row.text("state") ?? "")))
        } catch {
            throw FactError("\(error)")
        }
    }

    /// What MariaDB had written before the oldest binary log that it holds. Needs no privilege. (MariaDB manual:
    /// BINLOG_GTID_POS; NULL if the file has been purged meanwhile.)
    static func mariaDBPurged(before oldest: BinlogFile) -> Fact {
        Fact(.purgedTransactions, "SELECT BINLOG_GTID_POS(\(SQLText.literal(oldest.name)), 4) AS purged") {
            answer, facts throws(FactError) in
            guard let purged = answer.first?.text("purged") else { return }
            do {
                facts.binaryLog?.purged = .position(try GTIDPosition(parsing: purged))
            } catch {
                throw FactError("\(error)")
            }
        }
    }

    /// What MySQL no longer has in its binary log. Needs no privilege.
    static let mySQLPurged = Fact(.purgedTransactions, selecting: "@@global.gtid_purged AS purged") {
        answer, facts throws(FactError) in
        guard let purged = answer.first?.text("purged") else { return }
        do {
            facts.binaryLog?.purged = .set(try GTIDSet(parsing: purged))
        } catch {
            throw FactError("\(error)")
        }
    }

    /// MySQL's executed set. Needs no privilege. Unless gtid_mode is ON, there may be anonymous transactions, which are in no
    /// set, so equal sets do not show that the same was executed.
    static let mySQLTransactions = Fact(
        .transactions,
        selecting: "@@global.gtid_executed AS executed, @@global.gtid_mode AS mode, @@global.server_uuid AS server_uuid"
    ) { answer, facts throws(FactError) in
        facts.transactionsRead = answer.reading
        guard let row = answer.first, let executed = row.text("executed") else {
            throw FactError("the server did not report its executed GTID set")
        }
        if row.text("mode") != "ON" { return }
        do {
            facts.transactions = .set(
                executed: try GTIDSet(parsing: executed), server: row.text("server_uuid").flatMap(ServerUUID.init))
        } catch {
            throw FactError("\(error)")
        }
    }
}
