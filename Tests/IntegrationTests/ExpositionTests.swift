import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// The pages as read by other programs: the parsers of PyPI's prometheus-client, and a real Prometheus.
    @Suite("The exposition, read by other programs")
    struct ExpositionTests {
        private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        /// Made by scripts/exposition-parser.sh.
        private static let parser: String? = {
            let environment = ProcessInfo.processInfo.environment
            let cache = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { "\($0)/.cache" }
            let python = cache.map { "\($0)/mysql-replication-exporter/exposition-parser/bin/python3" }
            return python.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
        }()
        private static let hint: Comment =
            "prometheus-client is not installed: the pages are NOT parsed by it (scripts/exposition-parser.sh)"

        @Test(
            "prometheus-client reads the recorded pages, with the same series and values in both formats",
            .enabled(if: parser != nil, hint), arguments: ["shop", "branches", "exporter"])
        func recorded(scene: String) async throws {
            let folder = Self.root.appending(path: "Tests/Golden/metrics").path
            let found = try Self.complaints([
                "--same-values", "\(folder)/\(scene).txt", "\(folder)/\(scene).openmetrics.txt",
            ])
            #expect(found == "")
        }

        @Test(
            "prometheus-client reads the page of real servers, with the same series in both formats",
            .enabled(if: parser != nil, hint), arguments: try await Matrix.thorough.value)
        func live(software: ServerSoftware) async throws {
            try await withCompatibleExporter(of: .multiSource(), software: software) { sandbox, exporter in
                try await sandbox.server("db2").stop()  // a node that is down has series of its own
                try await exporter.scrape()
                let text = try await exporter.get("/metrics").body
                let strict = try await exporter.get("/metrics", headers: ["Accept": "application/openmetrics-text"])
                    .body
                #expect(strict.hasSuffix("# EOF\n") && strict.contains("mysql_slave_status_"))
                let paths = ["\(sandbox.folder)/page.txt", "\(sandbox.folder)/page.openmetrics.txt"]
                try text.write(toFile: paths[0], atomically: true, encoding: .utf8)
                try strict.write(toFile: paths[1], atomically: true, encoding: .utf8)
                #expect(try Self.complaints(paths) == "")
            }
        }

        @Test(
            "A real Prometheus accepts both formats, and gets the same series from each",
            .enabled(
                if: Peer.prometheus != nil, "Prometheus is not installed here: it does NOT scrape (Debian: prometheus)")
        )
        func prometheus() async throws {
            let software = try await ServerSoftware.find("mariadb")
            try await withCompatibleExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let own = try AcceptProxy(nil, in: sandbox)
                let plain = try AcceptProxy("text/plain;version=0.0.4", in: sandbox)
                let configuration = """
                    global: {scrape_interval: 1s, scrape_timeout: 1s}
                    scrape_configs:
                      - {job_name: openmetrics, proxy_url: "http://127.0.0.1:\(try await own.port())", \
                    static_configs: [{targets: ["127.0.0.1:\(exporter.port)"]}]}
                      - {job_name: text, proxy_url: "http://127.0.0.1:\(try await plain.port())", \
                    static_configs: [{targets: ["127.0.0.1:\(exporter.port)"]}]}
                    """
                let file = "\(sandbox.folder)/prometheus.yml"
                try configuration.write(toFile: file, atomically: true, encoding: .utf8)
                // Prometheus cannot be asked which port it uses.
                let kept = try LoopbackPort()
                defer { withExtendedLifetime(kept) {} }
                let port = Int(kept.number)
                let process = try ChildProcess.start(
                    [
                        "prometheus", "--config.file=\(file)", "--storage.tsdb.path=\(sandbox.folder)/tsdb",
                        "--web.listen-address=127.0.0.1:\(port)",
                    ], group: sandbox.processGroup, output: "\(sandbox.folder)/prometheus.log")
                defer { process.signal(SIGTERM) }

                // The two scrape at different times: an intermittent series appears after a while.
                var openMetrics: Set<[String: String]> = []
                var text: Set<[String: String]> = []
                try await eventually(
                    "the same series, but for \(openMetrics.symmetricDifference(text))", within: .seconds(60),
                    every: .milliseconds(200)
                ) {
                    openMetrics = try await series(job: "openmetrics", port)
                    text = try await series(job: "text", port)
                    return openMetrics == text
                }
                #expect(
                    openMetrics.contains { $0["__name__"] == "mysql_replication_lag_seconds" && $0["node"] == "db2" })
                #expect(openMetrics.contains { $0["__name__"] == "mysql_slave_status_slave_io_running" })
                let expected = "application/openmetrics-text; version=1.0.0; charset=utf-8"
                // Prometheus 3 requests an escaping as well.
                let types = try own.contentTypes()
                #expect(types == [expected] || types == [expected + "; escaping=underscores"], "\(types)")
                #expect(try plain.contentTypes() == ["text/plain; version=0.0.4; charset=utf-8"])
            }
        }

        // MARK: -

        private func withCompatibleExporter(
            of wiring: Wiring, software: ServerSoftware, _ body: (Sandbox, RunningExporter) async throws -> Void
        ) async throws {
            try await withSandbox(wiring, software: software) { sandbox in
                let path = try sandbox.writeExporterConfiguration()
                let text = try String(contentsOfFile: path, encoding: .utf8)
                try (text + "metrics: {compatibility: [mysqld_exporter], workers: true, gtid_domains: true}\n").write(
                    toFile: path, atomically: true, encoding: .utf8)
                let exporter = try await RunningExporter.start(path, in: sandbox)
                try await body(sandbox, exporter)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        /// The parsers' complaints about two pages.
        private static func complaints(_ arguments: [String]) throws -> String {
            let outcome = try runProgram(
                [try #require(parser), root.appending(path: "scripts/check-exposition.py").path] + arguments)
            return String(decoding: outcome.output, as: UTF8.self) + (outcome.status == 0 ? "" : "it failed")
        }

        /// The series of a job, without what the scrape itself adds, once there are some.
        private func series(job: String, _ port: Int) async throws -> Set<[String: String]> {
            struct Answer: Decodable { let data: [[String: String]] }
            let query = "match[]={job=\"\(job)\",__name__=~\"mysql_.*\"}"
                .addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "=")))
            return try await eventualValue("\(job) has series", within: .seconds(60), every: .milliseconds(100)) {
                guard let data = try? await HTTPAnswer.to("GET", "/api/v1/series?\(query ?? "")", port: port).data,
                    let answer = try? JSONDecoder().decode(Answer.self, from: data), !answer.data.isEmpty
                else { return nil }
                return Set(answer.data.map { $0.filter { !["job", "instance"].contains($0.key) } })
            }
        }
    }
}

/// scripts/accept-proxy.py: requests the format that it is given.
private final class AcceptProxy: Sendable {
    private let process: ChildProcess
    private let output: String

    init(_ accept: String?, in sandbox: Sandbox) throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "scripts/accept-proxy.py").path
        output = "\(sandbox.folder)/accept-proxy-\(UUID().uuidString).log"
        process = try ChildProcess.start(
            ["python3", script] + (accept.map { [$0] } ?? []), group: sandbox.processGroup, output: output)
    }

    deinit { process.signal(SIGTERM) }

    private func lines() throws -> [Substring] {
        try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    }

    func port() async throws -> Int {
        try await eventualValue("accept-proxy.py says its port") { (try? lines())?.first.flatMap { Int($0) } }
    }

    /// Of all responses that passed through.
    func contentTypes() throws -> Set<String> { Set(try lines().dropFirst().map(String.init)) }
}
