import MariaDB

/// One replication stream as its replica describes it (MariaDB manual, SHOW REPLICA STATUS; MySQL manual, same name).
package struct ChannelStatus: Sendable, Equatable {
    /// "" for the default one.
    package let channel: String
    /// Yes, No, Connecting, Preparing.
    package let ioThread: String
    /// Yes, No.
    package let sqlThread: String
    package let ioErrno: Int
    package let sqlErrno: Int
    package let lastError: String
    /// Nil for NULL.
    package let secondsBehindSource: Int?
    package let readFile: String
    package let readPosition: UInt64
    package let execFile: String
    package let execPosition: UInt64

    package var isRunning: Bool { ioThread == "Yes" && sqlThread == "Yes" }

    init(_ row: ResultTable.Row, flavor: ServerSoftware.Flavor) {
        let (replica, source) =
            switch flavor {
            case .mariadb: ("Slave", "Master")
            case .mysql: ("Replica", "Source")
            }
        channel = row.text(flavor == .mariadb ? "Connection_name" : "Channel_Name") ?? ""
        ioThread = row.text("\(replica)_IO_Running") ?? ""
        sqlThread = row.text("\(replica)_SQL_Running") ?? ""
        ioErrno = row.integer("Last_IO_Errno").map { Int($0) } ?? 0
        sqlErrno = row.integer("Last_SQL_Errno").map { Int($0) } ?? 0
        lastError = [row.text("Last_IO_Error"), row.text("Last_SQL_Error")].compactMap { $0 }.joined(separator: " ")
        secondsBehindSource = row.integer("Seconds_Behind_\(source)").map { Int($0) }
        readFile = row.text("\(source)_Log_File") ?? ""
        readPosition = row.unsigned("Read_\(source)_Log_Pos") ?? 0
        execFile = row.text("Relay_\(source)_Log_File") ?? ""
        execPosition = row.unsigned("Exec_\(source)_Log_Pos") ?? 0
    }
}
