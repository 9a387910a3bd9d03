import Foundation
import ReplicationTesting
import Sandbox

/// The exporter as its users run it: a process of its own, asked over HTTP.
final class RunningExporter: Sendable {
    let process: ChildProcess
    let port: Int
    /// Its output.
    let log: String

    /// Starts the exporter and waits until it listens.
    /// - Parameter configuration: path of its file.
    static func start(_ configuration: String, in sandbox: Sandbox) async throws -> RunningExporter {
        try await start(["--config.file", configuration], in: sandbox)
    }

    /// - Parameters:
    ///   - environment: added to a neutral one.
    ///   - launcher: a command that executes the exporter's command line.
    ///   - port: where it listens; 0 for any free port.
    static func start(
        _ arguments: [String], in sandbox: Sandbox, environment: [String: String] = [:], launcher: [String] = [],
        port: UInt16 = 0
    ) async throws -> RunningExporter {
        let log = "\(sandbox.folder)/exporter-\(UUID().uuidString).log"
        let process = try ChildProcess.start(
            launcher + [try Products.exporter, "--web.listen-address", "127.0.0.1:\(port)"] + arguments,
            environment: ChildProcess.neutralEnvironment.merging(environment) { $1 }, group: sandbox.processGroup,
            output: log)
        do {
            return RunningExporter(process: process, port: try await listeningPort(log, process), log: log)
        } catch {
            process.signal(SIGKILL)
            throw error
        }
    }

    private init(process: ChildProcess, port: Int, log: String) {
        self.process = process
        self.port = port
        self.log = log
    }

    /// Cleans up even if a test fails half-way.
    deinit { process.signal(SIGKILL) }

    /// Ends it as a service manager would.
    func stop() async -> ExitStatus {
        process.signal(SIGTERM)
        return await process.ended()
    }

    func output() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }

    func get(_ path: String, headers: [String: String] = [:], method: String = "GET") async throws -> HTTPAnswer {
        try await HTTPAnswer.to(method, path, port: port, headers: headers)
    }

    /// Requests the metrics. `timeout` is sent as Prometheus would, in seconds.
    @discardableResult
    func scrape(_ path: String = "/metrics", timeout: Double? = nil) async throws -> Scrape {
        let headers = timeout.map { ["X-Prometheus-Scrape-Timeout-Seconds": "\($0)"] } ?? [:]
        let answer = try await get(path, headers: headers)
        guard answer.status == 200 else { throw Failure("\(path): \(answer.status) \(answer.body)") }
        return try Scrape(answer.body)
    }

    /// Scrapes until the metrics meet the condition: servers show a state a moment after it has come about.
    @discardableResult
    func scrape(until what: String, within time: Duration = .seconds(30), _ condition: (Scrape) -> Bool) async throws
        -> Scrape
    {
        var last = try await scrape()
        if condition(last) { return last }
        try await eventually("the metrics say: \(what)\n\(last.text)", within: time, every: .milliseconds(50)) {
            last = try await scrape()
            return condition(last)
        }
        return last
    }

    /// The address for HAProxy's agent checks.
    func agentPort() async throws -> Int {
        try await Self.listeningPort(log, process, #/addresses=127\.0\.0\.1:(\d+) protocol=agent/#)
    }

    private static func listeningPort(
        _ log: String, _ process: ChildProcess,
        _ line: Regex<(Substring, Substring)> = #/"?addresses"?[=:]"?127\.0\.0\.1:(\d+)["\s](?!protocol=agent)/#
    ) async throws -> Int {
        func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        return try await eventualValue("the exporter listens: \(text())", every: .milliseconds(10)) {
            if let port = text().firstMatch(of: line).flatMap({ Int($0.1) }) { return port }
            if process.hasEnded { throw Failure("the exporter ended: \(text())") }
            return nil
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The location of the built programs: next to the test bundle.
enum Products {
    /// EXPORTER selects another build of it, such as an optimised one.
    static var exporter: String {
        get throws {
            try ProcessInfo.processInfo.environment["EXPORTER"] ?? path("mysql-replication-exporter")
        }
    }

    static func path(_ name: String) throws -> String {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let path = bundle.appendingPathComponent(name).path
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Failure("\(path) is not built") }
        return path
    }
}
