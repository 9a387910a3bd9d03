import Exposition
import Foundation
import Replication
import Testing
import Topology

@testable import Metrics

/// The rules follow mysqld_exporter's sources: collector/slave_status.go, and parseStatus in collector/collector.go.
@Suite("The series of mysqld_exporter")
struct MysqldExporterTests {
    @Test(
        "A value is read as mysqld_exporter reads it",
        arguments: [
            ("Yes", 1.0), ("ON", 1), ("No", 0), ("OFF", 0), ("Disabled", 0), ("Connecting", 0), ("0", 0),
            ("4711", 4711),
            ("-1", -1), ("30.000", 30), ("18446744073709551615", 0x1p64), ("", nil),
            ("Preparing", nil),
            ("None", nil), ("binlog.000002", nil), ("127.0.0.1", nil), ("0-1-5", nil), ("nan", nil), ("inf", nil),
            ("Waiting for source to send event", nil),
            // date -u -d '2026-11-21 05:51:41' +%s, and of the days around a leap day and the turn of a year
            ("2026-11-21 05:51:41", 1_795_240_301), ("2024-02-29 23:59:59", 1_709_251_199),
            ("2024-03-01 00:00:00", 1_709_251_200), ("1999-12-31 23:59:59", 946_684_799), ("1970-01-01 00:00:00", 0),
            ("0000-00-00 00:00:00", nil), ("2026-13-01 00:00:00", nil), ("2026-11-21T05:51:41", nil),
            ("2026-11-21 05:51:4", nil), ("+026-11-21 05:51:41", nil),
        ] as [(String, Double?)])
    func values(text: String, value: Double?) {
        #expect(MysqldExporter.value(text) == value)
    }

