import MariaDB
import Sandbox

extension Fault {
    static let all: [Fault] = threads + sources + transactions + semiSync + lies + others

    private static let threads = [
        Fault(name: "IO thread stopped") {
            try await $0.server("db2").stopIO()
            // The replica needs nothing of these: by GTID it goes on with what was written after them.
            try await $0.server("db1").purgeBinlogs()
            try await $0.server("db1").write()
        } shows: { scrape in
            scrape.value("io_thread_running", "db2") == 0 && scrape.check("binary_log", "db2") == 1
                && scrape.state("io_thread_state", "db2", "state") == "stopped"
                // Whatever Seconds_Behind says (MySQL: 0), the lag is the age of what was seen of the source's log.
                && scrape.value("lag_method", "db2", ["method": "observed"]) == 1
                && (scrape.value("lag_seconds", "db2") ?? 0) >= 1
                && scrape.check("transfer", "db2") == 0 && (scrape.value("unfetched_transactions", "db2") ?? 0) >= 1
        } repair: {
            try await $0.server("db2").startIO()
        },
        Fault(name: "SQL thread stopped") {
            try await $0.server("db2").stopSQL()
            try await $0.server("db1").write()
        } shows: { scrape in
            scrape.value("sql_thread_running", "db2") == 0 && scrape.check("apply", "db2") == 0
                && scrape.value("sql_errno", "db2") == 0 && scrape.value("unapplied_transactions", "db2") == 1
                && scrape.value("unfetched_transactions", "db2") == 0
                && scrape.value("missing_transactions", "db2") == 1
                && scrape.value("read_delta_bytes", "db2") == 0 && (scrape.value("apply_delta_bytes", "db2") ?? 0) > 0
        } repair: {
            try await $0.server("db2").startSQL()
        },
        Fault(name: "duplicate key") {
            try await $0.breakSQL("db2")
        } shows: { scrape in
            scrape.value("sql_errno", "db2") ?? 0 > 0 && scrape.check("apply", "db2") == 0
                && scrape.value("sql_thread_running", "db2") == 0 && scrape.value("io_thread_running", "db2") == 1
        } repair: {
            try await $0.repairSQL("db2")
        },
        Fault(name: "behind a lock") {
            try await $0.server("db2").lock()
            try await $0.server("db1").write()
        } shows: { scrape in
            scrape.value("lag_known", "db2") == 1 && (scrape.value("lag_seconds", "db2") ?? 0) >= 1
                && scrape.value("missing_transactions", "db2") == 1
        } repair: {
            try await $0.server("db2").unlock()
        },
    ]

