import Foundation
import ReplicationTesting
import Synchronization

/// A balancer that checks every node for being the primary once a second, with whichever exporter is running.
final class BalancerChecks: Sendable {
    struct Answer: Sendable {
        let status: Int
        let reason: String
        /// The nodes that answered the exporter.
        let answering: Set<String>
        /// When the round behind the answer began, and when the answer arrived: epoch seconds.
        let asked: Double
        let told: Double
    }

    /// One question per node, all at once.
    struct Round: Sendable {
        let answers: [String: Answer]

        var asked: Double { answers.values.map(\.asked).min() ?? 0 }
        var told: Double { answers.values.map(\.told).max() ?? 0 }
        /// The nodes with a 200.
        var writers: [String] { answers.filter { $0.value.status == 200 }.map(\.key).sorted() }
        var answering: Set<String> { answers.values.reduce(into: []) { $0.formUnion($1.answering) } }
    }

    private struct Page: Decodable {
        struct Node: Decodable {
            let name: String
            let answers: Bool?
        }
        let status: Int
        let reason: String
        let nodes: [Node]?
    }

    private let names: [String]
    private let exporter = Mutex<RunningExporter?>(nil)
    private let rounds = Mutex<[Round]>([])
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(of names: [String]) { self.names = names }

    /// The exporter to ask from now on; nil for none.
    func ask(_ exporter: RunningExporter?) { self.exporter.withLock { $0 = exporter } }

    func start() {
        let task = Task {
            var next = ContinuousClock.now
            while !Task.isCancelled {
                if let exporter = exporter.withLock({ $0 }) { await ask(exporter) }
                next = max(next + .seconds(1), .now)
                try? await Task.sleep(until: next, clock: .continuous)
            }
        }
        self.task.withLock { $0 = task }
    }

    func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func ask(_ exporter: RunningExporter) async {
        let answers = await withTaskGroup(of: (String, Answer?).self) { group in
            for name in names { group.addTask { (name, try? await Self.ask(exporter, name)) } }
            var answers: [String: Answer] = [:]
            for await (name, answer) in group { answers[name] = answer }
            return answers
        }
        // The exporter ended meanwhile.
        if answers.count == names.count { rounds.withLock { $0.append(Round(answers: answers)) } }
    }

    private static func ask(_ exporter: RunningExporter, _ name: String) async throws -> Answer {
        let answer = try await exporter.get("/nodes/\(name)/primary?format=json")
        let told = Date().timeIntervalSince1970
        let page = try JSONDecoder().decode(Page.self, from: Data(answer.body.utf8))
        let age = answer.header("X-Result-Age-Seconds").flatMap(Double.init) ?? 0
        return Answer(
            status: answer.status, reason: page.reason,
            answering: Set((page.nodes ?? []).filter { $0.answers == true }.map(\.name)), asked: told - age, told: told)
    }

    /// The answers since the last call, once there is a set of them that were all asked after `moment`.
    func rounds(after moment: Double) async throws -> [Round] {
        try await eventualValue("the exporter answers checks") {
            rounds.withLock { rounds -> [Round]? in
                guard rounds.contains(where: { $0.asked > moment }) else { return nil }
                defer { rounds = [] }
                return rounds
            }
        }
    }
}
