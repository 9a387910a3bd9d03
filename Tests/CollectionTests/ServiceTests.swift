import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Testing

@testable import Collection

/// Managed services, and what only looks like a server, through the real client library: replies that are constructed from vendors'
/// texts (`Tests/Fixtures/services`).
@Suite("Managed services and lookalikes", .timeLimit(.minutes(5)))
struct ServiceTests {
    private static let servers = ["rds-mysql-8.0", "rds-mariadb-10.11", "aurora-3", "azure-8.0", "cloudsql-8.0"]

    @Test("A service is recognised by its variables, asked once a connection", arguments: servers)
    func recognised(_ name: String) async throws {
        let server = try #require(try ServiceRecordings.servers()[name])
        try await withNode(try ServiceRecordings.recording(server).script) { fault, node in
            for _ in 1...3 {
                let facts = await node.ask(deadline: .never).facts
                #expect(facts?.service?.rawValue == server.service)
                #expect(facts?.identity.instance == server.variables["aurora_server_id"])
                #expect(facts?.versionBehind == nil)
            }
            #expect(fault.journal.statements.count { $0.contains("aad_auth_only") } == 1)
        }
    }

    @Test(
        "What names itself is refused before anything that it says is believed",
        arguments: try ServiceRecordings.lookalikes())
    func lookalike(_ lookalike: ServiceRecordings.Lookalike) async throws {
        var recording = try ServiceRecordings.base("mysql-8.0.36/primary")
        recording.version = lookalike.greeting
        try recording.setVariables([
            "version": lookalike.version, "version_comment": lookalike.comment ?? "", "basedir": "/",
        ])
        if let alone = lookalike.alone {
            let sql = Lookalike.proxyQuestion
            recording.set(sql, .init(sql: sql, columns: ["@@version_comment"], rows: [[alone]]))
        }
        let named = try #require(Lookalike(rawValue: lookalike.name))
        try await withNode(recording.script) { _, node in
            for _ in 1...2 {
                let report = await node.ask(deadline: .never)
                #expect(report.facts == nil && !report.isUp)
                #expect(report.failure?.reason == .unsupported)
                #expect(report.failure?.message == "\(named.title) answers at this address; \(named.remedy)")
            }
        }
    }

    @Test("Once a server answers at the address of a lookalike, it is up")
    func replaced() async throws {
        let real = try ServiceRecordings.base("mysql-8.0.36/primary")
        let script = Script(
            greeting: { Step.welcome(version: $0 == 0 ? "8.0.30-Vitess" : real.version) },
            answer: { $0.steps(real.reply) })
        try await withNode(script) { _, node in
            #expect(await node.ask(deadline: .never).failure?.reason == .unsupported)
            #expect(await node.ask(deadline: .never).isUp)
        }
    }

    @Test(
        "No server's own version is taken for a lookalike's",
        arguments: [
            "10.11.19-MariaDB-0+deb12u1-log", "5.5.5-10.6.12-MariaDB-1:10.6.12+maria~ubu2004-log", "8.0.36-28",
            "8.0.36-0ubuntu0.22.04.1", "5.7.44-48-log", "9.7.4", "8.0.31-google", "8.0.36-azure", "12.3.1-MariaDB",
            "8.0.36-router2-log",
        ])
    func server(version: String) {
        #expect(Lookalike(greeting: version) == nil)
        #expect(Lookalike(comment: "MySQL Community Server - GPL") == nil)
        #expect(Lookalike(comment: "Percona Server (GPL), Release 28, Revision 47601f19") == nil)
        #expect(Lookalike(comment: "mariadb.org binary distribution") == nil)
        #expect(Lookalike(comment: "built by the vitess team") == nil)
    }

