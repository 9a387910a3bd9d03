import MariaDB
import Replication
import Testing

@testable import Collection

/// Facts read from single replies that no recording contains.
@Suite("Facts")
struct FactTests {
    private func facts(
        _ fact: Fact?, _ rows: [[String: String?]], after: NodeFacts? = nil
    ) throws -> NodeFacts {
        var facts = after ?? NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
        facts.askedAt = facts.askedAt ?? 1000
        let columns = Set(rows.flatMap(\.keys)).sorted()
        let table = ResultTable(columns: columns, rows: rows.map { row in columns.map { row[$0] ?? nil } })
        let moment = Moment(.now, wall: facts.askedAt ?? 1000)
        try #require(fact).read(Answer(table, asked: moment, told: moment), &facts)
        return facts
    }

    private func channel(_ change: [String: String?], of dialect: Dialect = .mariaDB) throws -> Channel {
        let replica = dialect.name == "MySQL 8.4" ? "Replica" : "Slave"
        let row: [String: String?] = ["\(replica)_IO_Running": "Yes", "\(replica)_SQL_Running": "Yes"]
        let read = try facts(dialect.fact(.replicationStatus), [row.merging(change) { $1 }])
        return try #require(read.channels?.first)
    }

    // MARK: - Numbers

    @Test(
        "A clock without a valid time is unknown; the node's identity is known all the same",
        arguments: ["000000000001e+300", "-1", "1e12", "nan", "inf", "", "18446744073709551616"])
    func absurdClock(clock: String) throws {
        let read = try facts(Dialect.mariaDB.fact(.identity), [["server_id": "7", "clock": clock]])
        #expect(read.clockOffset == nil && read.identity.serverID == 7)
    }

    @Test(
        "A heartbeat whose server id exceeds 32 bits belongs to no server",
        arguments: ["4294967296", "18446744073709551615"])
    func hugeServerID(id: String) throws {
        let read = try facts(.heartbeat(in: "t"), [["ts": "2026-11-21T01:37:37.000650", "server_id": id]])
        #expect(read.heartbeat?.rows.map(\.serverID) == [nil])
    }

    @Test("An invalid uptime is unknown", arguments: ["nan", "inf", "-1", "1e300"])
    func absurdUptime(uptime: String) throws {
        let read = try facts(
            Dialect.mariaDB.fact(.status), [["Variable_name": "Uptime", "Value": uptime]])
        #expect(read.uptime == nil)
    }

    @Test(
        "An invalid UUID is unknown; it would go into the state file",
        arguments: ["", "1", "x y", "3e11fa47-71ca-11e1-9e33-c80aa9429562\nword db2"])
    func absurdUUID(uuid: String) throws {
        let read = try facts(Dialect.mySQL84.fact(.identity), [["server_id": "7", "server_uuid": uuid]])
        #expect(read.identity.serverUUID == nil && read.identity.serverID == 7)
        #expect(try channel(["Source_UUID": uuid], of: .mySQL84).source.serverUUID == nil)
    }

    @Test("A UUID is reported in lower case")
    func uuid() throws {
        let read = try facts(
            Dialect.mySQL84.fact(.identity),
            [["server_id": "7", "server_uuid": "3E11FA47-71CA-11E1-9E33-C80AA9429562"]])
        #expect(read.identity.serverUUID == "3e11fa47-71ca-11e1-9e33-c80aa9429562")
    }

    @Test("A delay or lag longer than history is unknown", arguments: ["1e300", "-1e300", "1e308", "nan"])
    func absurdSpans(seconds: String) throws {
        let channel = try channel([
            "SQL_Delay": seconds, "SQL_Remaining_Delay": seconds, "Seconds_Behind_Master": seconds,
            "Slave_heartbeat_period": seconds,
        ])
        #expect(channel.configuredDelay == nil && channel.remainingDelay == nil)
        #expect(channel.secondsBehindSource == nil && channel.heartbeatPeriod == nil)
    }

