import Exposition
import Metrics
import Replication
import Testing
import Topology

/// When the first look at all nodes was over, and when some of them were asked again.
private let earlierLook = ContinuousClock.now
private let laterLook = earlierLook + .seconds(1)

/// The sets that the tests render. Every number is different, so that none can end up in the wrong place unnoticed.
enum GoldenSets {
    /// Three MySQL servers: a primary, a replica of which everything is known, and a node that denies its status.
    static func shop() throws -> SetFindings {
        var findings = SetFindings(
            ReplicationSetReport(
                name: "shop", thresholds: Thresholds(lag: .seconds(30), bytes: 1_000_000),
                nodes: [try primary(), try replica(), try denied()]))
        findings.nodes[1].channels[0].lag?.error = 11.5
        findings.nodes[1].unservedReplicas = ["db5", "db6", "db7"]
        findings.probes.failover = FailoverFinding(active: "db1", nodes: ["db1", "db2"])
        return findings
    }

    /// A MariaDB replica of two sources, one of them not configured, and an intended channel that is not there.
    static func branches() throws -> SetFindings {
        var source = NodeFacts(identity: identity(.mariadb, ServerVersion(11, 8, 2), "branch1", 21))
        source.channels = []
        source.transactions = .positions(
            .init(
                replicated: try GTIDPosition(parsing: ""), logged: try GTIDPosition(parsing: "0-21-100,7-21-40"),
                current: try GTIDPosition(parsing: "0-21-100,7-21-40"),
                state: try GTIDBinlogState(parsing: "0-21-100,7-21-40")))
        var heartbeats = HeartbeatHistory(interval: 1)
        heartbeats.begin(on: "branch1", holding: [], wallClock: 0, now: earlierLook)
        heartbeats.append(.init(time: 1_700_000_000_000_000, sent: earlierLook, confirmed: earlierLook))
        source.askedAt = 1_700_000_000.75
        source.heartbeat = HeartbeatReading(
            rows: [HeartbeatRow(serverID: 21, time: 1_700_000_000_000_000)],
            reading: Reading(asked: earlierLook + .milliseconds(750), told: earlierLook + .milliseconds(750)))
        var replica = NodeFacts(identity: identity(.mariadb, ServerVersion(11, 8, 2), "branch2", 22))
        replica.transactions = .positions(
            .init(
                replicated: try GTIDPosition(parsing: "0-21-93,7-21-38"), logged: try GTIDPosition(parsing: ""),
                current: try GTIDPosition(parsing: "0-21-93,7-21-38"), state: try GTIDBinlogState(parsing: "")))
        var eu = Channel(
            name: "eu", source: .init(host: "branch1", port: 3306, serverID: 21), ioThread: .running,
            isApplierRunning: true)
        eu.eventTimes = .init(difference: 2)
        eu.retriedTransactions = 6
        let us = Channel(
            name: "us", source: .init(host: "far.example", port: 3307), ioThread: .preparing, isApplierRunning: false)
        replica.channels = [eu, us]
        var findings = SetFindings(
            ReplicationSetReport(
                name: "branches",
                nodes: [
                    .init(
                        description("branch1"),
                        NodeReport(
                            facts: source, duration: 0.001, roundTrips: 1,
                            connects: Connects(successes: 3, failures: 1))),
                    .init(
                        description("branch2", intending: ["eu": "branch1", "asia": "branch1"]),
                        NodeReport(facts: replica, duration: 0.002, roundTrips: 1)),
                ], heartbeat: .own(heartbeats)))
        findings.probes.working = [.heartbeat: true, .sentinel: false]
        findings.probes.sentinel = [
            SentinelFindings(
                node: "branch2", channel: "eu",
                outcomes: [.insert: .seen(after: 0.0625), .update: .missed, .delete: .missed],
                lastSuccess: 1_700_000_002)
        ]
        return findings
    }

