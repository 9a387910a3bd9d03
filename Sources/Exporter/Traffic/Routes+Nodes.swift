import Collection
import Configuration
import Documents
import Monitoring
import Presentation
import Replication
import Topology
import Traffic
import Web

extension Routes {
    /// GET, HEAD and OPTIONS `/nodes/<node>/<check>`: 200 or 503, and the reason in one line.
    func nodeCheck(_ request: Request) async -> Response {
        await live.use { fleet in
            let node = request.parameters["node"] ?? ""
            guard let check = NodeCheck(rawValue: request.parameters["question"] ?? "") else {
                let checks = NodeCheck.allCases.map(\.rawValue).joined(separator: ", ")
                return .text(status: 404, "the checks of a node are \(checks)")
            }
            do throws(NodeQuestion.Malformed) {
                let format = try Self.format(of: request)
                let question = try NodeQuestion(
                    node: node, check: check, query: request.query.filter { $0.name != "format" })
                guard let answer = await nodeChecks.answer(question, fleet) else { return Self.unknown(node) }
                let reply = CheckReply(
                    answer.verdict, answer.operators.state, of: node, isStateKnown: answer.operators.isKnown)
                var response = Response.text(status: reply.status, reply.reason)
                if format == .json {
                    let json = WriterJSON.json(reply, of: node, check, answer.operators.state, answer.findings)
                    response = .json(Array((json.text + "\n").utf8))
                    response.status = reply.status
                }
                response.headers["X-Result-Age-Seconds"] = answer.age.milliseconds
                response.headers["Cache-Control"] = "no-store"
                return response
            } catch {
                return .text(status: 400, error.description)
            }
        }
    }

    /// `?format=`: text by default.
    private static func format(of request: Request) throws(NodeQuestion.Malformed) -> FailoverPage.Format {
        let names = request.queryValues("format")
        guard let name = names.first else { return .text }
        guard names.count == 1, let format = FailoverPage.Format(rawValue: name) else {
            throw NodeQuestion.Malformed(description: "format must be text or json")
        }
        return format
    }

    /// POST `/sets/<set>/writer?node=<node>`: an operator's decision about which node takes the writes.
    func setWriter(_ request: Request) async -> Response {
        await live.use { fleet in
            let (set, node): (String, String)
            do throws(Refusal) {
                (set, node) = try named(in: request, as: "writer", fleet)
            } catch {
                return error.response
            }
            let before = await fleet.newFindings(of: set)
            guard before?.clusters.isEmpty ?? true else {
                return .text(status: 409, "the cluster of \(set) elects its writer itself")
            }
            if let obstacle = Self.obstacle(to: node, before?.writing) { return .text(status: 409, obstacle) }
            // A reload may take over the set, and its memory, in the meantime.
            guard await fleet.nameWriter(node, of: set), await live.use({ $0.sharesMemory(of: set, with: fleet) })
            else {
                return .text(
                    status: 409,
                    "\(set) was reconfigured in the meantime, and the decision may not be in effect: name the writer again"
                )
            }
            let after = await fleet.newFindings(of: set)?.writing
            guard after?.operatorsWord == node else {
                let why = Self.obstacle(to: node, after) ?? "another node has the writes by now"
                return .text(status: 409, "the decision did not stay in effect: \(why)")
            }
            let outcome = await fleet.savedWord(of: set)
            var lines = [
                after?.standings[node]?.isAnswering == true
                    ? "\(node) counts as the writer of \(set) while it answers and is writable"
                    : "\(node) is silent: until it answers, no other writable node counts as the writer; name it again if it was "
                        + "restarted"
            ]
            if case .failed(let reason) = outcome {
                lines.append(
                    "this is not saved, and is forgotten when the exporter ends unless it can be written before: \(reason)"
                )
            }
            return .text(lines.joined(separator: "\n"))
        }
    }

    /// POST `/sets/<set>/complete?node=<node>`: an operator says that a node has all that it was seen to lack.
    func setComplete(_ request: Request) async -> Response {
        await live.use { fleet in
            do throws(Refusal) {
                let (set, node) = try named(in: request, as: "complete", fleet)
                // A reload may take over the set, and its memory, in the meantime.
                guard await fleet.accept(node, of: set), await live.use({ $0.sharesMemory(of: set, with: fleet) })
                else {
                    return .text(
                        status: 409,
                        "\(set) was reconfigured in the meantime, and this may not be in effect: say it again")
                }
                return .text(
                    "what \(node) was seen to have lost is forgotten; what it still shows itself, such as a position that its source "
                        + "does not have, stays")
            } catch {
                return error.response
            }
        }
    }

