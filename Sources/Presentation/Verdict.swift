import Replication
package import Topology

/// The judgement on one round: a status, the reasons for it, and the numbers behind it.
package struct Verdict {
    package enum Status: String {
        case ok = "OK"
        case warning = "WARNING"
        case critical = "CRITICAL"
        case unknown = "UNKNOWN"

        package var exitCode: Int32 {
            switch self {
            case .ok: 0
            case .warning: 1
            case .critical: 2
            case .unknown: 3
            }
        }

        /// Known trouble outranks unknown state.
        fileprivate var rank: Int {
            switch self {
            case .ok: 0
            case .unknown: 1
            case .warning: 2
            case .critical: 3
            }
        }
    }

    package struct Limits {
        /// Seconds.
        package var lag: Double?
        package var bytes: UInt64?

        package init(lag: Double? = nil, bytes: UInt64? = nil) {
            self.lag = lag
            self.bytes = bytes
        }
    }

    struct Reason {
        var status: Status
        var text: String
    }

    private(set) var reasons: [Reason] = []
    private var judged: [(name: String, channel: ChannelFindings)] = []
    private var nodeCount = 0
    private let limits: Limits
    private let naming: Naming

    /// How the nodes to judge were selected. A node that is named individually is expected to replicate: if that cannot be
    /// judged, the status is unknown and never ok.
    package enum Naming: Equatable {
        /// By a configuration file alone: the sets as a whole.
        case sets
        /// By addresses alone (`--node`): all of them, and the set that they form. Its primary need not replicate.
        case servers
        /// These of the configured nodes.
        case nodes(Swift.Set<String>)
    }

    package init(_ sets: [SetFindings], judging naming: Naming = .sets, limits: Limits = Limits()) {
        self.limits = limits
        self.naming = naming
        for set in sets {
            guard case .nodes(let names) = naming else {
                add(set.troubles, of: set.name)
                for node in set.nodes { judge(node) }
                continue
            }
            for node in set.nodes where names.contains(node.description.name) { judge(node) }
        }
    }

    private mutating func judge(_ node: NodeFindings) {
        let name = node.description.name
        nodeCount += 1
        add(node.troubles, of: name)
        for channel in node.channels {
            let label = channel.channel.name.isEmpty ? name : "\(name)[\(channel.channel.name)]"
            add(channel.troubles, of: label)
            if channel.isParked { continue }
            judged.append((label, channel))
            judge(channel, label)
        }
        // A node that is down or lacks an intended channel already has troubles that say so.
        if node.channels.allSatisfy(\.isParked), node.report.isUp, node.absentChannels.isEmpty, shouldReplicate(node) {
            reasons.append(
                Reason(
                    status: .unknown,
                    text: "\(name): does not replicate\(node.channels.isEmpty ? "" : " now (its channel is parked)"), "
                        + "so there is nothing to judge"
                        + (node.isWritable ? " by a limit" : "")))
        }
    }

    private func shouldReplicate(_ node: NodeFindings) -> Bool {
        let hasLimits = limits.lag != nil || limits.bytes != nil
        return switch naming {
        case .sets: false
        case .servers: !node.isWritable || (hasLimits && node.role != .primary)
        case .nodes: !node.isWritable || hasLimits
        }
    }

    private mutating func judge(_ channel: ChannelFindings, _ label: String) {
        let delay = channel.channel.configuredDelay ?? 0
        if let lag = channel.lag?.seconds {
            if let limit = limits.lag, !(lag - delay <= limit) {
                reasons.append(Reason(status: .critical, text: "\(label): lag \(Amount.seconds(lag))"))
            } else if let limit = limits.lag, channel.lag?.limiting.map({ $0 - delay <= limit }) != true {
                reasons.append(
                    Reason(status: .unknown, text: "\(label): \(channel.lagInWords), the limit may be exceeded"))
            }
        } else if channel.troubles.isEmpty {
            reasons.append(Reason(status: .unknown, text: "\(label): lag unknown"))
        }
        guard let limit = limits.bytes else { return }
        if delay > 0 {
            // The bytes that a delayed replica is behind are what its source has written during the delay.
            if naming != .sets {
                reasons.append(
                    Reason(
                        status: .unknown, text: "\(label): bytes behind are not judged because the replica is delayed"))
            }
        } else if let delta = channel.applyDelta {
            if delta > limit {
                reasons.append(Reason(status: .critical, text: "\(label): \(Amount.bytes(delta)) behind"))
            }
        } else if channel.troubles.isEmpty {
            reasons.append(Reason(status: .unknown, text: "\(label): bytes behind unknown"))
        }
    }

    private mutating func add(_ troubles: [Trouble], of label: String) {
        for trouble in troubles {
            reasons.append(
                Reason(status: trouble.severity == .critical ? .critical : .warning, text: "\(label): \(trouble.text)"))
        }
    }

    package var status: Status { reasons.map(\.status).max { $0.rank < $1.rank } ?? .ok }

    /// One line, the worst first.
    package var summary: String {
        guard status != .ok else {
            let worst = judged.compactMap { $0.channel.lag?.seconds }.max()
            return "OK - \(Amount.count(nodeCount, "node")), \(Amount.count(judged.count, "channel"))"
                + (worst.map { ", worst lag \(Amount.seconds($0))" } ?? "")
        }
        let ordered = reasons.sorted { $0.status.rank > $1.status.rank }.map(\.text)
        return "\(status.rawValue) - \(Self.oneLine(ordered.joined(separator: "; ")))"
    }

    /// A plugin's whole output: the summary, then a bar and the performance data, if there is any.
    package var pluginLine: String {
        let numbers = performanceData
        return "REPLICATION \(summary)" + (numbers.isEmpty ? "" : " | \(numbers)")
    }

    /// Without bars, which would begin the performance data, and without newlines, which would end the line. Replaces
    /// scalars, because a combining mark after a bar hides it in a `Character`, but not from a program that reads bytes.
    package static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == "|" || Character($0).isNewline ? " " : $0 })
        ).printable
    }

    /// A label's text, which may contain neither quotes nor an equals sign.
    private static func labelText(_ text: String) -> String {
        oneLine(String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "'" && $0 != "=" })))
    }

    /// `'label'=value[unit];warning;critical;minimum`; an unknown value is `U`.
    var performanceData: String {
        judged.flatMap { label, channel in
            let name = Self.labelText(label)
            let lag = channel.lag.map { "\($0.seconds)s" } ?? "U"
            let bytes = channel.applyDelta.map { "\($0)B" } ?? "U"
            return [
                "'\(name) lag'=\(lag);;\(limits.lag.map { "\($0)" } ?? "");0",
                "'\(name) bytes'=\(bytes);;\(limits.bytes.map { "\($0)" } ?? "");0",
            ]
        }.joined(separator: " ")
    }

    package var json: JSONText {
        .object([
            ("status", .string(status.rawValue)),
            (
                "reasons",
                .array(reasons.map { .object([("status", .string($0.status.rawValue)), ("text", .string($0.text))]) })
            ),
            (
                "channels",
                .array(
                    judged.map {
                        .object([
                            ("name", .string($0.name)), ("lag_seconds", .optional($0.channel.lag?.seconds)),
                            ("apply_delta_bytes", .optional($0.channel.applyDelta)),
                        ])
                    })
            ),
        ])
    }
}
