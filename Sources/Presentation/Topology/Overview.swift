import Replication
import Topology

/// The head of the topology page: whether all is well, in one line, and all problems, the worst first.
struct Overview {
    private let sets: [SetMarkup]
    private let problems: [Problem]
    private let state: PageState

    private struct Problem {
        var reason: Reason
        var set: String
        /// Nil for what concerns the set as a whole.
        var node: String?
        var channel: String?
    }

    /// Problems beyond this number are folded, so that the sets below stay within reach.
    private static let shownProblems = 12

    init(_ sets: [SetMarkup]) {
        self.sets = sets
        var problems: [Problem] = []
        for set in sets {
            let name = set.findings.name
            problems += set.findings.troubles.map { Problem(reason: $0.reason, set: name) }
            for row in set.rows {
                problems += row.reasons.map {
                    Problem(
                        reason: $0, set: name, node: row.node.description.name,
                        channel: row.channel.map(\.channel.name))
                }
            }
        }
        // Within one state, in the order of the configuration.
        self.problems = [PageState.critical, .warning, .unknown].flatMap { state in
            problems.filter { $0.reason.state == state }
        }
        state = sets.map(\.state).max() ?? .unknown
    }

    var markup: HTML {
        """
        <section id="overview" data-state="\(state.rawValue)" aria-labelledby="verdict">
        <h2 id="verdict">\(state.icon)\(verdict)</h2>
        <p class="facts">\(facts)</p>
        \(list)</section>

        """
    }

    private var verdict: String {
        func count(_ state: PageState) -> Int { problems.count { $0.reason.state == state } }
        switch state {
        case .ok: return "All is well"
        case .unknown: return "Nothing is known to be wrong, but not everything is known"
        case .warning, .critical: break
        }
        var parts: [String] = []
        if count(.critical) > 0 { parts.append(Amount.count(count(.critical), "problem")) }
        if count(.warning) > 0 { parts.append(Amount.count(count(.warning), "warning")) }
        if count(.unknown) > 0 { parts.append("\(count(.unknown)) unknown") }
        return parts.joined(separator: ", ")
    }

    private var facts: HTML {
        let nodes = sets.flatMap(\.findings.nodes)
        let facts: [HTML] = [
            "<span>\(Amount.count(sets.count, "replication set"))</span>",
            "<span>\(nodes.count { $0.report.isUp }) of \(Amount.count(nodes.count, "node")) up</span>",
        ]
        return (facts + LagSummary(nodes).markup { "<a href=\"#node-\($0)\">\($0)</a>" }).joined(separator: " ")
    }

    private var list: HTML? {
        if problems.isEmpty { return nil }
        let shown = problems.prefix(Self.shownProblems).map(item)
        let rest = problems.dropFirst(Self.shownProblems).map(item)
        let more: HTML? =
            rest.isEmpty
            ? nil : "<details class=\"more\"><summary>and \(rest.count) more</summary><ul>\(rest)</ul></details>\n"
        return "<ul class=\"problems\">\(shown)</ul>\n\(more)"
    }

    private func item(_ problem: Problem) -> HTML {
        let subject: HTML
        if let node = problem.node {
            let channel: HTML? = problem.channel.flatMap {
                $0.isEmpty ? nil : " <span class=\"tag\">channel \($0)</span>"
            }
            subject = "<a href=\"#node-\(node)\"><b>\(node)</b></a>\(channel) <small>\(problem.set)</small>"
        } else {
            subject = "<a href=\"#set-\(problem.set)\"><b>\(problem.set)</b></a>"
        }
        let about = RunbookSubject(set: problem.set, node: problem.node, channel: problem.channel)
        let runbook: HTML? = problem.reason.runbook.map {
            " <a class=\"runbook\" href=\"runbooks/\(about.path($0))\">Runbook</a>"
        }
        return """
            <li data-state="\(problem.reason.state.rawValue)">\(problem.reason.state.icon)<span class="place">\(subject)</span> \
            <span class="text">\(problem.reason.text)\(runbook)</span></li>

            """
    }
}
