import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// Takes real members from one state to the next, and looks at what is made of it. Partitions between networks are tested with
    /// recorded views (`ClusterTests`): Group Replication cannot be cut off by a statement.
    @Suite("States of clusters")
    struct ClusterStateTests {
        /// The members db1, db2 and db3, and an exporter that monitors them.
        private struct Cluster {
            let kind: ClusterKind
            let sandbox: Sandbox
            let exporter: RunningExporter

            static let names = ["db1", "db2", "db3"]

            /// Waits until the metrics show a state, and holds the answers to load balancers against it.
            /// - Parameters:
            ///   - writers: the nodes that pass `/primary`.
            ///   - members: the nodes that pass `/member`.
            @discardableResult
            func shows(
                _ what: String, writers: Set<String>, members: Set<String>, within time: Duration = .seconds(60),
                _ condition: (Scrape) -> Bool
            ) async throws -> Scrape {
                let scrape = try await exporter.scrape(until: what, within: time, condition)
                var passing: (writers: Set<String>, members: Set<String>) = ([], [])
                try await eventually("\(what): \(passing) pass, and not \(writers), \(members)", within: time) {
                    passing = ([], [])
                    for name in Self.names {
                        if try await passes(name, "primary") { passing.writers.insert(name) }
                        if try await passes(name, "member") { passing.members.insert(name) }
                    }
                    return passing == (writers, members)
                }
                return scrape
            }

            private func passes(_ node: String, _ check: String) async throws -> Bool {
                try await exporter.get("/nodes/\(node)/\(check)").status == 200
            }

            @discardableResult
            func isHealthy(writers: Set<String> = ["db1"], within time: Duration = .seconds(60)) async throws -> Scrape
            {
                try await shows("all is well", writers: writers, members: Set(Self.names), within: time) {
                    isWell($0, writers: writers)
                }
            }

            func isWell(_ scrape: Scrape, writers: Set<String>) -> Bool {
                Self.names.allSatisfy { node in
                    scrape.value("up", node) == 1 && scrape.value("cluster_in_component", node) == 1
                        && scrape.value("cluster_quorum", node) == 1 && scrape.value("cluster_ready", node) == 1
                        && scrape.state("cluster_member_state", node, "state") == "online"
                        && scrape.check("transfer", node) == 1 && scrape.check("apply", node) == 1
                        && scrape.check("lag", node) ?? 1 == 1
                        && scrape.state("node_role", node, "role") == role(node, writers)
                } && scrape.ofSet("set_cluster_components") == 1 && scrape.ofSet("set_cluster_confirmed") == 1
                    && scrape.ofSet("set_cluster_members_missing") == 0
                    && scrape.ofSet("set_cluster_unknown_members") == 0
                    && scrape.ofSet("set_cluster_failures_tolerated") == 1
                    && scrape.ofSet("set_writers") == Double(writers.count) && scrape.ofSet("set_rivals") == 0
                    && scrape.ofSet("set_duplicate_server_ids") == 0
            }

            /// Galera has no primaries.
            private func role(_ node: String, _ writers: Set<String>) -> String {
                kind == .group && writers.contains(node) ? "primary" : "member"
            }

            /// Whether one member is not in the component of the two others.
            /// - Parameter tolerated: how many failures these tolerate.
            static func isOut(_ name: String, _ scrape: Scrape, tolerated: Double = 0) -> Bool {
                scrape.value("cluster_in_component", name) ?? 0 == 0
                    && scrape.ofSet("set_cluster_components") == 1
                    && scrape.ofSet("set_cluster_members_missing") == 1
                    && scrape.ofSet("set_cluster_failures_tolerated") == tolerated
                    && names.allSatisfy { $0 == name || scrape.value("cluster_in_component", $0) == 1 }
            }

            /// The two others see the cluster without db3.
            static func isExpelled(_ scrape: Scrape) -> Bool {
                isOut("db3", scrape) && scrape.value("cluster_view_size", "db1") == 2
            }

            /// Commits a row on db1 that db3 has in another state, so that db3 cannot apply the change.
            func contradict(_ hide: [String]) async throws {
                let (db1, db3) = (try sandbox.server("db1"), try sandbox.server("db3"))
                try await db1.sql("INSERT INTO sandbox.conflicts VALUES (5, 'first')")
                try await eventually("db3 has the row") {
                    try await db3.sql("SELECT id FROM sandbox.conflicts WHERE id = 5").rows.count == 1
                }
                for statement in hide + ["DELETE FROM sandbox.conflicts WHERE id = 5"] { try await db3.sql(statement) }
                try await db1.sql("UPDATE sandbox.conflicts SET note = 'changed' WHERE id = 5")
            }
        }

        private func withCluster(_ kind: ClusterKind, _ software: String, _ body: (Cluster) async throws -> Void)
            async throws
        {
            guard ProcessInfo.processInfo.environment["TEST_ALL"] != nil else {
                print("!!! the states of \(software) clusters (\(kind)) are SKIPPED; make test-all runs them")
                return
            }
            let software = try await ServerSoftware.find(software)
            try await withExporter(of: .cluster(kind, members: 3), software: software) { sandbox, exporter in
                try await body(Cluster(kind: kind, sandbox: sandbox, exporter: exporter))
            }
        }

        // MARK: - Group Replication

        @Test("Group Replication: late, frozen, left, restarted, joining, failed, several primaries, no quorum")
        func group() async throws {
            try await withCluster(.group, "mysql-9") { cluster in
                try await cluster.isHealthy()
                try await late(cluster, queue: "online")
                try await frozen(cluster)
                try await left(cluster)
                try await restarted(cluster)
                try await joining(cluster)
                try await failed(cluster)
                try await primaries(cluster)
                try await cloning(cluster)
                try await withoutQuorum(cluster)
            }
        }

        /// db3 has something to apply, and does not.
        private func late(_ cluster: Cluster, queue state: String) async throws {
            let (db1, db3) = (try cluster.sandbox.server("db1"), try cluster.sandbox.server("db3"))
            try await db3.sql("FLUSH TABLES WITH READ LOCK")
            for _ in 0..<3 { try await db1.write() }
            let members: Set = state == "online" ? Set(Cluster.names) : ["db1", "db2"]
            try await cluster.shows("db3 is late", writers: ["db1"], members: members) { scrape in
                scrape.state("cluster_member_state", "db3", "state") == state
                    && scrape.value("cluster_apply_queue_transactions", "db3") ?? 0 >= 1
                    && scrape.value("unapplied_transactions", "db3") ?? 0 >= 1
                    && scrape.value("missing_transactions", "db3") ?? 0 >= 1
                    && scrape.value("lag_seconds", "db3") ?? 0 > 0 && scrape.value("cluster_in_component", "db3") == 1
                    && scrape.value("missing_transactions", "db2") == 0 && scrape.ofSet("set_cluster_components") == 1
            }
            try await db3.sql("UNLOCK TABLES")
            try await cluster.isHealthy()
        }

        /// db3 is expelled, and comes back with the view that it had.
        private func frozen(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            await db3.freeze()
            try await cluster.shows("db3 is silent", writers: ["db1"], members: ["db1", "db2"]) {
                $0.value("up", "db3") == 0 && Cluster.isExpelled($0)
            }
            await db3.thaw()
            try await cluster.isHealthy(within: .seconds(120))
        }

        private func left(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await db3.leaveGroup()
            try await cluster.shows("db3 has left", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.state("cluster_member_state", "db3", "state") == "outside"
                    && $0.value("cluster_quorum", "db3") == 0 && $0.value("errant_transactions", "db3") == 0
                    && $0.check("transfer", "db3") == 0 && $0.ofSet("set_writers") == 1
            }
            // What it writes now keeps it from joining again.
            let before = try await db3.sql("SELECT @@GLOBAL.gtid_executed AS gtids").first?.text("gtids") ?? ""
            try await db3.sql("SET GLOBAL super_read_only = OFF")
            try await db3.sql("SET GLOBAL read_only = OFF")
            let row = try await db3.write()
            try await cluster.shows("db3 has written", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.value("errant_transactions", "db3") == 1
                    && $0.value("node_read_only", "db3") == 0 && $0.ofSet("set_writers") == 1
            }
            await #expect(throws: SandboxError.self) {
                try await db3.joinGroup()
            }
            try await db3.withoutBinlog("DELETE FROM sandbox.entries WHERE id = \(row)")
            try await db3.sql("RESET BINARY LOGS AND GTIDS")
            try await db3.sql("SET GLOBAL gtid_purged = '\(before)'")
            try await db3.joinGroup()
            try await cluster.isHealthy()
        }

        /// It starts as a server like any other, and takes writes.
        private func restarted(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await db3.restart()
            try await db3.sql("SET GLOBAL super_read_only = OFF")
            try await db3.sql("SET GLOBAL read_only = OFF")
            try await cluster.shows("db3 is not started", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.state("cluster_member_state", "db3", "state") == "outside"
                    && $0.value("node_read_only", "db3") == 0 && $0.ofSet("set_writers") == 1
            }
        }

        /// db3 was restarted: no donor admits it.
        private func joining(_ cluster: Cluster) async throws {
            let (db1, db3) = (try cluster.sandbox.server("db1"), try cluster.sandbox.server("db3"))
            func recover(_ password: String) async throws {
                try await db3.sql(
                    """
                    CHANGE REPLICATION SOURCE TO SOURCE_USER = 'joiner', SOURCE_PASSWORD = '\(password)' \
                    FOR CHANNEL 'group_replication_recovery'
                    """)
                try await db3.joinGroup()
            }
            try await db1.sql("CREATE USER joiner@'127.0.0.1' IDENTIFIED BY 'right'")
            try await db1.sql("GRANT REPLICATION SLAVE ON *.* TO joiner@'127.0.0.1'")
            try await recover("wrong")
            try await cluster.shows("db3 waits for a donor", writers: ["db1"], members: ["db1", "db2"]) {
                // A joiner has a voice already.
                Cluster.isOut("db3", $0, tolerated: 1)
                    && $0.state("cluster_member_state", "db3", "state") == "joining"
                    && $0.value("cluster_view_members", "db1", ["state": "recovering"]) == 1
                    && $0.value("io_errno", "db3") == 1045
            }
            let page = try await cluster.exporter.get("/topology.json").body
            #expect(page.contains("joins its cluster, and gets nothing from its donor"), "\(page)")
            try await db3.leaveGroup()
            try await recover("right")
            try await cluster.isHealthy()
        }

        /// db3's applier meets a row that it does not have; it goes into offline_mode.
        private func failed(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await db3.sql("SET GLOBAL super_read_only = OFF")
            try await cluster.contradict(["SET SESSION sql_log_bin = 0"])
            try await cluster.shows("db3 is refused", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.value("up", "db3") == 0
                    && $0.value("node_failure", "db3", ["reason": "offline_mode"]) == 1
            }
            try await db3.sql("SET GLOBAL super_read_only = OFF")
            try await db3.withoutBinlog(
                "GRANT CONNECTION_ADMIN ON *.* TO '\(cluster.sandbox.accounts.monitor.user)'@'127.0.0.1'")
            try await cluster.shows("db3 has failed", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.state("cluster_member_state", "db3", "state") == "failed"
                    && $0.check("apply", "db3") == 0 && $0.value("sql_errno", "db3") == 1032
                    && $0.all("lag_seconds", "db3").isEmpty
            }
            try await db3.withoutBinlog("INSERT INTO sandbox.conflicts VALUES (5, 'first')")
            try await db3.leaveGroup()
            try await db3.sql("SET GLOBAL offline_mode = OFF")
            try await db3.joinGroup()
            try await cluster.isHealthy()
        }

        private func primaries(_ cluster: Cluster) async throws {
            let (db1, db2) = (try cluster.sandbox.server("db1"), try cluster.sandbox.server("db2"))
            try await db2.becomePrimary()
            try await cluster.isHealthy(writers: ["db2"])
            try await db1.useSeveralPrimaries()
            let scrape = try await cluster.isHealthy(writers: Set(Cluster.names))
            #expect(scrape.ofSet("set_cluster_multi_writer") == 1)
            try await db1.becomePrimary()
            try await cluster.isHealthy()
        }

        /// db3 is given a copy of all data, after which it ends, because nobody here would start it again.
        private func cloning(_ cluster: Cluster) async throws {
            let (db1, db3) = (try cluster.sandbox.server("db1"), try cluster.sandbox.server("db3"))
            try await db3.sql("SET GLOBAL super_read_only = OFF")
            for server in [db1, db3] { try await server.withoutBinlog("INSTALL PLUGIN clone SONAME 'mysql_clone.so'") }
            // The copy overwrites db3's accounts, and the exporter must be able to look meanwhile.
            try await db1.sql("GRANT BACKUP_ADMIN ON *.* TO joiner@'127.0.0.1'")
            try await db1.sql("CREATE TABLE sandbox.large (id INT AUTO_INCREMENT PRIMARY KEY, data LONGBLOB)")
            for _ in 0..<20 {
                try await db1.sql(
                    "INSERT INTO sandbox.large (data) VALUES (REPEAT('x', 10000000))", within: .seconds(60))
            }
            try await cluster.isHealthy()
            try await db3.leaveGroup()
            for _ in 0..<3 { try await db1.write() }
            try await db3.sql("SET GLOBAL group_replication_clone_threshold = 1")
            try await db3.joinGroup()
            try await cluster.shows("db3 is copied", writers: ["db1"], members: ["db1", "db2"]) {
                $0.state("cluster_clone_stage", "db3", "stage") == "file_copy"
                    && $0.value("cluster_clone_estimated_bytes", "db3") ?? 0 > 100_000_000
            }
            try await eventually("db3 has ended", within: .seconds(120)) { await db3.pid == nil }
            // Its first connections are broken off.
            try await eventually("db3 has started again", within: .seconds(120)) {
                do {
                    try await db3.start()
                    try await db3.sql("DO 0")
                    return true
                } catch {
                    return false
                }
            }
            try await db3.joinGroup()
            let scrape = try await cluster.isHealthy(within: .seconds(120))
            #expect(scrape.all("cluster_clone_stage").isEmpty)
        }

        /// Two of three are frozen.
        private func withoutQuorum(_ cluster: Cluster) async throws {
            for name in ["db2", "db3"] { try await cluster.sandbox.server(name).freeze() }
            try await cluster.shows("no quorum", writers: [], members: []) {
                $0.value("cluster_quorum", "db1") == 0 && $0.value("cluster_in_component", "db1") == 0
                    && $0.ofSet("set_cluster_components") == 0 && $0.all("set_cluster_failures_tolerated").isEmpty
                    // It still says that it is a primary, and writable.
                    && $0.value("cluster_primary", "db1") == 1 && $0.value("node_read_only", "db1") == 0
                    && $0.value("cluster_view_members", "db1", ["state": "unreachable"]) == 2
            }
            for name in ["db2", "db3"] { try await cluster.sandbox.server(name).thaw() }
            try await eventually("one primary again", within: .seconds(120)) {
                let scrape = try await cluster.exporter.scrape()
                return scrape.ofSet("set_writers") == 1 && scrape.ofSet("set_cluster_members_missing") == 0
            }
        }

        // MARK: - Galera

        @Test(
            "Galera: late, desynchronised, flow control, queries rejected, frozen, cut off, split, inconsistent, no quorum",
            arguments: ["mariadb", "mariadb-11.8"])
        func galera(software: String) async throws {
            try await withCluster(.galera, software) { cluster in
                try await cluster.isHealthy()
                // FLUSH TABLES WITH READ LOCK takes a node out of flow control.
                try await late(cluster, queue: "donor")
                try await desynchronised(cluster)
                try await flowControl(cluster)
                try await rejecting(cluster)
                try await frozen(cluster)
                try await split(cluster)
                try await inconsistent(cluster)
                try await majorityLost(cluster)
            }
        }

        private func desynchronised(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await db3.desynchronise(true)
            try await cluster.shows("db3 is desynchronised", writers: ["db1"], members: ["db1", "db2"]) {
                $0.state("cluster_member_state", "db3", "state") == "desynced"
                    && $0.value("cluster_in_component", "db3") == 1
            }
            #expect(try await cluster.exporter.get("/nodes/db3/member?donor=yes").status == 200)
            try await db3.desynchronise(false)
            try await cluster.isHealthy()
        }

        /// db3 holds all others back.
        private func flowControl(_ cluster: Cluster) async throws {
            let (db1, db3) = (try cluster.sandbox.server("db1"), try cluster.sandbox.server("db3"))
            try await db3.sql("SET GLOBAL wsrep_provider_options = 'gcs.fc_limit=2'")
            try await db3.lock()
            let writes = Task { for _ in 0..<40 { try await db1.write() } }
            func paused(_ scrape: Scrape) -> Double { scrape.value("cluster_flow_control_seconds_total", "db1") ?? 0 }
            let before = paused(
                try await cluster.shows("db3 asks for a pause", writers: ["db1"], members: Set(Cluster.names)) {
                    $0.value("cluster_flow_control_requested", "db3") == 1
                        && $0.value("cluster_flow_control_requested", "db1") == 0
                        && $0.value("cluster_flow_control_requested", "db2") == 0
                })
            try await cluster.exporter.scrape(until: "writes are held back") { paused($0) > before }
            await db3.unlock()
            _ = await writes.result
            try await cluster.isHealthy()
        }

        private func rejecting(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await db3.rejectQueries(true)
            try await cluster.shows("db3 rejects queries", writers: ["db1"], members: ["db1", "db2"]) {
                $0.value("up", "db3") == 1 && $0.value("cluster_ready", "db3") == 0
                    && $0.value("cluster_in_component", "db3") == 1 && $0.ofSet("set_cluster_members_missing") == 0
            }
            try await db3.rejectQueries(false)
            try await cluster.isHealthy()
        }

        /// db3 is cut off, and then told to be a cluster of its own.
        private func split(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await db3.isolate(true)
            try await cluster.shows("db3 is cut off", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.value("cluster_quorum", "db3") == 0
                    && $0.state("cluster_member_state", "db3", "state") == "outside"
                    && $0.value("cluster_ready", "db3") == 0
            }
            try await db3.bootstrapComponent()
            try await cluster.shows("the cluster is split", writers: [], members: []) {
                $0.ofSet("set_cluster_components") == 2 && $0.ofSet("set_writer_known") == 0
                    && $0.value("cluster_quorum", "db3") == 1 && $0.value("cluster_quorum", "db1") == 1
            }
            await db3.stop()
            try await db3.start(within: .seconds(120))
            try await cluster.isHealthy()
        }

        private func inconsistent(_ cluster: Cluster) async throws {
            let db3 = try cluster.sandbox.server("db3")
            try await cluster.contradict(["SET SESSION wsrep_on = OFF", "SET SESSION sql_log_bin = 0"])
            try await cluster.shows("db3 is inconsistent", writers: ["db1"], members: ["db1", "db2"]) {
                Cluster.isExpelled($0) && $0.state("cluster_member_state", "db3", "state") == "failed"
                    && $0.check("apply", "db3") == 0
            }
            await db3.stop()
            try await db3.start(within: .seconds(120))
            try await cluster.isHealthy()
        }

        /// One leaves in order, and the quorum with it; another is killed.
        private func majorityLost(_ cluster: Cluster) async throws {
            try await cluster.sandbox.server("db3").stop()
            try await cluster.shows("db3 has left", writers: ["db1"], members: ["db1", "db2"]) {
                $0.value("up", "db3") == 0 && Cluster.isExpelled($0)
            }
            try await cluster.sandbox.server("db2").kill()
            try await cluster.shows("no quorum", writers: [], members: []) {
                $0.value("cluster_quorum", "db1") == 0 && $0.ofSet("set_cluster_components") == 0
                    && $0.state("cluster_member_state", "db1", "state") == "outside"
            }
            for name in ["db2", "db3"] {
                try await cluster.sandbox.server(name).start(within: .seconds(120))
            }
            try await cluster.isHealthy(within: .seconds(120))
        }
    }
}

extension Scrape {
    /// The value of the only series of the only set; nil if there is none.
    fileprivate func ofSet(_ name: String) -> Double? {
        let found = all(name)
        return found.count == 1 ? found[0].value : nil
    }
}
