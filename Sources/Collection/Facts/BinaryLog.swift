import MariaDB
import Replication

extension Fact {
    /// Where the server will write its next event. No row means that it has no binary log.
    static func binlogStatus(_ statement: String, privileges: String) -> Fact {
        Fact(.binlogStatus, statement, privileges: privileges) { answer, facts throws(FactError) in
            guard let row = answer.first else {
                facts.binaryLog = BinaryLog(isEnabled: false)
                return
            }
            guard let name = row.text("File"), let file = BinlogFile(name), let position = row.unsigned("Position")
            else {
                throw FactError("the binary log status has no file and position")
            }
            var log = facts.binaryLog ?? BinaryLog(isEnabled: true)
            log.isEnabled = true
            log.end = BinlogCoordinate(file: file, position: position)
            log.filters = [
                .doDatabase: row.text("Binlog_Do_DB").entryCount,
                .ignoreDatabase: row.text("Binlog_Ignore_DB").entryCount,
            ]
            facts.binaryLog = log
            facts.binaryLogRead = answer.reading
        }
    }

    /// The binary log files of the server, and their sizes. MySQL has a third column, `Encrypted`.
    static func binlogIndex(privileges: String) -> Fact {
        Fact(.binlogIndex, "SHOW BINARY LOGS", privileges: privileges) { answer, facts throws(FactError) in
            var entries: [(file: BinlogFile, size: UInt64)] = []
            for row in answer.rows {
                guard let name = row.text("Log_name"), let file = BinlogFile(name), let size = row.unsigned("File_size")
                else { throw FactError("SHOW BINARY LOGS has a row without a name or a size") }
                entries.append((file, size))
            }
            facts.binaryLog?.index = BinlogIndex(entries: entries)
            facts.binaryLog?.isIndexFresh = true
        }
    }
}

extension String? {
    /// Entries of a comma-separated list.
    var entryCount: Int {
        guard let self, !self.isEmpty else { return 0 }
        return self.utf8.count { $0 == UInt8(ascii: ",") } + 1
    }
}