    // MARK: - Replication status

    /// The columns as MariaDB's manual has them (SHOW REPLICA STATUS, 12.0); no server of that release is at hand.
    @Test("MariaDB 12 says how often it has tried to connect; earlier releases and MySQL do not")
    func connects() throws {
        let read = try channel([
            "Slave_IO_Running": "Connecting", "Connects_Tried": "7", "Master_Retry_Count": "100000",
        ])
        #expect(read.connects == .init(tried: 7, limit: 100_000))
        // 0 is without limit.
        #expect(try channel(["Connects_Tried": "7", "Master_Retry_Count": "0"]).connects == .init(tried: 7))
        #expect(try channel([:]).connects == nil)
        #expect(try channel(["Source_Retry_Count": "10"], of: .mySQL84).connects == nil)
    }

    @Test(
        "The receiver's states, including connecting and preparing",
        arguments: [
            ("No", .stopped), ("Connecting", .connecting), ("Preparing", .preparing), ("Yes", .running),
        ] as [(String, Channel.IOThreadState)])
    func receiverState(word: String, state: Channel.IOThreadState) throws {
        #expect(try channel(["Slave_IO_Running": word]).ioThread == state)
    }

    @Test("An unknown state is not taken for another one")
    func unknownState() {
        let error = #expect(throws: FactError.self) { try channel(["Slave_IO_Running": "Dreaming"]) }
        #expect(error?.description == "Slave_IO_Running is \"Dreaming\"")
    }

