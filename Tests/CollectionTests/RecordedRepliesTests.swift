import FaultServer
import Foundation
import Replication
import Testing

@testable import Collection

/// How replies of real servers are read, through the real client library.
@Suite("Recorded replies", .timeLimit(.minutes(5)))
struct RecordedRepliesTests {
    @Test("The fixtures exist")
    func presence() {
        #expect(Fixture.all.count > 80)
    }

    @Test("Every recorded server is queried in one round trip, and has every statement", arguments: Fixture.all)
    func everyStatement(_ fixture: Fixture) async throws {
        let report = try await withNode(try fixture.recording.script) { server, node in
            let first = await node.ask(deadline: .never)
            let statements = server.journal.statements
            let second = await node.ask(deadline: .never)
            if fixture.name.hasSuffix("-denied") { return first }
            // What an error or a stopped channel calls for is asked at once, and from then on together with the rest.
            let isCalledFor = statements.contains {
                $0.contains("group_members") || $0.contains("LAST_ERROR_NUMBER > 0")
            }
            #expect(first.roundTrips == (isCalledFor ? 2 : 1))
            #expect(second.roundTrips == 1)
            #expect(server.journal.connections == 1)
            // The first round sets up the session, and reads the list of binary logs, the counters, and what there is to ask
            // of replicas.
            let again = server.journal.statements.dropFirst(statements.count)
            #expect(Set(again).isSubset(of: statements))
            let dropped = statements.filter { !again.contains($0) }
            #expect(dropped.contains("SHOW BINARY LOGS") && dropped.contains { $0.hasPrefix("SET SESSION") })
            let isCounted = again.contains { $0.contains("Uptime") }
            let facts = try #require(first.facts)
            let isMariaDB = facts.identity.flavor == .mariadb
            let isSemiSync = facts.semiSync?.isSourceEnabled == true || facts.semiSync?.isReplicaActive == true
            #expect(isCounted == (isSemiSync || (isMariaDB && facts.connectedReplicas ?? 0 > 0)))
            let threads = again.contains { $0.contains("performance_schema.threads") }
            #expect(threads == (!isMariaDB && facts.connectedReplicas ?? 0 > 0))
            let tables = again.contains { $0.contains("performance_schema.replication_") }
            #expect(tables == (!isMariaDB && facts.channels?.isEmpty == false))
            #expect(second.facts?.startTime == facts.startTime)
            #expect(second.facts?.semiSync == facts.semiSync)
            #expect(second.facts?.connectedReplicas == facts.connectedReplicas)
            #expect(
                timeless(first.facts).contains("isIndexFresh: true")
                    != timeless(second.facts).contains("isIndexFresh: true")
                    || first.facts?.binaryLog?.isEnabled == false)
            return first
        }
        if fixture.name.hasSuffix("-denied") { return }
        #expect(report.failure == nil)
        #expect(report.isUp)
        #expect(report.facts?.missing == [:])
        #expect(report.facts?.unreadable == [:])
    }

    @Test("Columns are found by their names, in any order", arguments: Fixture.all)
    func columnOrder(_ fixture: Fixture) async throws {
        let recording = try fixture.recording
        var mirrored = recording
        for place in mirrored.results.indices {
            mirrored.results[place].columns?.reverse()
            mirrored.results[place].rows = mirrored.results[place].rows?.map { $0.reversed() }
        }
        let asRecorded = try await facts(recording)
        let asMirrored = try await facts(mirrored)
        #expect(timeless(asRecorded) == timeless(asMirrored))
        #expect(asRecorded?.identity.serverID != nil)
    }

    @Test(
        "A user without privileges: the node is down, and all other facts are known",
        arguments: [
            ("mariadb-10.11", "SLAVE MONITOR", "SHOW ALL SLAVES STATUS"),
            ("mariadb-11.8", "SLAVE MONITOR", "SHOW ALL SLAVES STATUS"),
            ("mysql-9.7", "REPLICATION CLIENT", "SHOW REPLICA STATUS"),
        ])
    func denied(series: String, privilege: String, statement: String) async throws {
        let report = try await withNode(Fixture(name: series + "/replica-denied").recording.script) { _, node in
            await node.ask(deadline: .never)
        }
        #expect(!report.isUp)
        #expect(report.failure?.reason == .permission)
        let message = try #require(report.failure?.message)
        #expect(message.hasPrefix("\(statement) was refused: Access denied"))
        #expect(message.hasSuffix("the user needs GRANT \(privilege) ON *.*"))
        let facts = try #require(report.facts)
        #expect(facts.missing[.replicationStatus] == .permission)
        #expect(facts.missing[.binlogStatus] == .permission)
        #expect(facts.missing[.binlogIndex] == .permission)
        #expect(facts.identity.serverID == 2)
        #expect(facts.isReadOnly == true)
        #expect(facts.transactions != nil)
        #expect(facts.uptime != nil)
    }

    @Test(
        "A replica without a binary log has none, and no fact is missing",
        arguments: ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"])
    func noBinlog(series: String) async throws {
        try await withNode(Fixture(name: series + "/replica-no-binlog").recording.script) { server, node in
            for _ in 0..<2 {
                let report = await node.ask(deadline: .never)
                #expect(report.isUp)
                #expect(report.facts?.missing == [:])
                #expect(report.facts?.binaryLog?.isEnabled == false)
                #expect(report.roundTrips == 1)
            }
            // Asked once, on the first round; the answer (error 1381) does not change while the server runs.
            #expect(server.journal.statements.count { $0 == "SHOW BINARY LOGS" } == 1)
        }
    }

    // MARK: - Values from the fixtures

    @Test("MySQL 9: a replica that has caught up")
    func mySQL9() async throws {
        let facts = try #require(try await facts("mysql-9.7/replica"))
        #expect(facts.identity.flavor == .mysql)
        #expect(facts.identity.version == ServerVersion(9, 7, 4))
        #expect(facts.identity.serverUUID == "b3eb91de-e55f-11f1-a23a-02fc00000001")
        #expect(facts.identity.hostname == "db2")
        #expect(facts.isReadOnly == true)
        #expect(facts.isSuperReadOnly == false)
        #expect(facts.binaryLog?.end?.description == "binlog.000001:2331")
        #expect(facts.binaryLog?.index?.totalBytes == 2331)
        #expect(facts.binaryLog?.recordsReplicated == true)
        #expect(facts.transactions?.count == 7)
        #expect(facts.durability == [.binaryLog: true, .redoLog: true, .replicationState: true])
        #expect(facts.connectedReplicas == 0)
        #expect(facts.semiSync == nil)
        #expect(facts.startTime == 1_795_233_462)  // clock …465.58, up for 3 s

        let channel = try #require(facts.channels?.first)
        #expect(channel.source.serverUUID == "b4186ab7-e55f-11f1-8d14-02fc00000001")
        #expect(channel.source.port == 41435)
        #expect(channel.ioThread == .running)
        #expect(channel.isApplierRunning)
        #expect(channel.readPosition?.description == "binlog.000002:507")
        #expect(channel.executedPosition?.description == "binlog.000002:198")
        #expect(channel.secondsBehindSource == 0)
        #expect(channel.usesGTID == true)
        #expect(channel.isSourceConnectionEncrypted == true)
        #expect(channel.heartbeatsReceived == 0)
        #expect(channel.heartbeatPeriod == 1)
        #expect(channel.sourceSilence == 0.284347)
        #expect(channel.ioError?.number == 0)
        #expect(channel.workers == .init(total: 4, busy: 0))
        #expect(channel.workerStates.map(\.id) == [1, 2, 3, 4])
        #expect(channel.workerStates.allSatisfy { $0.isRunning == true && $0.isBusy == false && $0.errorNumber == 0 })
        #expect(channel.retriedTransactions == 0)
        let times = try #require(channel.applierTimes)
        #expect(times.applyingAge == nil)
        // The worker that finished last: commit …303961, queued …306977 to …306997, applied …360842 to …371634.
        #expect(isNear(times.stages[.transport], 0.003016))
        #expect(isNear(times.stages[.queue], 0.000020))
        #expect(isNear(times.stages[.relayWait], 0.053845))
        #expect(isNear(times.stages[.apply], 0.010792))
    }

    @Test(
        "MySQL 5.7, 8.0 and 8.4: the vendor's example of a replica",
        arguments: [
            ("mysql-5.7", ServerVersion(5, 7, 44)), ("mysql-8.0.20", ServerVersion(8, 0, 20)),
            ("mysql-8.0.36", ServerVersion(8, 0, 36)), ("mysql-8.4", ServerVersion(8, 4, 3)),
        ])
    func mySQLSeries(series: String, version: ServerVersion) async throws {
        // The manuals have one example for 5.7 and early 8.0, and another one for later versions.
        let isEarly = version < ServerVersion(8, 0, 22)
        let facts = try #require(try await facts(series + "/replica"))
        #expect(facts.identity.version == version)
        #expect(facts.transactions?.count == (isEarly ? 5 : 3))
        #expect(facts.binaryLog?.end?.description == "binlog.000016:733481")
        #expect(facts.binaryLog?.index?.totalBytes == 1_458_416)
        #expect(facts.binaryLog?.recordsReplicated == true)
        #expect(facts.durability[.redoLog] == false)
        #expect(facts.durability[.replicationState] == (series != "mysql-5.7"))
        let channel = try #require(facts.channels?.first)
        #expect(channel.source.host == (isEarly ? "localhost" : "127.0.0.1"))
        #expect(channel.source.port == 13000)
        #expect(channel.source.serverID == 1)
        #expect(
            channel.source.serverUUID
                == (isEarly ? "3e11fa47-71ca-11e1-9e33-c80aa9429562" : "73f86016-978b-11ee-ade5-8d2a2a562feb"))
        #expect(channel.ioThread == .running)
        #expect(channel.isApplierRunning)
        #expect(channel.usesGTID == true)
        #expect(channel.readPosition?.description == (isEarly ? "source-bin.000002:1307" : "master-bin.000001:927"))
        #expect(channel.executedPosition == channel.readPosition)
        #expect(channel.secondsBehindSource == 0)
        #expect(channel.relayLogBytes == (isEarly ? 1858 : 1355))
        #expect(channel.heartbeatsReceived == 17)
        #expect(channel.sourceSilence == (series == "mysql-5.7" ? 2.5 : 9.875))
        guard case .set(let fetched) = channel.fetched else {
            Issue.record("no fetched set")
            return
        }
        #expect(fetched.count == (isEarly ? 5 : 3))
        if series == "mysql-5.7" {
            #expect(channel.workers == nil)
            #expect(channel.applierTimes == nil)
        } else {
            #expect(channel.workers == .init(total: series == "mysql-8.0.20" ? 1 : 4, busy: 0))
            #expect(channel.applierTimes?.applyingAge == nil)
            #expect(
                channel.applierTimes?.stages
                    == [.transport: 0.125, .queue: 0.25, .relayWait: 0.5, .apply: 1])
        }
    }

    @Test(
        "MySQL 5.7, 8.0 and 8.4: each column is read correctly, under its name in each version",
        arguments: ["mysql-5.7", "mysql-8.0.20", "mysql-8.0.36", "mysql-8.4"])
    func mySQLColumns(series: String) async throws {
        // The vendor's example has caught up: what was read and what was executed are the same. Here they are not.
        let source = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
        let recording = try Fixture(name: series + "/replica").recording.with([
            "Master_Log_File": "source-bin.000012", "Read_Master_Log_Pos": "4711",
            "Relay_Master_Log_File": "source-bin.000011", "Exec_Master_Log_Pos": "1234",
            "Seconds_Behind_Master": "7", "Retrieved_Gtid_Set": source + ":5-120",
            "Executed_Gtid_Set": source + ":1-100", "busy": "1", "applying_commit": "1795231893.000000",
        ])
        let channel = try #require(try await facts(recording)?.channels?.first)
        #expect(channel.readPosition?.description == "source-bin.000012:4711")
        #expect(channel.executedPosition?.description == "source-bin.000011:1234")
        #expect(channel.secondsBehindSource == 7)
        guard case .set(let fetched) = channel.fetched else {
            Issue.record("no fetched set")
            return
        }
        #expect(fetched.count == 116)
        if series != "mysql-5.7" {
            #expect(channel.workers?.busy == channel.workers?.total)
            #expect(channel.applierTimes?.applyingAge == 7.25)
        }
    }

    @Test(
        "MySQL 5.7, 8.0 and 8.4: the source ends where the vendor's example of a replica has read to",
        arguments: ["mysql-5.7", "mysql-8.0.20", "mysql-8.0.36", "mysql-8.4"])
    func mySQLPrimary(series: String) async throws {
        let primary = try #require(try await facts(series + "/primary"))
        let channel = try #require(try await facts(series + "/replica")?.channels?.first)
        #expect(primary.identity.serverUUID == channel.source.serverUUID)
        #expect(primary.identity.serverID == channel.source.serverID)
        #expect(primary.binaryLog?.end == channel.readPosition)
        guard case .set(let executed, _) = primary.transactions, case .set(let fetched) = channel.fetched else {
            Issue.record("no sets")
            return
        }
        #expect(executed == fetched)
        #expect(primary.channels?.isEmpty == true)
        // SHOW MASTER STATUS of the manual has Binlog_Do_DB "test" and Binlog_Ignore_DB "manual, mysql".
        let isExample = ["mysql-5.7", "mysql-8.0.20"].contains(series)
        #expect(primary.binaryLog?.filters[.doDatabase] == (isExample ? 1 : 0))
        #expect(primary.binaryLog?.filters[.ignoreDatabase] == (isExample ? 2 : 0))
    }

    @Test("A fixture that was not recorded names the origin of each result", arguments: Fixture.all)
    func provenance(_ fixture: Fixture) throws {
        struct Told: Decodable {
            struct Result: Decodable { let source: String? }
            let source: String?
            let results: [Result]
        }
        let file = Fixture.folder.appendingPathComponent(fixture.name + ".json")
        let told = try JSONDecoder().decode(Told.self, from: Data(contentsOf: file))
        let vendors = ["constructed: ", "MySQL 5.7 Ref", "MySQL 8.0 Ref", "MySQL 8.4 Ref"]
        for result in told.results {
            #expect((result.source == nil) == (told.source == nil))
            #expect(result.source.map { source in vendors.contains { source.hasPrefix($0) } } ?? true)
        }
    }

    @Test(
        "Semi-synchronous replication under its names before and after 8.0.26",
        arguments: [
            ("mysql-5.7/primary", true, false, 0, 12), ("mysql-8.0.36/primary", true, true, 1, 12),
            ("mysql-9.7/primary-semi-sync", true, true, 1, 3),
            ("mysql-9.7/primary-semi-sync-fallen-back", true, false, 0, 4),
            ("mariadb-10.11/primary-semi-sync", true, true, 1, 3),
        ] as [(String, Bool, Bool, UInt64, UInt64)])
    func semiSync(name: String, enabled: Bool, active: Bool, clients: UInt64, unacknowledged: UInt64) async throws {
        let semiSync = try #require(try await facts(name)?.semiSync)
        #expect(semiSync.isSourceEnabled == enabled)
        #expect(semiSync.isSourceActive == active)
        #expect(semiSync.clients == clients)
        #expect(semiSync.unacknowledged == unacknowledged)
        #expect(semiSync.waitingSessions == 0)
    }

    @Test("MariaDB: two connections, one of them stopped")
    func multiSource() async throws {
        let facts = try #require(try await facts("mariadb-11.8/replica-multi-source"))
        let channels = try #require(facts.channels)
        #expect(channels.map(\.name) == ["db1", "db2"])
        #expect(channels.map(\.ioThread) == [.running, .stopped])
        #expect(channels.map(\.secondsBehindSource) == [0, nil])
        #expect(channels.map(\.source.port) == [55287, 54991])
        #expect(channels.map(\.source.serverID) == [1, 2])
        #expect(channels.map(\.eventTimes) == [.init(difference: 0), .init(difference: 0)])
        #expect(channels.map(\.heartbeatPeriod) == [1, 1])
        #expect(channels.map(\.usesGTID) == [true, true])
        #expect(facts.identity.port == 33569)
        #expect(facts.durability == [.binaryLog: false, .redoLog: true, .replicationState: true])
        #expect(facts.connectedReplicas == 0)
        #expect(facts.binaryLog?.end?.description == "binlog.000001:1656")
    }

    @Test("Filters are counted", arguments: ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"])
    func filters(series: String) async throws {
        let replica = try await facts(series + "/replica-filtered")
        #expect(replica?.channels?.first?.filters == [.ignoreDatabase: 1, .wildIgnoreTable: 1])
        let primary = try await facts(series + "/primary-filtered")
        #expect(primary?.binaryLog?.filters[.ignoreDatabase] == 1)
        #expect(primary?.binaryLog?.filters[.doDatabase] == 0)
        #expect(primary?.channels?.isEmpty == true)
    }

    // MARK: - What servers say of themselves

    @Test("MySQL: the worker's error stands in place of the coordinator's referral to it")
    func workerError() async throws {
        let channel = try #require(try await facts("mysql-9.7/replica-sql-broken")?.channels?.first)
        let error = try #require(channel.applierError)
        #expect(error.number == 1062)
        #expect(error.message.hasPrefix("Worker 1 failed executing transaction "))
        #expect(error.message.contains("Duplicate entry"))
        #expect(error.time != nil)
    }

    @Test("MySQL: of several workers, the one whose error the coordinator names is taken, not those that ended with it")
    func severalWorkers() async throws {
        var recording = try Fixture(name: "mysql-9.7/replica-sql-broken").recording
        let place = try #require(
            recording.results.firstIndex { $0.sql.hasSuffix("WHERE LAST_ERROR_NUMBER > 0") })
        recording.results[place].rows = [
            ["", "1", "3031", "stopped because a previous one did", "1795233500.5"],
            ["", "2", "1062", "Worker 2 failed: Duplicate entry '7' for key 't.PRIMARY'", "1795233500.25"],
            ["", "3", "1062", "Worker 3 failed earlier", "1795233400"], ["other", "1", "1032", "no such row", nil],
        ]
        let error = try #require(try await facts(recording)?.channels?.first?.applierError)
        #expect(
            error
                == .init(
                    number: 1062, message: "Worker 2 failed: Duplicate entry '7' for key 't.PRIMARY'",
                    time: 1_795_233_500.25))
        recording.results[place].rows = []
        let told = try await facts(recording)?.channels?.first?.applierError?.message
        #expect(told?.hasPrefix("Coordinator stopped because") == true, "without the Performance Schema")
    }

    @Test("A statement that sets a password is not shown with the error that it caused")
    func passwords() {
        let error = "Error 'Operation CREATE USER failed for 'a'@'%'' on query. Default database: ''. "
        #expect(
            (error + "Query: 'CREATE USER 'a'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$00A$x''")
                .withoutPasswords
                == error + "(a statement with a password)")
        #expect(
            (error + "Query: 'set password for a = 'x''").withoutPasswords == error + "(a statement with a password)")
        #expect(
            (error + "Query: 'insert into t values (1)'").withoutPasswords == error
                + "Query: 'insert into t values (1)'")
        #expect("no password".withoutPasswords == "no password")
    }

    @Test("MySQL: a server that lists itself is a member of its group, in the state that it gives itself")
    func groupMembers() async throws {
        var recording = try Fixture(name: "mysql-9.7/replica-stopped").recording
        let own = try #require(try await facts(recording)?.identity.serverUUID)
        #expect(try await facts(recording)?.cluster == nil)
        let place = try #require(recording.results.firstIndex { $0.sql.contains("replication_group_members") })
        let columns = try #require(recording.results[place].columns)
        let other = "1914BF27-EC61-11F1-99E8-02FC00000001"
        func member(_ rows: [String: String]...) async throws -> ClusterMember? {
            recording.results[place].rows = rows.map { row in columns.map { row[$0] } }
            return try await facts(recording)?.cluster
        }
        let online = ["MEMBER_ID": own, "MEMBER_STATE": "ONLINE", "MEMBER_ROLE": "SECONDARY", "VIEW_ID": "17:3"]
        let member1 = try #require(try await member(online, ["MEMBER_ID": other, "MEMBER_STATE": "UNREACHABLE"]))
        #expect(member1.state == .online && !member1.hasQuorum && member1.isPrimary == false)
        #expect(member1.view?.number == 3 && member1.view?.members.map(\.state) == [.unreachable, .online])
        #expect(member1.view?.members.map(\.id) == [other.lowercased(), own].sorted())
        #expect(try await member(online)?.isOperating == true)
        #expect(try await member(["MEMBER_ID": own, "MEMBER_STATE": "OFFLINE"])?.state == .outside)
        #expect(try await member(["MEMBER_ID": own, "MEMBER_STATE": "what"])?.isOperating == false)
        #expect(try await member(["MEMBER_ID": "", "MEMBER_STATE": "OFFLINE"]) == nil)
        #expect(try await member(["MEMBER_ID": other, "MEMBER_STATE": "ONLINE"]) == nil)
        let number = try await member(online.merging(["VIEW_ID": "99999999999999999999"]) { $1 })?.view?.number
        #expect(number == nil)
    }

    @Test("The tables in which Amazon RDS keeps its own state are counted apart (ansible.mysql 603)")
    func vendorFilters() async throws {
        let rds = """
            mysql.rds_replication_status,mysql.rds_monitor,mysql.rds_sysinfo,mysql.rds_configuration,mysql.rds_history
            """
        for (tables, all) in [(rds, 5), (rds + ",app.log", 6)] {
            let recording = try Fixture(name: "mysql-8.0.36/replica").recording.with(["Replicate_Ignore_Table": tables])
            let channel = try #require(try await facts(recording)?.channels?.first)
            #expect(channel.filters == [.ignoreTable: all])
            #expect(channel.vendorFilters == 5)
        }
    }

    @Test(
        "MySQL: a position in a table survives a crash with relay_log_recovery, or with auto-positioning, which is the default",
        arguments: [("1", "0", true), ("0", "1", true), ("0", "0", false)])
    func crashSafety(recovery: String, autoPosition: String, isSafe: Bool) async throws {
        for name in ["mysql-9.7/replica", "mysql-8.0.36/replica"] {
            let recording = try Fixture(name: name).recording.with([
                "recovery": recovery, "Auto_Position": autoPosition, "repository": "TABLE",
            ])
            #expect(try await facts(recording)?.durability[.replicationState] == isSafe)
            #expect(try await facts(recording.with(["repository": "FILE"]))?.durability[.replicationState] == false)
        }
    }

    @Test(
        "A relay log that has reached its limit is told by the state of the IO thread",
        arguments: [
            (
                "mariadb-10.11/replica", "Slave_IO_State",
                "Waiting for the slave SQL thread to free enough relay log space"
            ),
            (
                "mysql-8.0.20/replica", "Slave_IO_State",
                "Waiting for the slave SQL thread to free enough relay log space"
            ),
            (
                "mysql-9.7/replica", "Replica_IO_State",
                "Waiting for the replica SQL thread to free relay log space"
            ),
        ])
    func relayLogFull(name: String, column: String, state: String) async throws {
        let recording = try Fixture(name: name).recording
        #expect(try await facts(recording)?.channels?.map(\.isRelayLogFull) == [false])
        let full = try await facts(recording.with([column: state]))?.channels
        #expect(full?.map(\.isRelayLogFull) == [true])
        #expect(full?.map(\.sourceSilence) == [nil])
    }

    // MARK: -

    private func facts(_ name: String) async throws -> NodeFacts? {
        try await facts(Fixture(name: name).recording)
    }

    private func facts(_ recording: Recording) async throws -> NodeFacts? {
        try await withNode(recording.script) { _, node in await node.ask(deadline: .never).facts }
    }

    /// Seconds rounded to microseconds, the accuracy of differences of epoch seconds.
    private func isNear(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 0.000_001 } ?? false
    }
}

extension Recording {
    /// With cells of every row replaced, by the names of their columns: those with Master for those with Source, too.
    fileprivate func with(_ cells: [String: String]) -> Recording {
        var changed = self
        for place in results.indices {
            let columns = results[place].columns ?? []
            for (index, column) in columns.enumerated() {
                guard let cell = cells[column.replacing("Source", with: "Master")] else { continue }
                changed.results[place].rows = changed.results[place].rows?.map { row in
                    var row = row
                    row[index] = cell
                    return row
                }
            }
        }
        return changed
    }
}
