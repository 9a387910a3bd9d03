import Replication
package import Topology

/// Replication sets as trees for a terminal.
package struct TreeText {
    /// Whether to colour what is wrong (ECMA-48 SGR).
    let isColoured: Bool

    package init(isColoured: Bool) { self.isColoured = isColoured }

    package func text(_ sets: [SetFindings]) -> String {
        sets.map { text($0) }.joined(separator: "\n")
    }

    private func text(_ set: SetFindings) -> String {
        let up = set.nodes.count { $0.report.isUp }
        var lines = [bold(set.name) + "  \(up) of \(Amount.count(set.nodes.count, "node")) up"]
        for trouble in set.troubles { lines.append(coloured(trouble.severity, "! \(trouble.text.printable)")) }
        for cluster in set.clusters {
            lines.append("\(cluster.title.printable): \(cluster.facts.joined(separator: ", ").printable)")
            if let opinions = ClusterOpinions(cluster, in: set) { lines += Self.lines(opinions) }
        }
        let width = set.nodes.map(\.description.name.count).max() ?? 0
        for root in TopologyTree(set).roots { append(root, of: set, "", "", width, &lines) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Who sees whom, in columns.
    private static func lines(_ opinions: ClusterOpinions) -> [String] {
        let table = [["sees"] + opinions.members] + opinions.rows.map { [$0.node] + $0.words }
        let widths = (0...opinions.members.count).map { column in
            table.map { $0[column].printable.count }.max() ?? 0
        }
        return table.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell.printable + String(repeating: " ", count: max(0, width - cell.printable.count))
            }
            return "  " + cells.joined(separator: "  ")
        }
    }

    /// - Parameters:
    ///   - prefix: drawn in front of the node.
    ///   - inner: drawn in front of the lines that belong to it.
    private func append(
        _ branch: TopologyTree.Branch, of set: SetFindings, _ prefix: String, _ inner: String, _ width: Int,
        _ lines: inout [String]
    ) {
        let node = set.nodes[branch.node]
        let channel = branch.channel.map { node.channels[$0] }
        lines.append(prefix + line(node, channel, width, isRepeated: branch.isRepeated))
        let below = inner + (branch.branches.isEmpty ? "   " : "│  ")
        func appendTroubles(_ troubles: [Trouble], _ indentation: String = "") {
            for trouble in troubles {
                lines.append(below + indentation + coloured(trouble.severity, "! \(trouble.text.printable)"))
            }
        }
        if !branch.isRepeated { appendTroubles(node.troubles) }
        appendTroubles(channel?.troubles ?? [])
        if !branch.isRepeated {
            for channel in set.channelsFromOutside(of: node) {
                lines.append(below + line(channel))
                appendTroubles(channel.troubles, "   ")
            }
        }
        for (index, child) in branch.branches.enumerated() {
            let isLast = index == branch.branches.count - 1
            append(
                child, of: set, inner + (isLast ? "└─ " : "├─ "), inner + (isLast ? "   " : "│  "), width, &lines)
        }
    }

    private func line(_ node: NodeFindings, _ channel: ChannelFindings?, _ width: Int, isRepeated: Bool) -> String {
        let name = node.description.name
        var parts = [bold(name) + String(repeating: " ", count: max(0, width - name.count))]
        if let channel = channel?.channel.name, !channel.isEmpty { parts.append("[\(channel.printable)]") }
        if isRepeated { return (parts + ["(ring or additional channel)"]).joined(separator: "  ") + measures(channel) }
        guard node.report.isUp else {
            let kind = node.report.troubleOfBeingDown
            let word = kind == .connectionLimit ? "REFUSES CONNECTIONS" : "DOWN"
            return (parts + [coloured(kind.severity, word)]).joined(separator: "  ")
        }
        if let role = node.role { parts.append(role.rawValue) }
        if let isReadOnly = node.report.facts?.isReadOnly { parts.append(isReadOnly ? "read-only" : "writable") }
        if channel == nil, let identity = node.report.facts?.identity {
            parts.append("\(identity.flavor.title) \(identity.version)")
            if let end = node.report.facts?.binaryLog?.end { parts.append("\(end)") }
        }
        return parts.joined(separator: "  ") + (channel == nil ? measures(node.member, node) : measures(channel))
    }

    private func measures(_ member: MemberFindings?, _ node: NodeFindings) -> String {
        guard let member, let cluster = node.report.facts?.cluster else { return "" }
        let state = "  \(cluster.state.rawValue)" + (cluster.isReady ? "" : ", not ready") + cluster.clone.words
        guard member.isInComponent, member.isReceiver else { return state }
        let missing = member.missing.map { $0 > 0 ? "  \(Amount.count($0, "transaction")) missing" : "" } ?? ""
        return "\(state)  \(member.lag.words)\(missing)"
    }

    /// A channel whose source is not a node of the set.
    private func line(_ channel: ChannelFindings) -> String {
        let name = channel.channel.name.isEmpty ? "" : " [\(channel.channel.name.printable)]"
        return "from \(channel.channel.source.description.printable)\(name)" + measures(channel)
    }

    private func measures(_ channel: ChannelFindings?) -> String {
        guard let channel else { return "" }
        if channel.isParked { return "  parked" }
        let lag = channel.lag.words
        let delta = channel.applyDelta.map { "\(Amount.bytes($0)) behind" } ?? "distance unknown"
        let missing =
            channel.distance.missing.map { $0 > 0 ? "  \(channel.distance.words($0, of: "transaction"))" : "" } ?? ""
        let delay = channel.channel.configuredDelay.map { $0 > 0 ? "  delayed by \(Amount.seconds($0))" : "" } ?? ""
        return "  \(lag)  \(delta)\(missing)\(delay)" + (channel.troubles.isEmpty ? "  ok" : "")
    }

    private func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func coloured(_ severity: Trouble.Severity, _ text: String) -> String {
        isColoured ? "\u{1B}[\(severity == .critical ? 31 : 33)m\(text)\u{1B}[0m" : text
    }
}