    @Test("Without a row the server is not a replica; a row without the two threads' states is an error")
    func rows() throws {
        #expect(try facts(Dialect.mariaDB.fact(.replicationStatus), []).channels?.isEmpty == true)
        #expect(throws: FactError.self) {
            try facts(Dialect.mariaDB.fact(.replicationStatus), [["Slave_IO_Running": "Yes"]])
        }
    }

    @Test(
        "NULL, an empty value or text in place of a number is unknown, never 0",
        arguments: [nil, "", "-1", "a"] as [String?])
    func notTold(value: String?) throws {
        let channel = try channel([
            "Read_Master_Log_Pos": value, "Exec_Master_Log_Pos": value, "Relay_Log_Space": value,
            "Master_Log_File": "bin.000001", "Relay_Master_Log_File": "bin.000001",
            "Last_IO_Errno": value, "Slave_received_heartbeats": value, "Master_Server_Id": value,
        ])
        #expect(channel.readPosition == nil)
        #expect(channel.executedPosition == nil)
        #expect(channel.relayLogBytes == nil)
        #expect(channel.ioError == nil)
        #expect(channel.heartbeatsReceived == nil)
        #expect(channel.source.serverID == nil)
    }

    @Test("Before its first connection, a replica has no file and no server id")
    func neverConnected() throws {
        let channel = try channel([
            "Master_Log_File": "", "Read_Master_Log_Pos": "4", "Master_Server_Id": "0", "Master_Host": "db1",
            "Seconds_Behind_Master": nil, "Slave_IO_Running": "Connecting",
        ])
        #expect(channel.readPosition == nil)
        #expect(channel.source.serverID == nil)
        #expect(channel.source.host == "db1")
        #expect(channel.secondsBehindSource == nil)
    }

    @Test("Several channels are kept apart, including the unnamed one")
    func channels() throws {
        let row = ["Slave_IO_Running": "Yes", "Slave_SQL_Running": "No"]
        let names = ["", "eu", "EU"]
        let read = try facts(
            Dialect.mariaDB.fact(.replicationStatus), names.map { row.merging(["Connection_name": $0]) { $1 } })
        #expect(read.channels?.map(\.name) == names)
    }

    @Test("Whether GTID is used, and what was fetched with it")
    func gtid() throws {
        #expect(try channel(["Using_Gtid": "No", "Gtid_IO_Pos": ""]).usesGTID == false)
        #expect(try channel(["Using_Gtid": "No", "Gtid_IO_Pos": ""]).fetched == nil)
        #expect(try channel(["Using_Gtid": "Current_Pos", "Gtid_IO_Pos": "0-1-5"]).usesGTID == true)
        #expect(throws: FactError.self) { try channel(["Using_Gtid": "Slave_Pos", "Gtid_IO_Pos": "0-1"]) }
        let mySQL = try channel(["Auto_Position": "0", "Retrieved_Gtid_Set": ""], of: .mySQL84)
        #expect(mySQL.usesGTID == false)
        #expect(throws: FactError.self) { try channel(["Retrieved_Gtid_Set": "x:1"], of: .mySQL84) }
    }

    @Test(
        "Rewritten databases are counted as pairs, the way each server writes them",
        arguments: [
            ("a->b", 1), ("a->b,c->d", 2), ("(a,b)", 1), ("(a,b),(c,d)", 2), ("", nil), (nil, nil),
        ] as [(String?, Int?)])
    func rewritten(text: String?, count: Int?) throws {
        #expect(try channel(["Replicate_Rewrite_DB": text]).filters[.rewriteDatabase] == count)
    }

    @Test("MariaDB 11.6 reports the times of events; older versions have no such column")
    func eventTimes() throws {
        #expect(try channel([:]).eventTimes == nil)
        #expect(try channel(["Master_Slave_time_diff": nil]).eventTimes == .init(difference: nil))
        #expect(try channel(["Master_Slave_time_diff": "3"]).eventTimes == .init(difference: 3))
    }

    // MARK: - Others

    @Test(
        "read_only restricts by every word but OFF",
        arguments: [
            ("0", false), ("OFF", false), ("1", true), ("ON", true), ("NO_LOCK", true), ("NO_LOCK_NO_ADMIN", true),
            ("", false), (nil, nil),
        ] as [(String?, Bool?)])
    func readOnly(value: String?, isReadOnly: Bool?) throws {
        let identity = Dialect.mariaDB.fact(.identity)
        #expect(try facts(identity, [["server_id": "1", "read_only": value]]).isReadOnly == isReadOnly)
    }

    @Test("A server's clock is compared with the time of asking")
    func clock() throws {
        let read = try facts(Dialect.mariaDB.fact(.identity), [["server_id": "1", "clock": "1003.5"]])
        #expect(read.clockOffset == 3.5)
        #expect(try facts(Dialect.mariaDB.fact(.identity), [["server_id": "1", "clock": nil]]).clockOffset == nil)
    }

    @Test("An invalid server id is an error, and one beyond 32 bits is unknown")
    func serverID() throws {
        #expect(throws: FactError.self) { try facts(Dialect.mariaDB.fact(.identity), [["server_id": "x"]]) }
        #expect(throws: FactError.self) { try facts(Dialect.mariaDB.fact(.identity), []) }
        #expect(try facts(Dialect.mariaDB.fact(.identity), [["server_id": "4294967296"]]).identity.serverID == nil)
    }

    @Test("A status without a row means no binary log; a row that cannot be read is an error")
    func binlogStatus() throws {
        let status = Dialect.mariaDB.fact(.binlogStatus)
        #expect(try facts(status, []).binaryLog?.isEnabled == false)
        #expect(throws: FactError.self) { try facts(status, [["File": nil, "Position": "4"]]) }
        #expect(throws: FactError.self) { try facts(status, [["File": "bin.000001", "Position": nil]]) }
    }

    @Test(
        "A binary log without a number in its name has no positions that can be compared, and that is no error",
        arguments: ["bin.dot", "binlog-000000.ibb"])
    func unnumbered(name: String) throws {
        let read = try facts(Dialect.mariaDB.fact(.binlogStatus), [["File": name, "Position": "4711"]])
        #expect(read.binaryLog?.isEnabled == true)
        #expect(read.binaryLog?.end == nil)
        let log = try facts(
            Dialect.mariaDB.binlogIndex, [["Log_name": name, "File_size": "4711"]], after: read
        ).binaryLog
        #expect(log?.index == nil)
    }

    @Test("MySQL: the header of an encrypted binary log is part of its size, and not of positions")
    func encrypted() throws {
        var before = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(9, 7, 4)))
        before.binaryLog = BinaryLog(isEnabled: true)
        let index = try #require(
            try facts(
                Dialect.mySQL84.binlogIndex,
                [
                    ["Log_name": "bin.000006", "File_size": "988", "Encrypted": "Yes"],
                    ["Log_name": "bin.000007", "File_size": "476", "Encrypted": "No"],
                    ["Log_name": "bin.000008", "File_size": "700", "Encrypted": "Yes"],
                ], after: before
            ).binaryLog?.index)
        let from = try #require(BinlogFile("bin.000006"))
        let to = try #require(BinlogFile("bin.000008"))
        #expect(
            index.bytes(from: .init(file: from, position: 400), to: .init(file: to, position: 188)) == 76 + 476 + 188)
        #expect(index.size(of: from) == 476)
        #expect(index.totalBytes == 988 + 476 + 700)
    }

    @Test("What the source has purged; NULL from MariaDB if the file is gone")
    func purged() throws {
        var before = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0)))
        before.binaryLog = BinaryLog(isEnabled: true)
        let oldest = try #require(BinlogFile("bin'.000001"))
        let question = Dialect.mariaDB.purged(oldest)
        #expect(question.statement == "SELECT BINLOG_GTID_POS(_utf8mb4 X'62696E272E303030303031', 4) AS purged")
        let read = try facts(question, [["purged": "0-1-50"]], after: before)
        guard case .position(let position) = read.binaryLog?.purged else {
            Issue.record("not a position")
            return
        }
        #expect(position.description == "0-1-50")
        #expect(try facts(question, [["purged": nil]], after: before).binaryLog?.purged == nil)
        guard
            case .set(let set) = try facts(
                Dialect.mySQL84.purged(oldest), [["purged": "b3eb91de-e55f-11f1-a23a-02fc00000001:1-5"]], after: before
            ).binaryLog?.purged
        else {
            Issue.record("not a set")
            return
        }
        #expect(set.count == 5)
    }

    @Test("An empty list of binary logs is empty, not an error")
    func emptyIndex() throws {
        var before = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0)))
        before.binaryLog = BinaryLog(isEnabled: true)
        let log = try facts(Dialect.mariaDB.binlogIndex, [], after: before).binaryLog
        #expect(log?.index?.count == 0)
        #expect(log?.isIndexFresh == true)
        #expect(throws: FactError.self) {
            try facts(Dialect.mariaDB.binlogIndex, [["Log_name": "bin.000001", "File_size": nil]], after: before)
        }
    }

    @Test("Unless gtid_mode is ON, a MySQL server does not report everything that it executed")
    func gtidOff() throws {
        let transactions = Dialect.mySQL84.fact(.transactions)
        for mode in ["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE"] {
            #expect(try facts(transactions, [["executed": "", "mode": mode]]).transactions == nil, "\(mode)")
        }
        #expect(try facts(transactions, [["executed": "", "mode": "ON"]]).transactions?.count == 0)
        #expect(throws: FactError.self) { try facts(transactions, [["executed": nil, "mode": "ON"]]) }
    }

    @Test("MySQL: the positions of a channel with GTID_ONLY are not facts, whether they look valid or not")
    func gtidOnly() throws {
        func channel(_ gtidOnly: String?, file: String = "bin.000003") throws -> Channel? {
            let status = try facts(
                Dialect.mySQL84.fact(.replicationStatus),
                [
                    [
                        "Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Channel_Name": "",
                        "Source_Log_File": file, "Read_Source_Log_Pos": "4", "Relay_Source_Log_File": file,
                        "Exec_Source_Log_Pos": "4", "Auto_Position": "1",
                    ]
                ])
            return try facts(
                Dialect.mySQL84.fact(.receiver), [["CHANNEL_NAME": "", "gtid_only": gtidOnly]], after: status
            ).channels?.first
        }
        #expect(try channel("1")?.readPosition == nil)
        #expect(try channel("1")?.executedPosition == nil)
        #expect(try channel("0")?.readPosition?.position == 4)
        #expect(try channel(nil)?.readPosition?.position == 4)
        #expect(try channel(nil, file: "INVALID")?.readPosition == nil)
    }

    @Test(
        "MariaDB: whether the source leaves out what is marked; the replica may do that itself",
        arguments: [("FILTER_ON_MASTER", true), ("FILTER_ON_SLAVE", false), ("REPLICATE", false), (nil, false)])
    func filteredBySource(marked: String?, isFiltered: Bool) throws {
        var before = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0)))
        before.channels = [try channel(["Connection_name": "a"]), try channel(["Connection_name": "b"])]
        let read = try facts(Dialect.mariaDB.fact(.applier), [["threads": "4", "marked": marked]], after: before)
        #expect(read.channels?.map(\.isFilteredBySource) == [isFiltered, isFiltered])
        #expect(read.channels?.map(\.workers?.total) == [4, 4])
    }

    @Test("Facts about channels that are not in the status are left out")
    func strangers() throws {
        let read = try facts(Dialect.mySQL84.fact(.receiver), [["CHANNEL_NAME": "group_replication_applier"]])
        #expect(read.channels == nil)
    }

    @Test(
        "Durability: what a crash would lose",
        arguments: [
            ("1", "1", true, true), ("0", "2", false, false), ("1000", "0", false, false),
        ])
    func durability(sync: String, flush: String, binaryLog: Bool, redoLog: Bool) throws {
        var before = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0)))
        before.binaryLog = BinaryLog(isEnabled: true)
        let read = try facts(
            Dialect.mariaDB.fact(.durability), [["sync_binlog": sync, "flush_log": flush]], after: before)
        #expect(read.durability == [.binaryLog: binaryLog, .redoLog: redoLog])
    }

    @Test(
        "The wait in the relay log is reported only if both times are of the same transaction",
        arguments: [("1", 2.0), ("0", nil), (nil, nil)] as [(String?, Double?)])
    func relayWait(isLastQueued: String?, wait: Double?) throws {
        let before = try facts(
            Dialect.mySQL84.fact(.replicationStatus),
            [["Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Channel_Name": ""]])
        let read = try facts(
            Dialect.mySQL84.fact(.applier),
            [
                [
                    "CHANNEL_NAME": "", "busy": "0", "queue_end": "100", "apply_start": "102", "apply_end": "103",
                    "is_last_queued": isLastQueued,
                ]
            ],
            after: before)
        #expect(read.channels?.first?.applierTimes?.stages[.relayWait] == wait)
        #expect(read.channels?.first?.applierTimes?.stages[.apply] == 1)
    }

    @Test("Times by two hosts' clocks are kept as they are, to be corrected where both clocks are known")
    func skew() throws {
        let before = try facts(
            Dialect.mySQL84.fact(.replicationStatus),
            [["Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Channel_Name": ""]])
        let read = try facts(
            Dialect.mySQL84.fact(.applier),
            [
                [
                    "CHANNEL_NAME": "", "busy": "1", "queued_commit": "100", "queue_start": "99",
                    "applying_commit": "120", "clock": "110",
                ]
            ],
            after: before)
        #expect(read.channels?.first?.applierTimes?.stages[.transport] == -1)
        #expect(read.channels?.first?.applierTimes?.applyingAge == -10)
    }
}
