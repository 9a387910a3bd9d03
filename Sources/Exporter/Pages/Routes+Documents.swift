import Configuration
import Monitoring
import Presentation
import Topology
import Web

extension Routes {
    /// A runbook, about the node, channel or set that an alert names by its labels.
    func runbook(_ request: Request) async -> Response {
        guard let runbook = Runbook.named(request.parameters["alert"]) else {
            return .text(status: 404, "there is no such runbook; /runbooks/ lists them")
        }
        let subject: RunbookSubject
        do throws(BadParameter) {
            subject = RunbookSubject(
                set: try request.value("replication_set"), node: try request.value("node"),
                channel: try request.value("channel", mayBeEmpty: true))
        } catch {
            return .text(status: 400, error.message)
        }
        return await live.use { fleet in
            let set = Self.set(of: subject, in: fleet.configuration)
            let answer =
                set == nil
                ? nil
                : await fleet.answers(
                    of: Selection(sets: set.map { [$0] } ?? []), notOlderThan: SetMonitor.longestAge,
                    deadline: .now + SetMonitor.viewersPatience
                ).first
            return await inTurn(request) {
                RunbookPage(
                    runbook, of: subject, findings: answer?.findings,
                    age: answer?.asked.duration(to: .now) ?? .zero
                ).page.response
            }
        }
    }

    /// The name of the set that a subject is of; nil if it is not configured.
    private static func set(of subject: RunbookSubject, in configuration: Configuration) -> String? {
        if let set = subject.set { return configuration.set(named: set)?.name }
        return subject.node.flatMap { configuration.node(named: $0)?.set.name }
    }

    func runbooks(_ request: Request) async -> Response { await inTurn(request) { RunbookIndex().page.response } }

    func metricsReference(_ request: Request) async -> Response {
        await inTurn(request) { MetricsPage().page.response }
    }
}

private struct BadParameter: Error {
    let message: String
}

/// Bytes; names in the configuration and names of channels are shorter. The page repeats them in each of its links.
private let longestName = 512

extension Request {
    /// The value of a parameter; nil if it is absent, or empty where that says nothing.
    fileprivate func value(_ name: String, mayBeEmpty: Bool = false) throws(BadParameter) -> String? {
        let values = queryValues(name)
        guard values.count <= 1 else { throw BadParameter(message: "\(name) is given twice") }
        guard values.allSatisfy({ $0.utf8.count <= longestName }) else {
            throw BadParameter(message: "\(name) is longer than any name")
        }
        return values.first.flatMap { $0.isEmpty && !mayBeEmpty ? nil : $0 }
    }
}
