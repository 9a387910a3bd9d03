import Exposition
import Metrics
import Replication
import Testing
import Topology

@Suite("Unknown is absent, never 0")
struct UnknownTests {
    func lines(of report: NodeReport) -> [String] {
        var families = Families()
        families.add(SetFindings(ReplicationSetReport(name: "s", nodes: [.init(GoldenSets.description("n"), report)])))
        return families.lines { !$0.contains("_set_") }
    }

    @Test("A node that did not answer has series for that, the reason, and the cost of asking")
    func noAnswer() {
        let failure = NodeFailure(reason: .connect, message: "refused")
        #expect(
            lines(of: NodeReport(failure: failure, duration: 0.5, roundTrips: 0)) == [
                #"mysql_replication_up{replication_set="s",node="n"} 0"#,
                #"mysql_replication_node_failure{replication_set="s",node="n",reason="connect"} 1"#,
                #"mysql_replication_node_collect_duration_seconds{replication_set="s",node="n"} 0.5"#,
                #"mysql_replication_node_round_trips{replication_set="s",node="n"} 0"#,
            ])
    }

    @Test("A node that reported nothing at all has no others")
    func emptyFacts() {
        let facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
        #expect(
            lines(of: NodeReport(facts: facts, duration: 0.5, roundTrips: 1)) == [
                #"mysql_replication_up{replication_set="s",node="n"} 0"#,
                #"mysql_replication_node_collect_duration_seconds{replication_set="s",node="n"} 0.5"#,
                #"mysql_replication_node_round_trips{replication_set="s",node="n"} 1"#,
            ])
    }

    @Test("A channel that reported nothing but its threads has only the series that follow from these")
    func emptyChannel() {
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
        facts.channels = [
            Channel(name: "c", source: .init(host: "h", port: 1), ioThread: .connecting, isApplierRunning: true)
        ]
        let names = Set(lines(of: NodeReport(facts: facts)).map { String($0.prefix { $0 != "{" }.dropFirst(18)) })
        #expect(
            names == [
                "up", "node_collect_duration_seconds", "node_round_trips", "node_role", "source_info",
                "io_thread_running", "sql_thread_running", "io_thread_state", "channel_parked", "lag_known", "filters",
                "check",
            ])
        let checks = lines(of: NodeReport(facts: facts)).filter { $0.hasPrefix("mysql_replication_check{") }
        let labels = #"replication_set="s",node="n",channel="c",check="#
        #expect(
            checks == [
                "mysql_replication_check{\(labels)\"transfer\"} 0", "mysql_replication_check{\(labels)\"apply\"} 1",
            ])
    }

    @Test("A binary log at an unknown position, empty semi-sync and durability only add that the log is enabled")
    func partial() {
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
        facts.binaryLog = BinaryLog(isEnabled: true)
        facts.semiSync = SemiSync()
        #expect(
            lines(of: NodeReport(facts: facts)).filter { $0.contains("binlog") || $0.contains("semi") } == [
                #"mysql_replication_binlog_enabled{replication_set="s",node="n"} 1"#
            ])
    }

    @Test(
        "What is no number is not published, whatever the server sent", arguments: [Double.nan, .infinity, -.infinity])
    func noNumber(value: Double) {
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
        facts.startTime = value
        facts.clockOffset = value
        var channel = Channel(name: "", source: .init(host: "h", port: 1), ioThread: .running, isApplierRunning: true)
        channel.secondsBehindSource = value
        channel.remainingDelay = value
        channel.configuredDelay = value
        facts.channels = [channel]
        let text = lines(of: NodeReport(facts: facts, duration: 1)).joined(separator: "\n")
        #expect(!text.contains("NaN") && !text.contains("Inf"))
        #expect(!text.contains("seconds_behind_source{") && !text.contains("delay_seconds"))
    }
}