    /// A member of a group, which sees another that is not configured and one that it cannot reach; and two Galera nodes, one of
    /// them out.
    static func clusters() -> SetFindings {
        var member = NodeFacts(identity: identity(.mysql, ServerVersion(8, 4, 3), "gr1", 31, uuid: uuid1))
        member.channels = []
        member.isReadOnly = false
        var group = ClusterMember(kind: .group, cluster: "group", id: uuid1, state: .online)
        group.isReady = true
        group.hasQuorum = true
        group.isPrimary = true
        group.view = ClusterView(
            id: "17:41", history: "17", number: 41, size: 3,
            members: [
                .init(id: uuid1, address: "gr1:3306", state: .online, isPrimary: true),
                .init(id: uuid2, address: "gr2:3306", state: .online),
                .init(id: "00000000-0000-0000-0000-000000000003", address: "gr3:3306", state: .unreachable),
            ])
        group.applyQueue = 42
        group.certifyQueue = 43
        group.conflicts = [.certification: 44]
        member.cluster = group
        var joiner = NodeFacts(identity: identity(.mysql, ServerVersion(8, 4, 3), "gr2", 34, uuid: uuid2))
        joiner.channels = []
        joiner.isReadOnly = false
        var copied = ClusterMember(kind: .group, cluster: "group", id: uuid2, state: .joining)
        copied.clone = CloneProgress(stage: .fileCopy, copied: 45, estimated: 46)
        joiner.cluster = copied
        var galera = NodeFacts(identity: identity(.mariadb, ServerVersion(11, 8, 2), "ga1", 32))
        galera.channels = []
        galera.isReadOnly = false
        var inside = ClusterMember(kind: .galera, cluster: "shop", id: "ga1:3306", state: .online)
        inside.isReady = true
        inside.hasQuorum = true
        inside.view = ClusterView(
            id: "s 51 1 ga1:3306", history: "s", number: 51, size: 1,
            members: [.init(id: "ga1:3306", address: "ga1:3306", state: .online)])
        inside.applyQueue = 52
        inside.lastCommitted = 1053
        inside.oldestKept = 1000
        inside.conflicts = [.certification: 54, .abort: 55]
        inside.pausedSeconds = 5.625
        inside.requestsPause = true
        galera.cluster = inside
        var left = NodeFacts(identity: identity(.mariadb, ServerVersion(11, 8, 2), "ga2", 33))
        left.channels = []
        left.isReadOnly = false
        left.cluster = ClusterMember(kind: .galera, cluster: "shop", id: "ga2", state: .outside)
        return SetFindings(
            ReplicationSetReport(
                name: "clusters", thresholds: Thresholds(),
                nodes: [("gr1", member), ("gr2", joiner), ("ga1", galera), ("ga2", left)].map { name, facts in
                    .init(description(name), NodeReport(facts: facts, duration: 0.001, roundTrips: 1))
                }))
    }

    static func exporter() -> ExporterStatistics {
        var process = ExporterStatistics.Process()
        process.cpuSeconds = 1.25
        process.residentBytes = 9_000_000
        process.virtualBytes = 99_000_000
        process.startTime = 1_700_000_000.5
        process.openFiles = 17
        process.maxFiles = 1024
        process.threads = 5
        return ExporterStatistics(
            build: .init(version: "1.0.0", revision: "0123456789ab", swift: "6.3", libmariadb: "3.3.20"),
            process: process,
            requests: [
                .init(route: "/metrics", code: 200, count: 12), .init(route: "/metrics", code: 503, count: 0),
                .init(route: "other", code: 404, count: 3),
            ],
            scrapeDuration: 0.0125, isConfigurationFresh: true, configurationLoaded: 1_700_000_001)
    }

    static func description(_ name: String, intending sources: [String: String] = [:]) -> NodeDescription {
        NodeDescription(name: name, address: .tcp(host: name, port: 3306), intendedSources: sources)
    }

    static func identity(
        _ flavor: Flavor, _ version: ServerVersion, _ host: String, _ id: UInt32, uuid: String? = nil
    ) -> ServerIdentity {
        ServerIdentity(flavor: flavor, version: version, hostname: host, port: 3306, serverID: id, serverUUID: uuid)
    }

    static let uuid1 = "00000000-0000-0000-0000-000000000001"
    static let uuid2 = "00000000-0000-0000-0000-000000000002"

    private static func primary() throws -> ReplicationSetReport.Node {
        var facts = NodeFacts(identity: identity(.mysql, ServerVersion(8, 4, 3), "box1", 1, uuid: uuid1))
        facts.isReadOnly = false
        facts.isSuperReadOnly = false
        facts.startTime = 1_699_000_000
        facts.clockOffset = -0.25
        facts.channels = []
        facts.connectedReplicas = 2
        facts.durability = [.binaryLog: true, .redoLog: false]
        var log = BinaryLog(isEnabled: true, end: try coordinate("bin.000012", 5_500))
        log.index = BinlogIndex(
            entries: try [("bin.000010", 1_000), ("bin.000011", 2_000), ("bin.000012", 5_000)].map {
                (file: try coordinate($0.0, 0).file, size: $0.1)
            })
        log.filters = [.doDatabase: 0, .ignoreDatabase: 1]
        facts.binaryLog = log
        facts.checksums = ChecksumResults(
            lastRun: 1_699_990_000,
            summary: .init(tableCount: 1, tables: [.init(database: "a", table: "b", differences: 0, pending: 0)]))
        facts.service = .rds
        facts.binaryLog?.retention = 86_400
        // Asked again, after the replica: it has 10 that the replica lacks, and lacks 2 of the replica's own.
        facts.transactions = .set(executed: try GTIDSet(parsing: "\(uuid1):1-150"), server: nil)
        facts.isSecondLook = true
        facts.transactionsRead = Reading(asked: laterLook, told: laterLook)
        var semiSync = SemiSync()
        semiSync.isSourceEnabled = true
        semiSync.isSourceActive = false
        semiSync.clients = 0
        semiSync.unacknowledged = 31
        facts.semiSync = semiSync
        return .init(description("db1"), NodeReport(facts: facts, duration: 0.004, roundTrips: 2))
    }

