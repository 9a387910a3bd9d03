import Glibc
import Sandbox

/// The exporter: one request for all nodes, as Prometheus sends it.
final class Exporter: Contender {
    let name = "mysql-replication-exporter"
    let usage: ProcessUsage
    private let process: ChildProcess
    private let client: HTTPClient
    private let nodeCount: Int

    /// Starts it and waits until it listens.
    init(_ fleet: LoopbackFleet, _ place: Workplace, environment: [String: String] = [:]) async throws {
        nodeCount = fleet.nodes.count
        let port = try freePort()
        let configuration = try place.write(
            fleet.configuration(passwordFile: try place.write(fleet.account.password, to: "password")),
            to: "exporter-\(port).yml")
        process = try ChildProcess.start(
            [
                place.tools.exporter, "--config.file", configuration, "--web.listen-address", "127.0.0.1:\(port)",
                "--log.level", "warning",
            ], environment: ChildProcess.neutralEnvironment.merging(environment) { $1 }, group: place.group,
            output: place.log("exporter"))
        usage = ProcessUsage(pid: process.pid)
        client = HTTPClient(port: port)
        try await eventually("the exporter listens") { try self.client.get("/-/healthy").status == 200 }
    }

    func scrape() throws {
        let answer = try client.get("/metrics", headers: prometheusHeaders)
        guard answer.status == 200 else { throw BenchmarkError.answer("the exporter answered \(answer.status)") }
    }

    func scrapeAndCheck() throws {
        let page = try page()
        let up = page.count { $0.hasPrefix("mysql_replication_up{") && $0.hasSuffix(" 1") }
        guard up == nodeCount else { throw BenchmarkError.answer("the exporter reached \(up) of \(nodeCount) nodes") }
    }

    /// Scrapes like a Prometheus that gives up half a second after `deadline`.
    /// - Returns: how long it took, in seconds.
    /// - Throws: unless exactly `expected` nodes are up.
    func scrape(within deadline: Double, expecting expected: Int) throws -> Double {
        let (wall, up) = try scrape(within: deadline)
        guard up == expected else { throw BenchmarkError.answer("the exporter reached \(up) nodes, not \(expected)") }
        return wall
    }

    /// The same, for any number of nodes up.
    func scrape(within deadline: Double) throws -> (wall: Double, up: Int) {
        var page: [UInt8] = []
        let headers = "X-Prometheus-Scrape-Timeout-Seconds: \(deadline + 0.5)\r\n"
        let wall = try seconds { page = try client.get("/metrics", headers: headers).body }
        return (wall, lines(page).count { $0.hasPrefix("mysql_replication_up{") && $0.hasSuffix(" 1") })
    }

    /// How many nodes took how many round trips in the last scrape, by the number of round trips.
    func roundTrips() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try page() where line.hasPrefix("mysql_replication_node_round_trips{") {
            counts[line.split(separator: " ").last.map(String.init) ?? "", default: 0] += 1
        }
        return counts
    }

    /// The lines of the page in plain text.
    private func page() throws -> [Substring] { lines(try client.get("/metrics").body) }

    private func lines(_ page: [UInt8]) -> [Substring] {
        String(decoding: page, as: UTF8.self).split(separator: "\n")
    }

    func stop() async {
        process.signal(SIGTERM)
        await process.ended()
    }
}