@Suite("Rows that a server repeats")
struct RepeatedRowTests {
    @Test("Channels, workers and checksums that are reported twice yield one series each")
    func repeated() {
        var facts = NodeFacts(
            identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0), hostname: "h", serverID: 1))
        var channel = Channel(name: "", source: .init(host: "s", port: 1), ioThread: .running, isApplierRunning: true)
        let worker = Channel.WorkerState(id: 1, isRunning: true, isBusy: false, applyingAge: nil, errorNumber: 0)
        channel.workerStates = [worker, worker]
        facts.channels = [channel, channel]
        let table = ChecksumResults.Table(database: "a", table: "b", differences: 1, pending: 0)
        facts.checksums = ChecksumResults(lastRun: 1, summary: .init(tableCount: 1, tables: [table, table]))
        var families = Families()
        let node = NodeDescription(name: "db2", address: .tcp(host: "h", port: 3306))
        families.add(
            SetFindings(ReplicationSetReport(name: "shop", nodes: [.init(node, NodeReport(facts: facts))])),
            MetricsOptions(workers: true))
        #expect(MetricFamily.problems(in: families.all) == [])
        for name in ["worker_running", "checksum_differences"] {
            #expect(families.all.first { $0.description.name == "mysql_replication_" + name }?.samples.count == 1)
        }
    }
}

@Suite("Names from servers and users")
struct HostileNameTests {
    static let names = ["plain", "with \"quotes\"", "back\\slash", "line\nfeed", "naïve 数据 🐬", "{}=,", ""]

    @Test("Any set, node and channel name, host and version comes back from the labels", arguments: names)
    func roundTrip(name: String) throws {
        var facts = NodeFacts(
            identity: ServerIdentity(
                flavor: .mysql, version: ServerVersion(8, 4, 0), hostname: name, serverID: 1, serverUUID: name))
        facts.channels = [
            Channel(
                name: name, source: .init(host: name, port: 1, serverUUID: name), ioThread: .running,
                isApplierRunning: true)
        ]
        var families = Families()
        let description = NodeDescription(name: name, address: .unix(path: name))
        families.add(
            SetFindings(ReplicationSetReport(name: name, nodes: [.init(description, NodeReport(facts: facts))])))
        #expect(MetricFamily.problems(in: families.all) == [])
        let source = try #require(families.all.first { $0.description.name.hasSuffix("source_info") }?.samples.first)
        let labels = Dictionary(
            uniqueKeysWithValues: (source.labels.labels + source.extra.labels).map { ($0.name, $0.value) })
        for label in ["replication_set", "node", "channel", "source_host", "source_uuid"] {
            #expect(labels[label] == name)
        }
        // One line per sample, however many line breaks are in the name.
        let samples = families.all.map(\.samples.count).reduce(0, +)
        #expect(families.lines().count == samples)
    }

    @Test("Channels of the same name are rendered once: a repeated series would invalidate the whole scrape")
    func duplicateChannels() throws {
        func channel(_ host: String) -> Channel {
            Channel(name: "eu", source: .init(host: host, port: 1), ioThread: .running, isApplierRunning: true)
        }
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0)))
        facts.channels = [channel("a"), channel("b"), channel("a")]
        var families = Families()
        families.add(
            SetFindings(
                ReplicationSetReport(name: "s", nodes: [.init(GoldenSets.description("n"), NodeReport(facts: facts))])))
        #expect(MetricFamily.problems(in: families.all) == [])
        #expect(families.lines { $0.contains("source_info") && $0.contains("source_host=\"a\"") }.count == 1)
        #expect(families.lines { $0.contains("source_host=\"b\"") } == [])
    }
}