    private static func replica() throws -> ReplicationSetReport.Node {
        var facts = NodeFacts(identity: identity(.mysql, ServerVersion(8, 4, 3), "box2", 2, uuid: uuid2))
        facts.isReadOnly = true
        facts.isSuperReadOnly = true
        facts.startTime = 1_699_500_000
        facts.clockOffset = 0.125
        facts.connectedReplicas = 0
        facts.durability = [.replicationState: true, .binaryLog: true, .redoLog: true]
        facts.binaryLog = BinaryLog(isEnabled: true, end: try coordinate("bin.000003", 777))
        facts.transactions = .set(executed: try GTIDSet(parsing: "\(uuid1):1-140,\(uuid2):1-2"), server: nil)
        facts.transactionsRead = Reading(asked: earlierLook, told: earlierLook)
        facts.semiSync = SemiSync()
        facts.semiSync?.isReplicaActive = true
        facts.missing = [.binlogIndex: .permission, .status: .unsupported]
        facts.checksums = ChecksumResults(
            lastRun: 1_699_990_001,
            summary: .init(
                tableCount: 1234,
                tables: [
                    .init(database: "shop", table: "orders", differences: 2, pending: 1),
                    .init(database: "shop", table: "customers", differences: 0, pending: 0),
                ], age: 42))

        var channel = Channel(
            name: "", source: .init(host: "10.0.0.1", port: 3306, serverID: 1, serverUUID: uuid1), ioThread: .running,
            isApplierRunning: true)
        channel.readPosition = try coordinate("bin.000012", 5_400)
        channel.executedPosition = try coordinate("bin.000011", 1_500)
        channel.relayLogBytes = 6_400
        channel.secondsBehindSource = 40
        channel.configuredDelay = 5
        channel.remainingDelay = 3
        channel.ioError = .init(number: 2003, message: "gone", time: 1_699_999_000)
        channel.applierError = .init(number: 0, message: "")
        channel.filters = [.ignoreTable: 4]
        channel.usesGTID = true
        channel.isSourceConnectionEncrypted = false
        channel.fetched = .set(try GTIDSet(parsing: "\(uuid1):1-147"))
        channel.heartbeatsReceived = 88
        channel.heartbeatPeriod = 30
        channel.sourceSilence = 1.5
        channel.applierTimes = .init(
            applyingAge: 36, stages: [.transport: 0.625, .queue: 0.5, .relayWait: 8, .apply: 11.25])
        channel.workers = .init(total: 4, busy: 3)
        channel.workerStates = [
            .init(id: 1, isRunning: true, isBusy: true, applyingAge: 2.5, errorNumber: 0),
            .init(id: 2, isRunning: false, isBusy: false, applyingAge: nil, errorNumber: 1062),
        ]
        facts.channels = [channel]
        return .init(
            description("db2", intending: ["": "db1"]), NodeReport(facts: facts, duration: 0.003, roundTrips: 1))
    }

    private static func denied() throws -> ReplicationSetReport.Node {
        var facts = NodeFacts(identity: identity(.mysql, ServerVersion(8, 4, 3), "box3", 3))
        // Not up, and so not a writable node; still a rival, because it takes writes.
        facts.isReadOnly = false
        facts.transactions = .set(executed: try GTIDSet(parsing: "\(uuid1):1-150"), server: nil)
        facts.missing = [.replicationStatus: .permission]
        return .init(
            description("db3", intending: ["": "db1"]),
            NodeReport(
                facts: facts, failure: NodeFailure(reason: .permission, message: "grant REPLICATION CLIENT"),
                duration: 0.006, roundTrips: 1))
    }

    static func coordinate(_ file: String, _ position: UInt64) throws -> BinlogCoordinate {
        BinlogCoordinate(file: try #require(BinlogFile(file)), position: position)
    }
}

extension Families {
    /// Everything that the scenes yield.
    static func everything() throws -> Families {
        var families = Families()
        families.add(try GoldenSets.shop(), MetricsOptions(workers: true))
        families.add(try GoldenSets.branches(), MetricsOptions(gtidDomains: true))
        families.add(GoldenSets.clusters())
        families.add(GoldenSets.exporter())
        return families
    }

    func text(_ format: ExpositionFormat = .text004) -> String {
        var output: [UInt8] = []
        Exposition.render(all, format: format, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The lines of some families, without HELP and TYPE.
    func lines(_ wanted: (String) -> Bool = { _ in true }) -> [String] {
        text().split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") && wanted($0) }
    }
}