    @Test(
        "A version behind the address that is not the announced one is told; where it costs the status, as the reason")
    func behind() async throws {
        var recording = try ServiceRecordings.base("mysql-8.0.36/replica")
        recording.version = "8.0.22"
        try recording.setVariables(["version": "8.4.3", "version_comment": "", "basedir": "/usr/"])
        try await withNode(recording.script) { _, node in
            let report = await node.ask(deadline: .never)
            #expect(report.isUp && report.facts?.versionBehind == "8.4.3")
            #expect(await node.ask(deadline: .never).facts?.versionBehind == "8.4.3")
        }
        recording.set(
            "SHOW REPLICA STATUS",
            .init(sql: "SHOW REPLICA STATUS", error: .init(code: 1064, sqlState: "42000", message: "no")))
        try await withNode(recording.script) { _, node in
            let failure = await node.ask(deadline: .never).failure
            #expect(
                failure?.message.hasSuffix(
                    "it announces 8.0.22 and is 8.4.3: a proxy stands between, such as ProxySQL; "
                        + "configure the servers behind it, each by its own address") == true)
        }
    }

    @Test("A server that does not tell is like one that no service runs, and is asked again over the next connection")
    func untold() async throws {
        var recording = try ServiceRecordings.base("mysql-8.0.36/replica")
        let sql = Fact.service.statement
        for result in [
            Recording.Result(sql: sql, error: .init(code: 1227, sqlState: "42000", message: "no")),
            Recording.Result(sql: sql, columns: ["Variable_name", "Value"], rows: []),
            Recording.Result(sql: sql, columns: ["a"], rows: [["b"]]),
        ] {
            recording.set(sql, result)
            try await withNode(recording.script) { _, node in
                let report = await node.ask(deadline: .never)
                #expect(report.isUp && report.facts?.service == nil)
                #expect(report.facts?.missing[.service] != nil)
            }
        }
    }

    // MARK: - Amazon RDS

    @Test("Its own filters alone leave a replica unfiltered")
    func vendorFilters() async throws {
        let server = try #require(try ServiceRecordings.servers()["rds-mysql-8.0"])
        var recording = try ServiceRecordings.recording(server)
        // Amazon RDS User Guide, mysql.rds_replica_status: the value of its example.
        let vendor =
            "mysql.rds_sysinfo,mysql.rds_history,mysql.rds_replication_status,mysql.rds_monitor,mysql.rds_configuration,"
            + "innodb_memcache.cache_policies,innodb_memcache.config_options,mysql.plugin"
        for (list, others) in [(vendor, 0), (vendor + ",shop.log", 1), ("shop.log", 1)] {
            let index = try #require(recording.results.firstIndex { $0.sql == "SHOW REPLICA STATUS" })
            let column = try #require(recording.results[index].columns?.firstIndex(of: "Replicate_Ignore_Table"))
            recording.results[index].rows?[0][column] = list
            try await withNode(recording.script) { _, node in
                let channel = await node.ask(deadline: .never).facts?.channels?.first
                let entries = try #require(channel?.filters[.ignoreTable])
                #expect(entries - (channel?.vendorFilters ?? 0) == others)
            }
        }
    }

    @Test("Binary logs are kept for as long as the configuration says; NULL, no grant and no row are no promise")
    func retention() async throws {
        let server = try #require(try ServiceRecordings.servers()["rds-mysql-8.0"])
        var recording = try ServiceRecordings.recording(server)
        let sql = Fact.binlogRetention.statement
        for (result, seconds) in [
            (Recording.Result(sql: sql, columns: ["value"], rows: [["24"]]), 86400),
            (Recording.Result(sql: sql, columns: ["value"], rows: [[nil]]), nil),
            (Recording.Result(sql: sql, columns: ["value"], rows: [["-1"]]), nil),
            (Recording.Result(sql: sql, columns: ["value"], rows: []), nil),
            (Recording.Result(sql: sql, error: .init(code: 1142, sqlState: "42000", message: "denied")), nil),
        ] as [(Recording.Result, Double?)] {
            recording.set(sql, result)
            try await withNode(recording.script) { server, node in
                for _ in 1...3 {
                    let report = await node.ask(deadline: .never)
                    #expect(report.isUp)
                    if server.journal.statements.contains(sql) {
                        #expect(report.facts?.binaryLog?.retention == seconds)
                    }
                    #expect(report.facts?.missing.values.contains { $0.isTrouble && $0 != .error } == false)
                }
                #expect(server.journal.statements.count { $0 == sql } == 1)
                #expect(server.journal.connections == 1)
            }
        }
    }

    /// The columns of the vendor's older text, those of its newer one, and a row for either.
    private static func status(newer: Bool, running: String = "Yes") -> (columns: [String], row: [String?]) {
        let pairs: [(String, String?)] = [
            ("Slave_IO_State", "Waiting for master to send event"), ("Master_Host", "10.0.1.17"),
            ("Master_User", "rdsrepladmin"), ("Master_Port", "3306"), ("Connect_Retry", "60"),
            ("Master_Log_File", "mysql-bin-changelog.000123"), ("Read_Master_Log_Pos", "4711"),
            ("Relay_Log_File", "relaylog.000007"), ("Relay_Log_Pos", "815"),
            ("Relay_Master_Log_File", "mysql-bin-changelog.000123"), ("Slave_IO_Running", running),
            ("Slave_SQL_Running", "Yes"), ("Replicate_Ignore_Table", "mysql.rds_history,mysql.rds_monitor"),
            ("Last_SQL_Errno", "0"), ("Last_SQL_Error", ""), ("Exec_Master_Log_Pos", "4700"),
            ("Relay_Log_Space", "1200"), ("Seconds_Behind_Master", "3"), ("Last_IO_Errno", "0"), ("Last_IO_Error", ""),
            ("Master_Server_Id", "1234567"), ("Using_Gtid", "Slave_Pos"), ("Gtid_IO_Pos", "0-1234567-98"),
            ("SQL_Delay", "0"),
        ]
        let columns = pairs.map { name, _ in
            // The newer text has kept this one.
            !newer || name == "Seconds_Behind_Master"
                ? name : name.replacing("Slave", with: "Replica").replacing("Master", with: "Source")
        }
        return (columns, pairs.map(\.1))
    }

    /// RDS for MariaDB: refuses the statement, and answers the procedure.
    private static func mariaDB(_ reply: @escaping @Sendable () -> Reply) throws -> Script {
        let server = try #require(try ServiceRecordings.servers()["rds-mariadb-10.11"])
        let recording = try ServiceRecordings.recording(server)
        let denied = Reply.refusal(
            code: 1227, sqlState: "42000",
            message: "Access denied; you need (at least one of) the SLAVE MONITOR privilege(s) for this operation")
        return Script(greeting: { _ in Step.welcome(version: recording.version) }) { query in
            if query.text == "CALL mysql.rds_replica_status" {
                // What it selects, and then the result of the CALL itself.
                let answer = reply()
                guard case .table = answer else { return query.steps { _ in answer } }
                return query.steps(announcingMore: true) { _ in answer } + query.steps { _ in .ok }
            }
            return query.steps { statement in
                switch statement {
                case "SHOW ALL SLAVES STATUS": denied
                case Fact.binlogRetention.statement: .table(columns: ["value"], rows: [["24"]])
                default: recording.reply(to: statement)
                }
            }
        }
    }

    @Test("RDS for MariaDB tells its status by a procedure, in either spelling", arguments: [false, true])
    func procedure(newer: Bool) async throws {
        let (columns, row) = Self.status(newer: newer)
        let script = try Self.mariaDB { .table(columns: columns, rows: [row]) }
        try await withNode(script) { server, node in
            for round in 1...3 {
                let report = await node.ask(deadline: .never)
                #expect(report.isUp, "\(String(describing: report.failure))")
                let channel = try #require(report.facts?.channels?.first)
                #expect(report.facts?.channels?.count == 1 && channel.name.isEmpty)
                #expect(channel.source == .init(host: "10.0.1.17", port: 3306, serverID: 1_234_567))
                #expect(channel.ioThread == .running && channel.isApplierRunning)
                #expect(channel.readPosition == "mysql-bin-changelog.000123:4711")
                #expect(channel.executedPosition == "mysql-bin-changelog.000123:4700")
                #expect(channel.secondsBehindSource == 3 && channel.usesGTID == true)
                #expect(report.facts?.missing == [.otherChannels: .unsupported])
                #expect(report.roundTrips == (round == 1 ? report.roundTrips : 2))
            }
            #expect(server.journal.statements.count { $0 == "SHOW ALL SLAVES STATUS" } == 1)
            #expect(server.journal.connections == 1)
        }
    }

    @Test(
        "What the procedure does not show is not known",
        arguments: [
            Reply.ok, .table(columns: ["anything"], rows: [["1"]]),
            .refusal(code: 1370, sqlState: "42000", message: "execute command denied to user for routine"),
            .refusal(code: 1305, sqlState: "42000", message: "PROCEDURE mysql.rds_replica_status does not exist"),
        ])
    func withoutStatus(_ reply: Reply) async throws {
        try await withNode(try Self.mariaDB { reply }) { _, node in
            for _ in 1...2 {
                let report = await node.ask(deadline: .never)
                #expect(!report.isUp && report.facts?.channels == nil)
                #expect(report.failure != nil)
            }
        }
    }

    @Test("A row whose threads cannot be read is no channel", arguments: ["", "perhaps"])
    func oddThread(state: String) async throws {
        let (columns, row) = Self.status(newer: false, running: state)
        try await withNode(try Self.mariaDB { .table(columns: columns, rows: [row]) }) { _, node in
            #expect(await node.ask(deadline: .never).isUp == false)
        }
    }

    @Test("Without the service's base directory, a refusal of the status stays one")
    func selfManaged() async throws {
        var recording = try ServiceRecordings.base("mariadb-10.11/replica")
        recording.set(
            "SHOW ALL SLAVES STATUS",
            .init(sql: "SHOW ALL SLAVES STATUS", error: .init(code: 1227, sqlState: "42000", message: "Access denied")))
        try await withNode(recording.script) { server, node in
            #expect(await node.ask(deadline: .never).failure?.reason == .permission)
            #expect(!server.journal.statements.contains { $0.hasPrefix("CALL") })
        }
    }

    // MARK: - Aurora

    @Test("An instance of Aurora is a member of its cluster; a reader's transactions and binary log are left out")
    func aurora() async throws {
        for (instance, isReader) in [("shop-1", false), ("shop-2", true)] {
            try await withNode(try ServiceRecordings.aurora("healthy", instance).script) { server, node in
                for round in 1...2 {
                    let report = await node.ask(deadline: .never)
                    #expect(report.isUp)
                    let facts = try #require(report.facts)
                    let member = try #require(facts.cluster)
                    #expect(member.kind == .aurora && member.cluster == facts.identity.serverUUID)
                    #expect(member.id == instance && member.state == .online && member.isPrimary == !isReader)
                    #expect(member.view?.members.map(\.id) == ["shop-1", "shop-2", "shop-3"])
                    #expect(member.view?.members.filter(\.isPrimary).map(\.id) == ["shop-1"])
                    #expect(facts.isReadOnly == isReader)
                    #expect((facts.transactions == nil) == isReader)
                    #expect((facts.binaryLog?.end == nil) == isReader)
                    #expect(report.roundTrips == (round == 1 ? 2 : 1))
                }
                #expect(!server.journal.statements.contains { $0.contains("replication_group_members") })
            }
        }
    }

    @Test("A member whose instances cannot be read says nothing of its cluster, and is set up for one all the same")
    func deniedInstances() async throws {
        try await withNode(try ServiceRecordings.aurora("denied", "shop-1").script) { _, node in
            let facts = await node.ask(deadline: .never).facts
            #expect(facts?.cluster == nil && facts?.clusterSettings?.kind == .aurora)
            #expect(facts?.missing[.cluster] == .permission && facts?.isClusterUnknown == true)
        }
    }
}
