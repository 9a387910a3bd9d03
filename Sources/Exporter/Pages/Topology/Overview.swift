import Replication
import Topology

/// The head of the topology page: whether all is well, in one line, and everything that is wrong, the worst first.
struct Overview {
    private let sets: [SetMarkup]
    private let problems: [Problem]
    private let state: PageState

    private struct Problem {
        var state: PageState
        var text: String
        var set: String
        /// Nil for what concerns the set as a whole.
        var node: String?
        var channel: String?
    }

    /// More than this many are folded away: whoever has so much trouble needs its kind first.
    private static let shownProblems = 12

    init(_ sets: [SetMarkup]) {
        self.sets = sets
        var problems: [Problem] = []
        for set in sets {
            problems += set.findings.troubles.map {
                Problem(state: PageState([$0]), text: $0.text, set: set.findings.name)
            }
            for row in set.rows {
                problems += row.troubles.map {
                    Problem(
                        state: PageState([$0]), text: $0.text, set: set.findings.name, node: row.node.description.name,
                        channel: row.channel.map(\.channel.name))
                }
            }
        }
        // Stable: within one severity in the order of the configuration.
        self.problems = [.critical, .warning].flatMap { state in problems.filter { $0.state == state } }
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
        let critical = problems.count { $0.state == .critical }
        let warnings = problems.count - critical
        var parts: [String] = []
        if critical > 0 { parts.append(Amount.count(critical, "problem")) }
        if warnings > 0 { parts.append(Amount.count(warnings, "warning")) }
        if !parts.isEmpty { return parts.joined(separator: ", ") }
        return state == .ok ? "All is well" : "Nothing is known to be wrong, but not everything is known"
    }

    private var facts: HTML {
        let nodes = sets.flatMap(\.findings.nodes)
        let late = sets.flatMap { set in
            set.findings.nodes.flatMap { node in
                node.channels.compactMap { channel in channel.lag.map { (node.description.name, $0.seconds) } }
            }
        }
        var facts: [HTML] = [
            "<span>\(Amount.count(sets.count, "replication set"))</span>",
            "<span>\(nodes.count { $0.report.isUp }) of \(Amount.count(nodes.count, "node")) up</span>",
        ]
        if let (name, lag) = late.max(by: { $0.1 < $1.1 }) {
            facts.append(
                lag > 0
                    ? "<span>worst lag \(Amount.seconds(lag)), at <a href=\"#node-\(name)\">\(name)</a></span>"
                    : "<span>no lag</span>")
        }
        return facts.joined(separator: " ")
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
        let place: HTML
        if let node = problem.node {
            let channel: HTML? = problem.channel.flatMap {
                $0.isEmpty ? nil : " <span class=\"tag\">channel \($0)</span>"
            }
            place = "<a href=\"#node-\(node)\"><b>\(node)</b></a>\(channel) <small>\(problem.set)</small>"
        } else {
            place = "<a href=\"#set-\(problem.set)\"><b>\(problem.set)</b></a>"
        }
        return """
            <li data-state="\(problem.state.rawValue)">\(problem.state.icon)<span class="place">\(place)</span> \
            <span class="text">\(problem.text)</span></li>

            """
    }
}
