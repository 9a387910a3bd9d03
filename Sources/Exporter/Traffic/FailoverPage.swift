import Configuration
import Monitoring
import Presentation
import Replication
import Traffic
import Web

/// The failover answer, for machines.
enum FailoverPage {
    enum Format: String { case text, json }

    static func response(
        _ set: String, _ policy: FailoverPolicy, _ decision: FailoverDecision, as format: Format
    ) -> Response {
        var response =
            switch format {
            case .text: Response.text(decision.answer.map { "\($0.rawValue)" } ?? "no answer: \(decision.reason)")
            case .json: Response.json(Array((json(set, policy, decision).text + "\n").utf8))
            }
        // Neither a number nor a success, so that a load balancer keeps its current state.
        if decision.answer == nil { response.status = 503 }
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Accept"
        return response
    }

    static func json(_ set: String, _ policy: FailoverPolicy, _ decision: FailoverDecision) -> JSONText {
        .object([
            ("replication_set", .string(set)),
            ("answer", .optional(decision.answer?.rawValue)),
            ("node", .optional(decision.answer.map(policy.name))),
            ("cause", .string(decision.cause.rawValue)),
            ("reason", .string(decision.reason)),
        ])
    }

    /// The format that a request asks for: `?format=`, otherwise the first supported type in its Accept field.
    /// - Returns: nil for an unknown format, or if there is any other parameter.
    static func format(of request: Request) -> Format? {
        guard request.query.allSatisfy({ $0.name == "format" }), request.query.count <= 1 else { return nil }
        if let name = request.queryValues("format").first { return Format(rawValue: name) }
        for range in (request.headers["Accept"] ?? "").lowercased().split(separator: ",") {
            let type = range.split(separator: ";").first.map { $0.filter { !$0.isWhitespace } }
            if type == "application/json" { return .json }
            if type == "text/plain" || type == "*/*" { return .text }
        }
        return .text
    }
}

extension Routes {
    /// GET `/failover/<set>`: 100 or 200 and nothing else; why, in JSON.
    func failover(_ request: Request) async -> Response {
        let set = request.parameters["set"] ?? ""
        guard let format = FailoverPage.format(of: request) else {
            return .text(status: 400, "the only parameter is format=text or format=json: /failover/\(set)?format=json")
        }
        return await live.use { fleet in
            guard let (policy, decision) = await fleet.failover(set) else {
                return Self.withoutFailover(set, fleet)
            }
            return FailoverPage.response(set, policy, decision, as: format)
        }
    }

    /// The same for agent checks: `db1/failover` asks whether the answer of the rule that db1 is part of is db1.
    /// - Returns: nil for any other line.
    func failoverReply(to line: String) async -> String? {
        let suffix = "/failover"
        guard line.hasSuffix(suffix) else { return nil }
        let node = String(line.dropLast(suffix.count))
        let desk = nodeChecks.operators
        return await live.use { fleet in
            let set = fleet.configuration.sets.first { set in
                set.failover.map { $0.preferred == node || $0.standby == node } ?? false
            }
            guard let set, let (policy, decision) = await fleet.failover(set.name) else {
                return AgentReply.down("no failover rule names \(node)").line
            }
            let operators = await desk.state(of: node)
            // A fault of the exporter's must not keep traffic from moving, and neither up nor down ends what was set in HAProxy.
            guard operators.isKnown else { return AgentReply(decision, of: policy, for: node).line }
            let endsMaintenance = await desk.endsMaintenance(of: node, operators.state)
            return AgentReply(decision, of: policy, for: node, operators.state, endsMaintenance: endsMaintenance).line
        }
    }

    /// POST `/failover/<set>/accept`: an operator's decision that the preferred node is complete.
    func acceptPreferred(_ request: Request) async -> Response {
        let set = request.parameters["set"] ?? ""
        guard isLifecycleEnabled else { return Self.withoutLifecycle }
        guard request.query.isEmpty else {
            return .text(status: 400, "there are no parameters: POST /failover/\(set)/accept")
        }
        return await live.use { fleet in
            guard fleet.acceptPreferred(set) else { return Self.withoutFailover(set, fleet) }
            return .text(
                "the next check of \(set), within a minute, treats the preferred node as caught up if it can be written to"
            )
        }
    }

    private static func withoutFailover(_ set: String, _ fleet: Fleet) -> Response {
        .text(
            status: 404,
            fleet.configuration.set(named: set) == nil
                ? "no replication set is named \(set.debugDescription)"
                : "\(set) has no failover rule: add failover to it in the configuration")
    }
}