    private static let sources = [
        Fault(name: "wrong source", wiring: .primary(replicas: 2)) {
            try await $0.repoint("db3", to: "db2")
        } shows: { scrape in
            scrape.check("source", "db3") == 0 && scrape.check("source", "db2") == 1
                && scrape.all("source_info", "db3").first?.labels["source_node"] == "db2"
                && scrape.state("node_role", "db2", "role") == "intermediate"
        } repair: {
            try await $0.repoint("db3", to: "db1")
        },
        Fault(name: "no source any more") {
            let replica = try $0.server("db2")
            try await replica.stopIO()
            try await replica.stopSQL()
            try await replica.sql(
                replica.software.flavor == .mariadb ? "RESET SLAVE ALL" : "RESET REPLICA ALL FOR CHANNEL ''")
        } shows: { scrape in
            scrape.check("source", "db2") == 0 && scrape.all("lag_known", "db2").isEmpty
                && scrape.value("up", "db2") == 1
        } repair: {
            try await $0.repoint("db2", to: "db1")
        },
        // By position: with GTIDs a MySQL replica finds its position in the new files by itself.
        Fault(name: "source renamed its binary log", settings: byPosition) {
            try await $0.server("db1").restart(with: ["--log-bin=renamed"])
        } shows: { scrape in
            scrape.check("binary_log", "db2") == 0 && scrape.all("read_delta_bytes", "db2").isEmpty
                && scrape.all("apply_delta_bytes", "db2").isEmpty && scrape.check("transfer", "db2") == 0
        } repair: {
            try await $0.server("db1").restart()
            try await $0.server("db2").stopIO()
            try await $0.server("db2").startIO()
        },
        Fault(name: "needed binary log purged") {
            try await $0.loseBinlog("db2")
        } shows: { scrape in
            scrape.check("binary_log", "db2") == 0 && scrape.check("transfer", "db2") == 0
                && scrape.value("io_errno", "db2") ?? 0 > 0 && scrape.all("read_delta_bytes", "db2").isEmpty
        } repair: {
            // What a DBA would do: a new copy of the data; here both start over.
            try await $0.resetBinlogs("db1")
            try await $0.startOver("db2")
            try await $0.server("db1").write()
        },
        Fault(name: "binary logs of the source reset") {
            for _ in 0..<3 { try await $0.server("db1").rotateBinlog() }
            let end = try await $0.server("db1").binlogPosition()
            try await $0.server("db2").waitUntil("reads the newest file") { $0.readFile == end.file }
            try await $0.server("db2").stopIO()
            try await $0.resetBinlogs("db1")
        } shows: { scrape in
            // What the source has lost now exists only on the replica, whichever server wrote it.
            scrape.check("binary_log", "db2") == 0 && scrape.check("transfer", "db2") == 0
                && scrape.all("read_delta_bytes", "db2").isEmpty
                && scrape.all("missing_transactions", "db2").isEmpty
                && (scrape.value("errant_transactions", "db2") ?? 0) >= 1
        } repair: {
            try await $0.startOver("db2")
            try await $0.server("db1").write()
        },
        Fault(name: "frozen source", wiring: .primary(replicas: 2)) {
            try await $0.server("db1").freeze()
        } shows: { scrape in
            scrape.value("up", "db1") == 0 && scrape.value("node_failure", "db1", ["reason": "timeout"]) == 1
                // It still reports IO=Yes and 0 s, but two heartbeats of 1 s are missing.
                && scrape.value("io_thread_running", "db2") == 1 && scrape.value("seconds_behind_source", "db2") == 0
                && (scrape.value("source_silent_seconds", "db2") ?? 0) > 2 && scrape.value("lag_known", "db2") == 0
                && scrape.check("transfer", "db2") == 0
        } repair: {
            try await $0.server("db1").thaw()
        },
    ]

    private static let transactions = [
        Fault(name: "errant transaction") {
            try await $0.server("db2").write(note: "errant")
        } shows: { scrape in
            (scrape.value("errant_transactions", "db2") ?? 0) >= 1
        } repair: {
            try await $0.resetBinlogs("db1")
            try await $0.startOver("db2")
            try await $0.server("db1").write()
        },
        Fault(name: "write on one side of a ring is not errant", wiring: .ring) {
            try await $0.server("db1").stopIO()
            try await $0.server("db2").write(note: "on its way")
        } shows: { scrape in
            scrape.value("missing_transactions", "db1") == 1 && scrape.value("errant_transactions", "db2") == 0
                && scrape.all("set_cycles").map(\.value) == [1]
        } repair: {
            try await $0.server("db1").startIO()
        },
        Fault(name: "middle of a chain stops applying", wiring: .chain(of: 3)) {
            try await $0.server("db2").stopSQL()
            try await $0.server("db1").write()
        } shows: { scrape in
            scrape.value("missing_transactions", "db2") == 1 && scrape.value("missing_transactions", "db3") == 0
                && scrape.state("node_role", "db2", "role") == "intermediate"
                && scrape.all("source_info", "db3").first?.labels["source_node"] == "db2"
        } repair: {
            try await $0.server("db2").startSQL()
        },
        Fault(name: "one of two channels stops", wiring: .multiSource()) {
            try await $0.server("db3").stopIO(channel: "db2")
            try await $0.server("db2").write()
        } shows: { scrape in
            scrape.value("io_thread_running", "db3", ["channel": "db1"]) == 1
                && scrape.value("io_thread_running", "db3", ["channel": "db2"]) == 0
                && scrape.value("lag_known", "db3", ["channel": "db1"]) == 1
                && scrape.value("lag_method", "db3", ["channel": "db1", "method": "observed"]) == 0
                && scrape.value("lag_method", "db3", ["channel": "db2", "method": "observed"]) == 1
                && (scrape.value("read_delta_bytes", "db3", ["channel": "db2"]) ?? 0) > 0
                && scrape.value("errant_transactions", "db3", ["channel": "db1"]) == 0
        } repair: {
            try await $0.server("db3").startIO(channel: "db2")
        },
    ]

