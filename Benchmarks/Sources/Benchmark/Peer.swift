import Glibc
import Sandbox
import Synchronization

/// mysqld_exporter: a request a node, with nothing but the replica status asked for.
final class Peer: Contender {
    let name = "mysqld_exporter"
    let usage: ProcessUsage
    /// Requests in flight; the number that proved fastest.
    private(set) var concurrency = 1
    private let process: ChildProcess
    private let port: UInt16
    private let paths: [String]
    private var clients: [HTTPClient] = []

    init(_ fleet: LoopbackFleet, _ place: Workplace) async throws {
        port = try freePort()
        paths = fleet.nodes.map { "/probe?target=\($0.address)&collect%5B%5D=slave_status" }
        let account = try place.write(
            "[client]\nuser=\(fleet.account.user)\npassword=\(fleet.account.password)\n", to: "peer.cnf")
        process = try ChildProcess.start(
            [
                place.tools.peer, "--config.my-cnf=\(account)", "--web.listen-address=127.0.0.1:\(port)",
                "--log.level=error",
            ], group: place.group, output: place.log("peer"))
        usage = ProcessUsage(pid: process.pid)
        connect(min(16, paths.count))
        try await eventually("mysqld_exporter listens") { try self.clients[0].get("/").status == 200 }
    }

    /// Tries how many requests at once make it fastest, from many to few: far away, few take minutes.
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
            while case let place = next.wrappingAdd(1, ordering: .relaxed).oldValue, place < paths.count {
                do {
                    let answer = try client.get(paths[place], headers: headers)
                    if !isGood(answer) { trouble.withLock { $0 = "\(paths[place]): \(answer.status)" } }
                } catch {
                    trouble.withLock { $0 = "\(paths[place]): \(error)" }
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
