import Glibc
import Sandbox
import Synchronization

/// mysqld_exporter: one request per node, for nothing but the replica status.
final class Peer: Contender {
    let name = "mysqld_exporter"
    let usage: ProcessUsage
    /// Concurrent requests; the number that proved fastest.
    private(set) var concurrency = 1
    private let process: ChildProcess
    private let port: UInt16
    private let paths: [String]
    private var clients: [HTTPClient] = []

    init(_ fleet: LoopbackFleet, _ index: Workplace) async throws {
        port = try freePort()
        paths = fleet.nodes.map { "/probe?target=\($0.address)&collect%5B%5D=slave_status" }
        let account = try index.write(
            "[client]\nuser=\(fleet.account.user)\npassword=\(fleet.account.password)\n", to: "peer.cnf")
        process = try ChildProcess.start(
            [
                index.tools.peer, "--config.my-cnf=\(account)", "--web.listen-address=127.0.0.1:\(port)",
                "--log.level=error",
            ], group: index.group, output: index.log("peer"))
        usage = ProcessUsage(pid: process.pid)
        connect(min(16, paths.count))
        try await eventually("mysqld_exporter listens") { try self.clients[0].get("/").status == 200 }
    }

    /// Determines the fastest number of concurrent requests, from many to few: for distant nodes, few take minutes.
    func findConcurrency() throws {
        var best = Double.infinity
        for candidate in [128, 64, 32, 16, 8, 4, 2, 1].map({ min($0, paths.count) }) where candidate != concurrency {
            connect(candidate)
            try scrape()
            let wall = try min(seconds(scrape), seconds(scrape))
            if wall > best * 1.5 { break }
            if wall < best {
                best = wall
                concurrency = candidate
            }
        }
        connect(concurrency)
        try scrape()
    }

    private func connect(_ count: Int) { clients = (0..<count).map { _ in HTTPClient(port: port) } }

    func scrape() throws {
        try probeAll(headers: prometheusHeaders) { $0.status == 200 }
    }

    func scrapeAndCheck() throws {
        try probeAll(headers: "") { String(decoding: $0.body, as: UTF8.self).contains("\nmysql_up 1\n") }
    }

    private func probeAll(headers: String, _ isGood: @escaping @Sendable (HTTPClient.Answer) -> Bool) throws {
        let paths = paths
        let next = Atomic(0)
        let trouble = Mutex<String?>(nil)
        inParallel(clients) { client in
            while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < paths.count {
                do {
                    let answer = try client.get(paths[index], headers: headers)
                    if !isGood(answer) { trouble.withLock { $0 = "\(paths[index]): \(answer.status)" } }
                } catch {
                    trouble.withLock { $0 = "\(paths[index]): \(error)" }
                }
            }
        }
        if let trouble = trouble.withLock({ $0 }) { throw BenchmarkError.answer("mysqld_exporter, \(trouble)") }
    }

    func stop() async {
        process.signal(SIGTERM)
        await process.ended()
    }
}