    private static let semiSync = [
        semiSync(
            .mariadb, source: ["--rpl-semi-sync-master-enabled=1", "--rpl-semi-sync-master-timeout=100"],
            replica: ["--rpl-semi-sync-slave-enabled=1"]),
        semiSync(
            .mysql,
            source: [
                "--plugin-load-add=semisync_source.so", "--rpl-semi-sync-source-enabled=1",
                "--rpl-semi-sync-source-timeout=100",
            ], replica: ["--plugin-load-add=semisync_replica.so", "--rpl-semi-sync-replica-enabled=1"]),
    ]

    private static func semiSync(_ flavor: ServerSoftware.Flavor, source: [String], replica: [String]) -> Fault {
        var wiring = Wiring.primary(replicas: 1)
        wiring.nodes[0].arguments = source
        wiring.nodes[1].arguments = replica
        return Fault(name: "semi-sync loses its only acker (\(flavor))", flavors: [flavor], wiring: wiring) {
            try await $0.server("db2").stopIO()
            try await $0.server("db1").write()
        } shows: { scrape in
            scrape.value("semi_sync_source_enabled", "db1") == 1 && scrape.value("semi_sync_source_active", "db1") == 0
                && (scrape.value("semi_sync_source_unacknowledged_transactions_total", "db1") ?? 0) >= 1
                && scrape.value("semi_sync_replica_active", "db2") == 0
        } repair: {
            try await $0.server("db2").startIO()
        }
    }

    /// Cases in which Seconds_Behind is wrong.
    private static let lies = [
        Fault(name: "a long statement on the primary makes nobody late") {
            let primary = try $0.server("db1")
            try await primary.sql("SELECT SLEEP(2)")
        } shows: { scrape in
            scrape.value("lag_seconds", "db2") == 0 && scrape.value("missing_transactions", "db2") == 0
                && scrape.check("lag", "db2") == 1
        } repair: { _ in
        },
        Fault(name: "a parallel applier behind a lock", wiring: parallel) {
            try await $0.server("db2").lock()
            for _ in 0..<3 { try await $0.server("db1").write() }
        } shows: { scrape in
            (scrape.value("lag_seconds", "db2") ?? 0) >= 1 && scrape.value("missing_transactions", "db2") == 3
                && (scrape.value("apply_delta_bytes", "db2") ?? 0) > 0
        } repair: {
            try await $0.server("db2").unlock()
        },
        Fault(name: "a replica that starts again with work to do") {
            try await $0.server("db2").stopSQL()
            for _ in 0..<3 { try await $0.server("db1").write() }
            let end = try await $0.server("db1").binlogPosition()
            try await $0.server("db2").waitUntil("all is fetched") { $0.readPosition == end.offset }
            try await $0.server("db2").restart(with: ["--skip-slave-start"])
        } shows: { scrape in
            // Nothing runs, and 0 s behind is not reported.
            scrape.value("up", "db2") == 1 && scrape.value("lag_method", "db2", ["method": "observed"]) == 1
                && (scrape.value("lag_seconds", "db2") ?? 0) >= 1 && scrape.value("missing_transactions", "db2") == 3
        } repair: {
            try await $0.server("db2").startIO()
            try await $0.server("db2").startSQL()
        },
        Fault(name: "an intermediate that writes itself", wiring: .chain(of: 3)) {
            try await $0.server("db3").stopSQL()
            try await $0.server("db2").write(note: "by the intermediate")
            try await $0.server("db1").write()
        } shows: { scrape in
            // Behind its own source by both, whichever server wrote them; its source has what db1 lacks. (MariaDB
            // counts one: both have the same number in the same domain.)
            (scrape.value("missing_transactions", "db3") ?? 0) >= 1 && scrape.value("missing_transactions", "db2") == 0
                && (scrape.value("errant_transactions", "db2") ?? 0) >= 1
                && scrape.value("errant_transactions", "db3") == 0
        },
    ]