    @Test(
        "A column has the name that mysqld_exporter would get from the server",
        arguments: [
            ("Seconds_Behind_Master", Flavor.mariadb, ServerVersion(11, 8, 3), "seconds_behind_master"),
            ("Seconds_Behind_Source", .mysql, ServerVersion(8, 0, 36), "seconds_behind_master"),
            ("Seconds_Behind_Source", .mysql, ServerVersion(8, 3, 0), "seconds_behind_master"),
            ("Seconds_Behind_Source", .mysql, ServerVersion(8, 4, 0), "seconds_behind_source"),
            ("Replica_SQL_Running", .mysql, ServerVersion(8, 0, 22), "slave_sql_running"),
            ("Replica_SQL_Running", .mysql, ServerVersion(9, 7, 0), "replica_sql_running"),
            ("Replicate_Ignore_Server_Ids", .mysql, ServerVersion(8, 0, 36), "replicate_ignore_server_ids"),
        ])
    func names(column: String, flavor: Flavor, version: ServerVersion, name: String) {
        #expect(
            MysqldExporter.name(of: column, ServerIdentity(flavor: flavor, version: version))
                == "mysql_slave_status_" + name)
    }

    @Test("MySQL 8.0's new names are translated to the old ones, which 8.0.20 itself uses")
    func oldWords() throws {
        func names(_ series: String, _ version: ServerVersion) throws -> Set<String> {
            let server = ServerIdentity(flavor: .mysql, version: version)
            return Set(try recordedRow(series).columns.compactMap { MysqldExporter.name(of: $0, server) })
        }
        let early = try names("mysql-8.0.20", ServerVersion(8, 0, 20))
        let later = try names("mysql-8.0.36", ServerVersion(8, 0, 36))
        #expect(early.subtracting(later) == [])
        #expect(later.subtracting(early) == ["mysql_slave_status_network_namespace"])
    }

    @Test("A row of MySQL 8.4 yields a series for each number and each word of state, and none for the rest")
    func mysql84() throws {
        let samples = try samples(recordedRow("mysql-8.4"), .mysql, ServerVersion(8, 4, 3))
        // Every column of the vendor's example that contains a number, Yes or No.
        #expect(
            samples == [
                "auto_position": 1, "connect_retry": 1, "exec_source_log_pos": 927, "get_source_public_key": 0,
                "last_errno": 0, "last_io_errno": 0, "last_sql_errno": 0, "read_source_log_pos": 927,
                "relay_log_pos": 1145, "relay_log_space": 1355, "replica_io_running": 1, "replica_sql_running": 1,
                "seconds_behind_source": 0, "skip_counter": 0, "source_port": 13000, "source_retry_count": 10,
                "source_server_id": 1, "source_ssl_allowed": 0, "source_ssl_verify_server_cert": 0, "sql_delay": 0,
                "until_log_pos": 0,
            ])
    }

    @Test("NULL is absent, and a connecting IO thread is not running")
    func unknowns() throws {
        var row = try recordedRow("mysql-8.0.20")
        for (column, value) in [("Seconds_Behind_Master", nil), ("Slave_IO_Running", "Connecting")]
            as [(String, String?)]
        {
            row.values[try #require(row.columns.firstIndex(of: column))] = value
        }
        let samples = try samples(row, .mysql, ServerVersion(8, 0, 20))
        #expect(samples["seconds_behind_master"] == nil)
        #expect(samples["slave_io_running"] == 0)
        #expect(samples["slave_sql_running"] == 1)
    }

    @Test("Labels are ours, then theirs; MariaDB's positions have two more, with a series per domain")
    func labels() throws {
        let row = Channel.StatusRow(
            columns: ["Connection_name", "Master_Host", "Master_Server_Id", "Gtid_IO_Pos", "Gtid_Slave_Pos"],
            values: ["eu", "db\"1", "1", "0-1-42,7-3-9", ""])
        let families = families(row, .mariadb, ServerVersion(10, 11, 19))
        #expect(MetricFamily.problems(in: families.all) == [])
        let text = families.text(.text004)
        let labels =
            #"replication_set="s",node="n",master_host="db\"1",master_uuid="",channel_name="",connection_name="eu""#
        #expect(
            text.hasSuffix(
                """
                # HELP mysql_slave_status_gtid_io_pos Gtid_IO_Pos metric from SHOW SLAVE STATUS.
                # TYPE mysql_slave_status_gtid_io_pos gauge
                mysql_slave_status_gtid_io_pos{\(labels),domain_id="0",server_id="1"} 42
                mysql_slave_status_gtid_io_pos{\(labels),domain_id="7",server_id="3"} 9
                # HELP mysql_slave_status_master_server_id Generic metric from SHOW SLAVE STATUS.
                # TYPE mysql_slave_status_master_server_id untyped
                mysql_slave_status_master_server_id{\(labels)} 1
                # HELP mysql_up Whether the MySQL server is up.
                # TYPE mysql_up gauge
                mysql_up{replication_set="s",node="n"} 1

                """))
        #expect(
            families.text(.openMetrics100).contains(
                """
                # TYPE mysql_slave_status_master_server_id unknown
                # HELP mysql_slave_status_master_server_id Generic metric from SHOW SLAVE STATUS.
                mysql_slave_status_master_server_id{\(labels)} 1

                """))
    }

    @Test("Heartbeats come with the server's time, a pair for each server that writes one")
    func heartbeats() {
        var facts = facts(nil, .mysql, ServerVersion(8, 4, 0))
        facts.askedAt = 1_795_240_310
        facts.clockOffset = -2.5
        facts.heartbeat = HeartbeatReading(
            rows: [
                HeartbeatRow(serverID: 7, time: 1_795_240_301_123_456), HeartbeatRow(serverID: 8, time: 1_000_000),
                HeartbeatRow(serverID: 7, time: 0), HeartbeatRow(serverID: nil, time: 5),
            ], reading: Reading(asked: .now, told: .now))
        var families = Families()
        families.add(set(NodeReport(facts: facts)), MetricsOptions(compatibility: [.mysqldExporter]))
        #expect(MetricFamily.problems(in: families.all) == [])
        let lines = families.text(.text004).split(separator: "\n").filter { $0.hasPrefix("mysql_heartbeat_") }
        let labels = #"replication_set="s",node="n",server_id="#
        #expect(
            lines == [
                "mysql_heartbeat_now_timestamp_seconds{\(labels)\"7\"} 1795240307.5",
                "mysql_heartbeat_now_timestamp_seconds{\(labels)\"8\"} 1795240307.5",
                "mysql_heartbeat_stored_timestamp_seconds{\(labels)\"7\"} 1795240301.123456",
                "mysql_heartbeat_stored_timestamp_seconds{\(labels)\"8\"} 1",
            ])
    }

    @Test("A server that invents columns and repeats channels breaks no page")
    func invention() {
        let row = Channel.StatusRow(
            columns: ["Until_Log_Pos", "until_log_pos", "a\nmysql_up", "b{}", "", "Ünter"],
            values: Array(repeating: "1", count: 6))
        var facts = facts(row, .mariadb, ServerVersion(10, 11, 19))
        facts.channels = (facts.channels ?? []) + (facts.channels ?? [])
        var families = Families()
        families.add(set(NodeReport(facts: facts)), MetricsOptions(compatibility: [.mysqldExporter]))
        #expect(MetricFamily.problems(in: families.all) == [])
        let names = families.all.map(\.description.name).filter { $0.hasPrefix("mysql_slave_status_") }
        #expect(names == ["mysql_slave_status_until_log_pos"])
    }

    @Test("A node that could not be asked is down, and has no other series")
    func down() {
        var families = Families()
        families.add(
            set(NodeReport(failure: NodeFailure(reason: .connect, message: "no"))),
            MetricsOptions(compatibility: [.mysqldExporter])
        )
        let theirs = families.all.filter { !$0.description.name.hasPrefix("mysql_replication_") }
        #expect(theirs.map(\.description.name) == ["mysql_up"])
        #expect(theirs.first?.samples.map(\.value) == [0])
    }

    @Test("Without the option there are none of these series")
    func off() {
        var families = Families()
        families.add(set(NodeReport(facts: facts(nil, .mysql, ServerVersion(8, 4, 0)))))
        #expect(families.all.allSatisfy { $0.description.name.hasPrefix("mysql_replication_") })
    }

    // MARK: -

    /// A row as shown by a server or its vendor's manual.
    private func recordedRow(_ series: String) throws -> Channel.StatusRow {
        struct Recording: Decodable {
            struct Result: Decodable {
                let columns: [String]?
                let rows: [[String?]]?
            }
            let results: [Result]
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/\(series)/replica.json")
        let recording = try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
        let status = try #require(recording.results.first { $0.columns?.contains("Relay_Log_Space") == true })
        return Channel.StatusRow(columns: try #require(status.columns), values: try #require(status.rows?.first))
    }

    private func facts(_ row: Channel.StatusRow?, _ flavor: Flavor, _ version: ServerVersion) -> NodeFacts {
        var facts = NodeFacts(identity: ServerIdentity(flavor: flavor, version: version))
        var channel = Channel(name: "", source: .init(host: "h", port: 1), ioThread: .running, isApplierRunning: true)
        channel.statusRow = row
        facts.channels = [channel]
        return facts
    }

    private func set(_ report: NodeReport) -> SetFindings {
        let node = NodeDescription(name: "n", address: .tcp(host: "127.0.0.1", port: 3306))
        return SetFindings(ReplicationSetReport(name: "s", nodes: [.init(node, report)]))
    }

    private func families(_ row: Channel.StatusRow, _ flavor: Flavor, _ version: ServerVersion) -> Families {
        var families = Families()
        families.add(
            set(NodeReport(facts: facts(row, flavor, version))), MetricsOptions(compatibility: [.mysqldExporter]))
        return families
    }

    /// Values by the part of the name after `mysql_slave_status_`.
    private func samples(
        _ row: Channel.StatusRow, _ flavor: Flavor, _ version: ServerVersion
    ) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        let prefix = "mysql_slave_status_"
        for family in families(row, flavor, version).all where family.description.name.hasPrefix(prefix) {
            #expect(family.samples.count == 1)
            samples[String(family.description.name.dropFirst(prefix.count))] = family.samples.first?.value
        }
        return samples
    }
}