    private struct Refusal: Error {
        let response: Response

        init(_ status: Int, _ text: String) { response = .text(status: status, text) }

        init(_ response: Response) { self.response = response }
    }

    /// The node of a set that an operator's request is about.
    private func named(
        in request: Request, as what: String, _ fleet: Fleet
    ) throws(Refusal) -> (set: String, node: String) {
        let set = request.parameters["set"] ?? ""
        guard isLifecycleEnabled else { throw Refusal(Self.withoutLifecycle) }
        guard let configured = fleet.configuration.set(named: set) else {
            throw Refusal(404, "no replication set is named \(set.debugDescription)")
        }
        let nodes = request.queryValues("node")
        guard let node = nodes.first, request.query.count == 1 else {
            throw Refusal(400, "name exactly one node, and nothing else: POST /sets/\(set)/\(what)?node=<name>")
        }
        guard configured.node(named: node) != nil else {
            throw Refusal(404, "no node of \(set) is named \(node.debugDescription)")
        }
        return (set, node)
    }

    /// Why a node cannot be named the writer: the decision would be dropped in the next round.
    private static func obstacle(to node: String, _ writing: WriterFindings?) -> String? {
        guard let standing = writing?.standings[node] else { return nil }
        if standing.isWritable == false {
            if !standing.isAnswering {
                return
                    "\(node) is silent, and took no writes when it last answered: name it the writer when it answers and is "
                    + "writable"
            }
            let switches = standing.readOnlySwitches.joined(separator: ", ")
            return "\(node) takes no writes (\(switches)): make it writable, then name it the writer"
        }
        guard standing.isWritableReplica else { return nil }
        return
            "\(node) replicates from the primary: stop that first (STOP REPLICA; RESET REPLICA ALL), then name it the writer"
    }

    /// POST `/nodes/<node>/{ready,drain,maint}`.
    func setNodeState(_ request: Request) async -> Response {
        await live.use { fleet in
            let node = request.parameters["node"] ?? ""
            guard let state = OperatorState(rawValue: request.parameters["state"] ?? "") else {
                let states = OperatorState.allCases.map(\.rawValue).joined(separator: ", ")
                return .text(status: 404, "a node can be set to \(states)")
            }
            guard isLifecycleEnabled else { return Self.withoutLifecycle }
            // A request with `?node=` means a node other than the one in the path.
            guard request.query.isEmpty else {
                return .text(status: 400, "there are no parameters: POST /nodes/<node>/\(state.rawValue)")
            }
            guard fleet.configuration.node(named: node) != nil else { return Self.unknown(node) }
            do throws(OperatorDesk.Failure) {
                try await nodeChecks.operators.set(state, of: node)
                return .text("\(node) is set to \(state.rawValue)")
            } catch {
                return .text(status: 500, error.description)
            }
        }
    }

    /// The same for agent checks: answers a line with a line.
    func agentReply(to line: String) async -> String {
        if let reply = await failoverReply(to: line) { return reply }
        do throws(NodeQuestion.Malformed) {
            let question = try NodeQuestion(line: line)
            let answer = await live.use { await nodeChecks.answer(question, $0) }
            guard let answer else { return AgentReply.down("no node is named \(question.node)").line }
            // Unlike maint and ready, down and up do not change what was set in HAProxy itself.
            guard answer.operators.isKnown else {
                return AgentReply.down(CheckReply.unknownState(of: question.node)).line
            }
            let endsMaintenance = await nodeChecks.operators.endsMaintenance(
                of: question.node, answer.operators.state)
            return AgentReply(answer.verdict, answer.operators.state, endsMaintenance: endsMaintenance).line
        } catch {
            return AgentReply.down(error.description).line
        }
    }

    /// The answer to requests that would change something.
    static let withoutLifecycle = Response.text(
        status: 403, "Lifecycle API is not enabled: start with --web.enable-lifecycle.")

    private static func unknown(_ node: String) -> Response {
        .text(status: 404, "no node is named \(node.debugDescription)")
    }
}

extension Duration {
    /// Seconds with three decimals.
    fileprivate var milliseconds: String {
        let milliseconds = max(0, Int64(saturating: seconds * 1000))
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}

extension Fleet {
    /// What a new round over a set finds.
    fileprivate func newFindings(of set: String) async -> SetFindings? {
        await findings(of: Selection(sets: [set]), deadline: .now + .seconds(2)).first
    }
}