    private static var byPosition: ServerSettings {
        var settings = ServerSettings()
        settings.usesGTID = false
        return settings
    }

    private static var parallel: Wiring {
        var wiring = Wiring.primary(replicas: 1)
        wiring.nodes[1].arguments = ["--slave-parallel-workers=4"]
        return wiring
    }

    private static var filtered: Wiring {
        var wiring = Wiring.primary(replicas: 1)
        wiring.nodes[0].arguments = ["--binlog-ignore-db=scratch"]
        wiring.nodes[1].arguments = ["--replicate-ignore-db=secret", "--replicate-wild-ignore-table=sandbox.tmp%"]
        return wiring
    }

    private static let others = [
        Fault(name: "filters on both sides", wiring: filtered) { _ in
        } shows: { scrape in
            scrape.value("filters", "db2", ["filter": "ignore_db"]) == 1
                && scrape.value("filters", "db2", ["filter": "wild_ignore_table"]) == 1
                && scrape.value("filters", "db2", ["filter": "do_db"]) == 0
                && scrape.value("binlog_filters", "db1", ["filter": "ignore_db"]) == 1
                && scrape.all("set_unfiltered_replicas").map(\.value) == [0]
        },
        Fault(name: "delayed replica is late on purpose") {
            try await $0.delay("db2", seconds: 600)
            try await $0.server("db1").write()
        } shows: { scrape in
            scrape.value("configured_delay_seconds", "db2") == 600 && scrape.value("missing_transactions", "db2") == 1
                && (scrape.value("remaining_delay_seconds", "db2") ?? 0) > 0 && scrape.check("lag", "db2") == 1
        } repair: {
            try await $0.delay("db2", seconds: 0)
        },
        Fault(name: "replication status denied") {
            let replica = try $0.server("db2")
            let monitor = "'\($0.accounts.monitor.user)'@'127.0.0.1'"
            try await replica.sql("SET SESSION sql_log_bin = 0")
            try await replica.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM \(monitor)")
            try await replica.sql("SET SESSION sql_log_bin = 1")
            try await replica.disconnectOthers()
        } shows: { scrape in
            scrape.value("up", "db2") == 0 && scrape.value("node_failure", "db2", ["reason": "permission"]) == 1
                && scrape.value("node_fact_missing", "db2", ["fact": "binlog_status", "reason": "permission"]) == 1
                && scrape.value("gtid_transactions", "db2") != nil && scrape.value("up", "db1") == 1
        } repair: {
            let replica = try $0.server("db2")
            let monitor = "'\($0.accounts.monitor.user)'@'127.0.0.1'"
            try await replica.sql("SET SESSION sql_log_bin = 0")
            switch replica.software.flavor {
            case .mariadb: try await replica.sql("GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO \(monitor)")
            case .mysql:
                try await replica.sql("GRANT REPLICATION CLIENT ON *.* TO \(monitor)")
                try await replica.sql("GRANT SELECT ON performance_schema.* TO \(monitor)")
            }
            try await replica.sql("SET SESSION sql_log_bin = 1")
        },
    ]
}

extension Server {
    /// Closes the monitoring user's connections: a revoked privilege only affects new ones.
    fileprivate func disconnectOthers() async throws {
        for row in try await sql("SHOW PROCESSLIST").rows where row.text("User") != "root" {
            if row.text("Command") == "Sleep", let id = row.text("Id") { try await sql("KILL \(id)") }
        }
    }
}
