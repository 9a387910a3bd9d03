import Replication
import Topology

/// Replication sets as trees for a terminal.
struct TreeText {
    /// Whether to colour what is wrong (ECMA-48 SGR).
    var isColoured: Bool

    func text(_ sets: [SetFindings]) -> String {
        sets.map { text($0) }.joined(separator: "\n")
    }

    private func text(_ set: SetFindings) -> String {
        let up = set.nodes.count { $0.report.isUp }
        var lines = [bold(set.name) + "  \(up) of \(set.nodes.count) nodes up"]
        for trouble in set.troubles { lines.append(coloured(trouble.severity, "! \(printable(trouble.text))")) }
        let width = set.nodes.map(\.description.name.count).max() ?? 0
        for root in TopologyTree(set).roots { append(root, of: set, "", "", width, &lines) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Parameters:
    ///   - prefix: what stands before the node; `inner`: before what belongs to it.
    private func append(
        _ branch: TopologyTree.Branch, of set: SetFindings, _ prefix: String, _ inner: String, _ width: Int,
        _ lines: inout [String]
    ) {
        let node = set.nodes[branch.node]
        let channel = branch.channel.map { node.channels[$0] }
        lines.append(prefix + line(node, channel, width, isRepeated: branch.isRepeated))
        let isLeaf = branch.branches.isEmpty
        var troubles = channel?.troubles ?? []
        if !branch.isRepeated {
            troubles = node.troubles + troubles
            // At a root, channels from servers that are not configured have no other place.
            if branch.channel == nil { troubles += node.channels.flatMap(\.troubles) }
        }
        for trouble in troubles {
            lines.append(inner + (isLeaf ? "   " : "│  ") + coloured(trouble.severity, "! \(printable(trouble.text))"))
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
        if let channel = channel?.channel.name, !channel.isEmpty { parts.append("[\(printable(channel))]") }
        if isRepeated { return (parts + ["(ring or further channel)"]).joined(separator: "  ") + measures(channel) }
        guard node.report.isUp else { return (parts + [coloured(.critical, "DOWN")]).joined(separator: "  ") }
        if let role = node.role { parts.append(role.rawValue) }
        if let isReadOnly = node.report.facts?.isReadOnly { parts.append(isReadOnly ? "read-only" : "writable") }
        if channel == nil, let identity = node.report.facts?.identity {
            parts.append("\(identity.flavor == .mariadb ? "MariaDB" : "MySQL") \(identity.version)")
            if let end = node.report.facts?.binaryLog?.end { parts.append("\(end)") }
        }
        return parts.joined(separator: "  ") + measures(channel)
    }

    private func measures(_ channel: ChannelFindings?) -> String {
        guard let channel else { return "" }
        let lag = channel.lag.map { "lag \(Amount.seconds($0.seconds))" } ?? "lag unknown"
        let delta = channel.applyDelta.map { "\(Amount.bytes($0)) behind" } ?? "distance unknown"
        let missing = channel.distance.missing.map { $0 > 0 ? "  \($0) transactions missing" : "" } ?? ""
        let delay = channel.channel.configuredDelay.map { $0 > 0 ? "  delayed by \(Amount.seconds($0))" : "" } ?? ""
        return "  \(lag)  \(delta)\(missing)\(delay)" + (channel.troubles.isEmpty ? "  ok" : "")
    }

    private func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func coloured(_ severity: Trouble.Severity, _ text: String) -> String {
        isColoured ? "\u{1B}[\(severity == .critical ? 31 : 33)m\(text)\u{1B}[0m" : text
    }

    /// A server's words must not steer the terminal.
    private func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "·" : $0 }))
    }
}

/// Amounts for people.
enum Amount {
    static func seconds(_ value: Double) -> String {
        switch value {
        case ..<10: "\((value * 10).rounded() / 10) s".replacingZeroFraction
        case ..<120: "\(Int(value)) s"
        case ..<7200: "\(Int(value) / 60) min"
        case ..<172_800: "\(Int(value) / 3600) h"
        default: "\(Int(min(value, 1e12)) / 86_400) d"
        }
    }

    /// Powers of ten, as `--max-bytes` and the configuration read them.
    static func bytes(_ value: UInt64) -> String {
        var amount = Double(value)
        for unit in ["B", "kB", "MB", "GB"] {
            if amount < 1000 { return "\((amount * 10).rounded() / 10) \(unit)".replacingZeroFraction }
            amount /= 1000
        }
        return "\((amount * 10).rounded() / 10) TB".replacingZeroFraction
    }
}

extension String {
    fileprivate var replacingZeroFraction: String {
        guard let point = firstIndex(of: "."), self[point...].hasPrefix(".0 ") else { return self }
        return String(self[..<point] + self[point...].dropFirst(2))
    }
}
