import Foundation
import ReplicationTesting
import Sandbox

/// A real Prometheus, queried through its API.
struct RunningPrometheus {
    struct Target: Decodable, Sendable {
        let labels: [String: String]
        let health: String
        let lastError: String
    }

    struct Sample: Sendable {
        let labels: [String: String]
        let value: Double
    }

    let process: ChildProcess
    private let port: LoopbackPort
    private let log: String

    /// Starts it with `prometheus.yml` from a folder, which assumes that the exporter listens on port 19104.
    /// - Parameter jobs: further lines for the list of jobs.
    static func start(_ folder: String, _ sandbox: Sandbox, jobs: String, exporterPort: Int) async throws
        -> RunningPrometheus
    {
        let path = "\(folder)/prometheus.yml"
        let text = try String(contentsOfFile: path, encoding: .utf8) + jobs + "\n"
        try text.replacing("localhost:19104", with: "localhost:\(exporterPort)").replacing("15s", with: "1s")
            .replacing("/sd\",", with: "/sd\", refresh_interval: 1s,")
            .replacing("/sd?per=replication_set\"}", with: "/sd?per=replication_set\", refresh_interval: 1s}")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let port = try LoopbackPort()
        let log = "\(folder)/prometheus.log"
        let process = try ChildProcess.start(
            [
                "prometheus", "--config.file=\(path)", "--storage.tsdb.path=\(folder)/tsdb",
                "--web.listen-address=127.0.0.1:\(port.number)",
            ], group: sandbox.processGroup, output: log)
        return RunningPrometheus(process: process, port: port, log: log)
    }

    /// The active targets, once they meet the condition.
    func targets(until condition: ([Target]) -> Bool) async throws -> [Target] {
        struct Answer: Decodable {
            struct Content: Decodable { let activeTargets: [Target] }
            let data: Content
        }
        return try await attempts("the targets are as they should be") {
            let targets = try JSONDecoder().decode(Answer.self, from: try await get("targets?state=active")).data
                .activeTargets
            return condition(targets) ? .success(targets) : .failure(Failure("\(targets)"))
        }
    }

    /// The samples of an instant query, once they meet the condition.
    func query(_ expression: String, until condition: ([Sample]) -> Bool) async throws -> [Sample] {
        struct Value: Decodable {
            let text: String
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                _ = try container.decode(Double.self)
                text = try container.decode(String.self)
            }
        }
        struct Answer: Decodable {
            struct Series: Decodable {
                let metric: [String: String]
                let value: Value
            }
            struct Content: Decodable { let result: [Series] }
            let data: Content
        }
        return try await attempts("\(expression) is as it should be") {
            let answer = try JSONDecoder().decode(Answer.self, from: try await get("query?query=\(expression)"))
            let samples = answer.data.result.map { Sample(labels: $0.metric, value: Double($0.value.text) ?? .nan) }
            return condition(samples) ? .success(samples) : .failure(Failure("\(samples)"))
        }
    }

    /// The unit of a metric, as reported by the scraped page.
    func unit(of metric: String) async throws -> String? {
        struct Answer: Decodable {
            struct Entry: Decodable { let unit: String }
            let data: [Entry]
        }
        return try JSONDecoder().decode(Answer.self, from: try await get("targets/metadata?metric=\(metric)")).data
            .first?.unit
    }

    private func get(_ path: String) async throws -> Data {
        try await HTTPAnswer.to("GET", "/api/v1/\(path)", port: Int(port.number)).data
    }

    /// It takes a moment to start, and longer to scrape.
    private func attempts<Value>(_ what: String, _ attempt: () async throws -> Result<Value, Failure>) async throws
        -> Value
    {
        var reason = ""
        func report() throws -> String {
            "\(what): \(reason)\n\(try String(contentsOfFile: log, encoding: .utf8).suffix(2_000))"
        }
        return try await eventualValue(try report(), within: .seconds(60), every: .milliseconds(200)) {
            do {
                switch try await attempt() {
                case .success(let value): return value
                case .failure(let failure): reason = failure.description
                }
            } catch {
                reason = "\(error)"
            }
            if process.hasEnded { throw Failure("Prometheus has ended: \(try report())") }
            return nil
        }
    }
}
