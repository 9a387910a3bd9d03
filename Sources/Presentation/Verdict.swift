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

    /// A channel that was judged, or a membership in a cluster, and how far behind it may be without a warning.
    private struct Judged {
        let name: String
        let lag: Lag?
        /// Nil if not known.
        var bytes: UInt64?
        /// In a cluster nothing is counted in bytes.
        var isCountedInBytes = true
        var delay = 0.0
        var isInTrouble = false
        let thresholds: Thresholds
    }

    private(set) var reasons: [Reason] = []
    private var judged: [Judged] = []
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
                for node in set.nodes { judge(node, set.thresholds) }
                continue
            }
            for node in set.nodes where names.contains(node.description.name) { judge(node, set.thresholds) }
        }
    }

    private mutating func judge(_ node: NodeFindings, _ thresholds: Thresholds) {
        let name = node.description.name
        nodeCount += 1
        add(node.troubles, of: name, isUnjudged: node.report.failure?.isOfTheAsker == true)
        for channel in node.channels {
            let label = channel.channel.name.isEmpty ? name : "\(name)[\(channel.channel.name)]"
            add(channel.troubles, of: label)
            if channel.isParked { continue }
            judge(
                Judged(
                    name: label, lag: channel.lag, bytes: channel.applyDelta,
                    delay: channel.channel.configuredDelay ?? 0, isInTrouble: !channel.troubles.isEmpty,
                    thresholds: thresholds))
        }
        if let member = node.member, member.isInComponent, member.isReceiver {
            judge(
                Judged(
                    name: "\(name)[\(member.channel)]", lag: member.lag, isCountedInBytes: false,
                    isInTrouble: !node.troubles.isEmpty, thresholds: thresholds))
        }
        // A node that is down or lacks an intended channel already has troubles that say so.
        if node.member == nil, node.channels.allSatisfy(\.isParked), node.report.isUp, node.absentChannels.isEmpty,
            shouldReplicate(node)
        {
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

    private mutating func judge(_ channel: Judged) {
        judged.append(channel)
        let label = channel.name
        let delay = channel.delay
        if let lag = channel.lag?.seconds {
            if let limit = limits.lag, !(lag - delay <= limit) {
                reasons.append(Reason(status: .critical, text: "\(label): lag \(Amount.seconds(lag))"))
            } else if let limit = limits.lag, channel.lag?.limiting.map({ $0 - delay <= limit }) != true {
                reasons.append(
                    Reason(status: .unknown, text: "\(label): \(channel.lag.words), the limit may be exceeded"))
            } else if limits.lag == nil, channel.lag?.limiting == nil, !channel.isInTrouble {
                reasons.append(
                    Reason(status: .unknown, text: "\(label): \(channel.lag.words), the threshold may be exceeded"))
            }
        } else if !channel.isInTrouble, channel.isCountedInBytes || limits.lag != nil {
            // How late a member is takes two looks.
            reasons.append(Reason(status: .unknown, text: "\(label): lag unknown"))
        }
        guard let limit = limits.bytes, channel.isCountedInBytes else { return }
        if delay > 0 {
            // The bytes that a delayed replica is behind are what its source has written during the delay.
            if naming != .sets {
                reasons.append(
                    Reason(
                        status: .unknown, text: "\(label): bytes behind are not judged because the replica is delayed"))
            }
        } else if let delta = channel.bytes {
            if delta > limit {
                reasons.append(Reason(status: .critical, text: "\(label): \(Amount.bytes(delta)) behind"))
            }
        } else if !channel.isInTrouble {
            reasons.append(Reason(status: .unknown, text: "\(label): bytes behind unknown"))
        }
    }

    /// - Parameter isUnjudged: the node could not be looked at, for a reason that says nothing about it.
    private mutating func add(_ troubles: [Trouble], of label: String, isUnjudged: Bool = false) {
        for trouble in troubles {
            let severity: Status = trouble.severity == .critical ? .critical : .warning
            let status = isUnjudged && trouble.kind == .nodeDown ? .unknown : severity
            reasons.append(Reason(status: status, text: "\(label): \(trouble.text)"))
        }
    }

    package var status: Status { reasons.map(\.status).max { $0.rank < $1.rank } ?? .ok }

    /// One line, the worst first.
    package var summary: String {
        guard status != .ok else {
            let worst = judged.compactMap { $0.lag?.seconds }.max()
            return "OK - \(Amount.count(nodeCount, "node")), \(Amount.count(judged.count, "channel"))"
                + (worst.map { ", worst lag \(Amount.seconds($0))" } ?? "")
        }
        let ordered = reasons.enumerated().sorted { left, right in
            (right.element.status.rank, left.offset) < (left.element.status.rank, right.offset)
        }.map(\.element.text)
        var parts = ordered.prefix(Self.shownReasons).map { Self.shortened(Self.oneLine($0)) }
        if ordered.count > parts.count { parts.append("and \(ordered.count - parts.count) more") }
        return "\(status.rawValue) - \(parts.joined(separator: "; "))"
    }

    /// Bounds on the line: Nagios cuts a plugin's output at 8 KiB, and what is cut off could be the performance data.
    private static let shownReasons = 5
    private static let reasonBytes = 800
    private static let numbersBytes = 3500

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > reasonBytes else { return text }
        var short = text.prefix(reasonBytes)
        while short.utf8.count > reasonBytes { short.removeLast() }
        return short + "…"
    }

    /// A plugin's whole output, of less than 8 KiB: the summary, then a bar and the performance data, if there is any.
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

    /// `'label'=value[unit];warning;critical;minimum`; an unknown value is `U`. Of so many channels that their values would not
    /// fit in a line, only the worst lag and counts.
    var performanceData: String {
        let each = judged.map { performanceData($0) }.joined(separator: " ")
        if each.utf8.count <= Self.numbersBytes { return each }
        let lags = judged.compactMap { $0.lag?.seconds }
        let critical = limits.lag.map { Self.number($0) } ?? ""
        return [
            "'worst lag'=\(lags.max().map { "\($0)s" } ?? "U");;\(critical);0",
            "'unknown lags'=\(judged.count - lags.count);;;0;\(judged.count)",
            "nodes=\(nodeCount);;;0", "channels=\(judged.count);;;0", "problems=\(reasons.count);;;0",
        ].joined(separator: " ")
    }

    private func performanceData(_ judged: Judged) -> String {
        let name = Self.labelText(judged.name)
        let delay = judged.delay
        let lag = judged.lag.map { "\($0.seconds)s" } ?? "U"
        let bytes = judged.bytes.map { "\($0)B" } ?? "U"
        // A delayed replica is judged by its lag beyond the delay, and not by bytes.
        let lagLimits = [judged.thresholds.lag.seconds, limits.lag].map { $0.map { Self.number($0 + delay) } ?? "" }
        let byteLimits = [judged.thresholds.bytes, limits.bytes].map { $0.map { delay > 0 ? "" : "\($0)" } ?? "" }
        let lagData = "'\(name) lag'=\(lag);\(lagLimits[0]);\(lagLimits[1]);0"
        guard judged.isCountedInBytes else { return lagData }
        return "\(lagData) '\(name) bytes'=\(bytes);\(byteLimits[0]);\(byteLimits[1]);0"
    }

    /// Without a fraction where there is none.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
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
                            ("name", .string($0.name)), ("lag_seconds", .optional($0.lag?.seconds)),
                            ("apply_delta_bytes", .optional($0.bytes)),
                        ])
                    })
            ),
        ])
    }
}

extension NodeFailure {
    /// Whether the node is not known to be down: a file of the exporter's cannot be read, or the server lives and does not let
    /// the account in, or look.
    fileprivate var isOfTheAsker: Bool { [.configuration, .authentication, .permission].contains(reason) }
}
