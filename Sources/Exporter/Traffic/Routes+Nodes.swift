import Collection
import Configuration
import Replication
import Traffic
import Web

extension Routes {
    /// GET, HEAD and OPTIONS `/nodes/<node>/<check>`: 200 or 503, and the reason in one line.
    func nodeCheck(_ request: Request) async -> Response {
        await live.use { monitor in
            let node = request.parameters["node"] ?? ""
            guard let check = NodeCheck(rawValue: request.parameters["question"] ?? "") else {
                let checks = NodeCheck.allCases.map(\.rawValue).joined(separator: ", ")
                return .text(status: 404, "a node can be asked for \(checks)")
            }
            do throws(NodeQuestion.Malformed) {
                let question = try NodeQuestion(node: node, check: check, query: request.query)
                guard let answer = await nodeChecks.answer(question, monitor) else { return Self.unknown(node) }
                let reply = CheckReply(answer.verdict, answer.state, of: node)
                var response = Response.text(status: reply.status, reply.reason)
                response.headers["X-Result-Age-Seconds"] = answer.age.milliseconds
                response.headers["Cache-Control"] = "no-store"
                return response
            } catch {
                return .text(status: 400, error.description)
            }
        }
    }

    /// POST `/nodes/<node>/{ready,drain,maint}`.
    func setNodeState(_ request: Request) async -> Response {
        await live.use { monitor in
            let node = request.parameters["node"] ?? ""
            guard let state = OperatorState(rawValue: request.parameters["state"] ?? "") else {
                let states = OperatorState.allCases.map(\.rawValue).joined(separator: ", ")
                return .text(status: 404, "a node can be set to \(states)")
            }
            guard isLifecycleEnabled else {
                return .text(status: 403, "Lifecycle API is not enabled: start with --web.enable-lifecycle.")
            }
            guard monitor.configuration.node(named: node) != nil else { return Self.unknown(node) }
            do throws(OperatorStates.Failure) {
                try nodeChecks.states.set(state, of: node)
                return .text("\(node) is set to \(state.rawValue)")
            } catch {
                return .text(status: 500, error.description)
            }
        }
    }

    /// The agent's side of the same: a line for a line.
    func agentReply(to line: String) async -> String {
        do throws(NodeQuestion.Malformed) {
            let question = try NodeQuestion(line: line)
            let answer = await live.use { await nodeChecks.answer(question, $0) }
            guard let answer else { return AgentReply.down("no node is named \(question.node)").line }
            return AgentReply(
                answer.verdict, answer.state,
                endsMaintenance: nodeChecks.notices.endsMaintenance(of: question.node, answer.state)
            ).line
        } catch {
            return AgentReply.down(error.description).line
        }
    }

    private static func unknown(_ node: String) -> Response {
        .text(status: 404, "no node is named \(node.debugDescription)")
    }
}

extension Duration {
    /// Seconds with three decimals.
    fileprivate var milliseconds: String {
        let milliseconds = max(0, Int64((seconds * 1000).rounded()))
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
