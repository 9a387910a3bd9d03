/// The rules as YAML, with the reasons as comments.
package struct RuleFile {
    private let options: RuleOptions

    package init(_ options: RuleOptions) { self.options = options }

    package var text: String {
        var lines = heading
        let indentation = options.format == .operator ? "  " : ""
        for (index, group) in groups.enumerated() {
            if index > 0 { lines.append("") }
            lines += self.lines(group).map { $0.isEmpty ? "" : indentation + $0 }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var groups: [RuleGroup] {
        switch options.part {
        case .all: RuleGroup.recorded + RuleGroup.alerting
        case .recording: RuleGroup.recorded
        case .alerts: RuleGroup.alerting
        }
    }

    private var heading: [String] {
        let notes = [
            options.part == .alerts ? nil : Self.recordingNote, options.part == .recording ? nil : Self.alertsNote,
        ]
        let note = ([Self.origin] + notes.compactMap(\.self)).joined(separator: "\n\n")
        let comment = Self.comment(note)
        switch options.format {
        case .prometheus: return comment + ["groups:"]
        case .operator:
            return comment + [
                "apiVersion: monitoring.coreos.com/v1", "kind: PrometheusRule", "metadata:",
                "  name: mysql-replication-exporter", "spec:", "  groups:",
            ]
        }
    }

    private static let origin = """
        Written by `mysql-replication-exporter rules`, whose options change thresholds, links and the series that the rules go by.
        """

    private static let recordingNote = """
        Recording rules of mysql-replication-exporter, named level:metric:operations. The alerts are built on them: load both.

        `instance` identifies a scrape target, never a node or a set: at /metrics all nodes share one; at /probe every node has its
        own, and the series of a set come with each of them; and two exporters of one fleet have two. So series of one node are
        matched by all their labels, and everything that covers more than one node drops `instance`. Sets of the same name are
        kept apart by the other labels of the scrape (job, cluster, region).
        """

    private static let alertsNote = """
        Alerts of mysql-replication-exporter. They need its recording rules.

        critical: act now, even at night. warning: look at it in the morning. The thresholds of lag and bytes are those in the
        exporter's configuration, per replication set: mysql_replication_check{check="lag"}.

        Unknown values are absent, so no alert about a channel fires for a node that is down: NodeDown does. Series are matched
        as in the recording rules: those of one node by all labels except the ones named in `ignoring`. An alert about a set or an
        exporter is evaluated per scrape target and then drops `instance`: it fires once, however many targets show it.

        Texts look up what belongs to the alert by job, cluster and set. Without --web.external-url, they give an address to look at
        only if the scrape target is the exporter itself, which alone has mysql_replication_exporter_http_requests_total: at /probe,
        `instance` is a node.
        """

    // MARK: - Rules

    private func lines(_ group: RuleGroup) -> [String] {
        var lines = Self.comment(group.note, "  ") + ["  - name: \(group.name)", "    rules:"]
        for (index, rule) in group.rules.enumerated() {
            switch rule {
            case .alert(let alert):
                if index > 0 { lines.append("") }
                lines += self.lines(alert)
            case .recording(let recording):
                // One without a note belongs to the one above it.
                if index > 0, !recording.note.isEmpty { lines.append("") }
                lines += self.lines(recording)
            }
        }
        return lines
    }

    private func lines(_ rule: RecordingRule) -> [String] {
        Self.comment(rule.note, "      ") + ["      - record: \(rule.name)"]
            + Self.expression(options.expression(rule.expression))
    }

    private func lines(_ alert: Alert) -> [String] {
        var lines = Self.comment(alert.note, "      ") + ["      - alert: \(alert.fullName)"]
        lines += Self.expression(options.expression(alert.expression))
        lines += [
            "        for: \(options.after(alert))", "        labels:", "          severity: \(alert.severity.rawValue)",
            "        annotations:",
        ]
        let summary = options.template(alert.summary, of: alert)
        lines +=
            summary.contains("\n")
            ? Self.folded("summary", summary) : ["          summary: \(Self.quoted(summary))"]
        lines += Self.folded("description", options.template(alert.description, of: alert))
        if let url = options.runbookURL(alert) { lines.append("          runbook_url: \(Self.quoted(url))") }
        return lines
    }

    // MARK: - YAML

    private static func comment(_ text: String, _ indentation: String = "") -> [String] {
        if text.isEmpty { return [] }
        return lines(of: text).map { $0.isEmpty ? "\(indentation)#" : "\(indentation)# \($0)" }
    }

    /// On its line, unless that would be read as something other than text.
    private static func expression(_ text: String) -> [String] {
        let isPlain =
            !text.contains("\n") && !text.contains(": ") && !text.contains(" #") && text.first?.isLetter == true
        if isPlain { return ["        expr: \(text)"] }
        return ["        expr: |"] + lines(of: text).map { "          \($0)" }
    }

    private static func folded(_ key: String, _ text: String) -> [String] {
        ["          \(key): >-"] + lines(of: text).map { "            \($0)" }
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
