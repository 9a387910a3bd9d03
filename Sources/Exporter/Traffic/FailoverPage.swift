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
            case .text: Response.text("\(decision.answer.rawValue)")
            case .json: Response.json(Array((json(set, policy, decision).text + "\n").utf8))
            }
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Accept"
        return response
    }

    static func json(_ set: String, _ policy: FailoverPolicy, _ decision: FailoverDecision) -> JSONText {
        .object([
            ("replication_set", .string(set)),
            ("answer", .number(Double(decision.answer.rawValue))),
            ("node", .string(policy.name(of: decision.answer))),
            ("cause", .string(decision.cause.rawValue)),
            ("reason", .string(decision.reason)),
        ])
    }

    /// What a request asks for: `?format=`, or else the first of its Accept field that there is.
    /// - Returns: nil for a format that there is not.
    static func format(of request: Request) -> Format? {
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
            return .text(status: 400, "format is text or json")
        }
        let answer = await live.use { await $0.failover(set) }
        guard let (policy, decision) = answer else {
            return .text(status: 404, "no replication set is named \(set.debugDescription) and has a failover rule")
        }
        return FailoverPage.response(set, policy, decision, as: format)
    }
}
