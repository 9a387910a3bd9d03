import Configuration
import Documents
import Logging
import Monitoring
import Replication
import Testing

@testable import Exporter

@Suite("The limit on open files")
struct OpenFilesTests {
    private static let table = TableName(database: "p", table: "t")

    private static func configuration(nodes: Int, hasProbes: Bool = false) throws -> Configuration {
        let nodes = try (1...nodes).map { Node(name: "db\($0)", address: try Address("127.0.0.1:\($0)")) }
        return Configuration(sets: [
            ReplicationSet(
                name: "shop", nodes: nodes, heartbeat: hasProbes ? Heartbeat(table: table, write: true) : nil,
                sentinel: hasProbes ? Sentinel(table: table) : nil,
                failover: hasProbes ? FailoverPolicy(preferred: "db1", standby: "db2", table: table) : nil)
        ])
    }

    /// The number of open descriptors when every listener is full and refusing a client.
    private static func descriptors(of clients: Int, listeners: Int) -> Int { listeners * (clients + clients / 8 + 2) }

    @Test(
        "is divided among all listeners, and never reached",
        arguments: [
            // 80 for the process; two for each node's connection, and as many again for a reload.
            (128, [1, 0], 1, false, 36), (128, [1, 1], 1, false, 16), (800, [1, 1], 3, false, 312),
            (1024, [1, 0], 3, false, 512), (1024, [1, 1], 3, false, 411),
            // 3 nodes, each with a connection for scrapes and two for the sentinel; and two each for heartbeat and failover.
            (1024, [1, 1], 3, true, 393), (1024, [2, 3], 3, true, 392), (65_536, [1, 1], 1000, true, 512),
            (.max, [1, 1], 1000, true, 512),
        ] as [(Int, [Int], Int, Bool, Int)])
    func shares(limit: Int, addresses: [Int], nodes: Int, hasProbes: Bool, clients: Int) throws {
        let configuration = try Self.configuration(nodes: nodes, hasProbes: hasProbes)
        let openFiles = try OpenFiles(limit: limit, configuration, addresses: addresses)
        #expect(openFiles.clients == clients)
        let taken = Self.descriptors(of: clients, listeners: addresses.count { $0 > 0 }) + addresses.reduce(0, +)
        #expect(openFiles.room == limit - 80 - taken)
        #expect(openFiles.room >= 2 * nodes * (hasProbes ? 3 : 1))
    }

    @Test(
        "that leaves too few descriptors for clients is refused with advice",
        arguments: [
            // 80 for the process, a socket and 11 more for each listener, and those for the nodes.
            (94, [1, 0], 1, false, 1), (106, [1, 1], 1, false, 1), (130, [1, 1], 3, true, 3),
            (2092, [1, 0], 1000, false, 1000),
        ] as [(Int, [Int], Int, Bool, Int)])
    func refusal(least: Int, addresses: [Int], nodes: Int, hasProbes: Bool, count: Int) throws {
        let configuration = try Self.configuration(nodes: nodes, hasProbes: hasProbes)
        #expect(try OpenFiles(limit: least, configuration, addresses: addresses).clients == 8)
        let error = #expect(throws: OpenFiles.TooFew.self) {
            try OpenFiles(limit: least - 1, configuration, addresses: addresses)
        }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("the limit on open files is \(least - 1), and \(count) node"))
        #expect(text.contains(" need \(least): raise it (ulimit -n, systemd LimitNOFILE="), "\(text)")
        #expect(throws: OpenFiles.TooFew.self) { try OpenFiles(limit: 0, configuration, addresses: addresses) }
    }

    @Test("counts the connections of every fleet that is not closed yet, and of the probes that end, each once")
    func overlaps() throws {
        func set(_ ports: Int..., sentinel: Int? = nil, lag: Int = 60) throws -> Configuration {
            let nodes = try ports.enumerated().map { index, port in
                Node(name: "db\(index + 1)", address: try Address("127.0.0.1:\(port)"))
            }
            return Configuration(sets: [
                ReplicationSet(
                    name: "shop", nodes: nodes, thresholds: Thresholds(lag: .seconds(lag)),
                    sentinel: sentinel.map { Sentinel(table: Self.table, interval: .seconds($0)) })
            ])
        }
        /// The descriptors that are needed.
        func needed(_ next: Configuration, after earlier: Configuration...) throws -> Int {
            for room in 0..<200 {
                let openFiles = try OpenFiles(limit: 82 + room, try set(1), addresses: [0], clients: 0)
                if (try? openFiles.check(next, after: earlier)) != nil { return openFiles.room }
            }
            return .max
        }
        let before = try set(1, 2)
        #expect(try needed(before, after: before) == 4)
        // db1 moves, and moves on before its first connection is closed: three at a time, beside db2's.
        #expect(try needed(set(3, 2), after: before) == 6)
        #expect(try needed(set(4, 2), after: before, set(3, 2)) == 8)
        // Two connections of two descriptors to each node, of the sentinel that ends as well; not of one that goes on.
        #expect(try needed(set(1, 2, sentinel: 15), after: set(1, 2, sentinel: 15, lag: 30)) == 12)
        #expect(try needed(set(1, 2, sentinel: 15), after: set(1, 2, sentinel: 20)) == 20)
        #expect(try needed(before, after: set(1, 2, sentinel: 20)) == 12)
    }

    @Test("also applies to a reload: too large a configuration is refused, and the old one stays in effect")
    func reload() async throws {
        let (one, two) = (try Self.configuration(nodes: 1), try Self.configuration(nodes: 2))
        let openFiles = try OpenFiles(limit: 94, one, addresses: [1])
        #expect(openFiles.room == 2)
        try openFiles.check(one, after: [one])
        let moved = Configuration(sets: [
            ReplicationSet(name: "shop", nodes: [Node(name: "db1", address: try Address("127.0.0.1:9"))])
        ])
        // During the reload, the changed node is briefly connected twice.
        #expect(throws: OpenFiles.TooFew.self) { try openFiles.check(moved, after: [one]) }

        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let account = ["MYSQL_REPLICATION_EXPORTER_USER": "nobody"]
        let live = try LiveFleet(
            try Fleet(one, environment: account, keeping: .nothing, logger: logger), logger: logger,
            admit: { try openFiles.check($0, after: $1) }
        ) { () throws(ConfigurationError) in (two, []) }
        let refusal = await #expect(throws: ReloadRefusal.self) { try await live.reload() }
        #expect(refusal?.problems.first?.contains("4 are needed: restart the exporter") == true)
        #expect(await live.use { $0.configuration.nodes.count } == 1)
        await live.use { await $0.close() }
    }
}
