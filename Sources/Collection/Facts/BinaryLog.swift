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
            guard let name = row.text("File"), let position = row.unsigned("Position") else {
                throw FactError("the binary log status has no file and position")
            }
            var log = facts.binaryLog ?? BinaryLog(isEnabled: true)
            log.isEnabled = true
            // A name without a number has no place among others, and a log in the storage engine has no positions that
            // replicas know: MySQL with log_bin=x.y.log writes one file x.y; MariaDB 12.3 has binlog-000000.ibb.
            log.end = BinlogFile(name).map { BinlogCoordinate(file: $0, position: position) }
            log.filters = [
                .doDatabase: row.text("Binlog_Do_DB").entryCount,
                .ignoreDatabase: row.text("Binlog_Ignore_DB").entryCount,
            ]
            facts.binaryLog = log
            facts.binaryLogRead = answer.reading
        }
    }

    /// The binary log files of the server, and their sizes. MySQL has a third column, `Encrypted`: an encrypted file has a
    /// header of 512 bytes, which positions do not count. Files without a number in their names are left out.
    static func binlogIndex(privileges: String) -> Fact {
        Fact(.binlogIndex, "SHOW BINARY LOGS", privileges: privileges) { answer, facts throws(FactError) in
            var listed: [ListedFile] = []
            for row in answer.rows {
                guard let name = row.text("Log_name"), let size = row.unsigned("File_size") else {
                    throw FactError("SHOW BINARY LOGS has a row without a name or a size")
                }
                guard let file = BinlogFile(name) else { continue }
                listed.append(ListedFile(file: file, size: size, header: row.flag("Encrypted") == true ? 512 : 0))
            }
            // Its size alone would be no news: nothing could be compared with it.
            if listed.isEmpty, answer.first != nil { return }
            facts.binaryLog?.index = BinlogIndex(listed: listed)
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