@Suite("A set as a whole")
struct SetTests {
    @Test("The shop: two of three up, one writable, its replica filtered and crash-safe")
    func shop() throws {
        var families = Families()
        families.add(try GoldenSets.shop())
        #expect(
            families.lines { $0.contains("mysql_replication_set_") } == [
                #"mysql_replication_set_nodes{replication_set="shop"} 3"#,
                #"mysql_replication_set_nodes_up{replication_set="shop"} 2"#,
                #"mysql_replication_set_writable_nodes{replication_set="shop"} 1"#,
                #"mysql_replication_set_unfiltered_replicas{replication_set="shop"} 0"#,
                #"mysql_replication_set_crash_safe_replicas{replication_set="shop"} 1"#,
                #"mysql_replication_set_unknown_sources{replication_set="shop"} 0"#,
                #"mysql_replication_set_cycles{replication_set="shop"} 0"#,
                #"mysql_replication_set_duplicate_server_ids{replication_set="shop"} 0"#,
                #"mysql_replication_set_duplicate_server_uuids{replication_set="shop"} 0"#,
                #"mysql_replication_set_writers{replication_set="shop"} 1"#,
                #"mysql_replication_set_writer_known{replication_set="shop"} 1"#,
                #"mysql_replication_set_rivals{replication_set="shop"} 2"#,
                #"mysql_replication_set_lag_threshold_seconds{replication_set="shop"} 30"#,
                #"mysql_replication_set_apply_delta_threshold_bytes{replication_set="shop"} 1000000"#,
            ])
    }

    @Test("A selection of nodes yields their series, and none of the set")
    func selection() throws {
        var families = Families()
        families.add(try GoldenSets.shop(), only: ["db2", "nobody"])
        let lines = families.lines()
        #expect(!lines.isEmpty)
        #expect(lines.allSatisfy { $0.contains(#"replication_set="shop",node="db2""#) })
        var all = Families()
        all.add(try GoldenSets.shop())
        #expect(lines == all.lines { $0.contains(#"node="db2""#) })
    }

    @Test("With the set's own series, it is everything about the set and these nodes")
    func selectionWithSet() throws {
        var families = Families()
        families.add(try GoldenSets.branches(), only: ["branch1"], withSet: true)
        let lines = families.lines()
        #expect(lines.contains(#"mysql_replication_set_nodes{replication_set="branches"} 2"#))
        #expect(lines.contains(#"mysql_replication_probe_working{replication_set="branches",probe="sentinel"} 0"#))
        #expect(lines.contains(#"mysql_replication_probe_working{replication_set="branches",probe="heartbeat"} 1"#))
        var all = Families()
        all.add(try GoldenSets.branches())
        #expect(lines == all.lines { !$0.contains(#"node="branch2""#) })
    }

    @Test("A probe that is not configured has no series; one that has never worked has")
    func probes() throws {
        var set = try GoldenSets.branches()
        set.probes.working = [.sentinel: false]
        set.probes.sentinel = []
        var families = Families()
        families.add(set)
        #expect(
            families.lines { $0.contains("probe_working{") } == [
                #"mysql_replication_probe_working{replication_set="branches",probe="sentinel"} 0"#
            ])
    }

    @Test("An intended channel that does not exist fails its check")
    func absentChannel() throws {
        var families = Families()
        families.add(try GoldenSets.branches())
        #expect(
            families.lines { $0.contains("asia") } == [
                #"mysql_replication_check{replication_set="branches",node="branch2",channel="asia",check="source"} 0"#
            ])
    }

    @Test("Series for each worker exist only on demand")
    func workers() throws {
        var families = Families()
        families.add(try GoldenSets.shop())
        #expect(families.lines { $0.contains("_worker_") } == [])
        families = Families()
        families.add(try GoldenSets.shop(), MetricsOptions(workers: true))
        let busy = families.lines { $0.hasPrefix("mysql_replication_worker_busy{") }
        #expect(busy.map { $0.suffix(13) } == ["worker=\"1\"} 1", "worker=\"2\"} 0"])
        // The second one is idle: no age rather than 0.
        #expect(families.lines { $0.hasPrefix("mysql_replication_worker_applying_seconds{") }.count == 1)
    }

    @Test("Distances by domain exist only on demand")
    func domains() throws {
        var families = Families()
        families.add(try GoldenSets.branches())
        #expect(families.lines { $0.contains("domain_missing") } == [])
        families = Families()
        families.add(try GoldenSets.branches(), MetricsOptions(gtidDomains: true))
        let labels = #"replication_set="branches",node="branch2",channel="eu""#
        #expect(
            families.lines { $0.contains("domain_missing") } == [
                "mysql_replication_domain_missing_transactions{\(labels),domain=\"0\"} 7",
                "mysql_replication_domain_missing_transactions{\(labels),domain=\"7\"} 2",
            ])
    }

    @Test("The size of the binary logs includes files with an older base name")
    func renamedBase() throws {
        var facts = NodeFacts(identity: GoldenSets.identity(.mysql, ServerVersion(8, 4, 0), "h", 1))
        var log = BinaryLog(isEnabled: true, end: try GoldenSets.coordinate("new.000001", 70))
        log.index = BinlogIndex(
            entries: try [("old.000009", 300), ("new.000001", 50)].map {
                (file: try GoldenSets.coordinate($0.0, 0).file, size: UInt64($0.1))
            })
        facts.binaryLog = log
        var families = Families()
        families.add(
            SetFindings(
                ReplicationSetReport(name: "s", nodes: [.init(GoldenSets.description("n"), NodeReport(facts: facts))])))
        #expect(
            families.lines { $0.contains("binlog_size_bytes") || $0.contains("binlog_files") } == [
                #"mysql_replication_binlog_files{replication_set="s",node="n"} 2"#,
                #"mysql_replication_binlog_size_bytes{replication_set="s",node="n"} 370"#,
            ])
    }
}
