/// An alert or a recording rule.
package enum Rule: Sendable {
    case alert(Alert)
    case recording(RecordingRule)
}

package struct RecordingRule: Sendable {
    package let name: String
    /// Why it is as it is: a comment in the file.
    let note: String
    let expression: RuleText

    init(_ name: String, note: String = "", expression: RuleText) {
        self.name = name
        self.note = note
        self.expression = expression
    }
}

package struct Alert: Sendable {
    package enum Severity: String, Sendable { case critical, warning }

    /// What it is about, which decides the labels that it has.
    enum Subject {
        case node, channel, set, exporter
        /// An exporter that may not answer: it cannot be asked for the runbook, so the alert itself says what to do.
        case silentExporter
    }

    static let prefix = "MySQLReplication"

    /// Without the prefix.
    package let name: String
    package let severity: Severity
    /// How long the expression must be true, as Prometheus writes durations.
    let after: String
    let subject: Subject
    /// Why it is as it is: a comment in the file.
    let note: String
    let expression: RuleText
    let summary: RuleText
    let description: RuleText

    init(
        _ name: String, _ severity: Severity, after: String, about subject: Subject, note: String = "",
        expression: RuleText, summary: RuleText, description: RuleText
    ) {
        self.name = name
        self.severity = severity
        self.after = after
        self.subject = subject
        self.note = note
        self.expression = expression
        self.summary = summary
        self.description = description
    }

    package var fullName: String { Self.prefix + name }
}

extension Alert.Subject {
    /// The labels by which the runbook's page finds what the alert is about.
    var labels: [String] {
        switch self {
        case .node: ["replication_set", "node"]
        case .channel: ["replication_set", "node", "channel"]
        case .set: ["replication_set"]
        case .exporter, .silentExporter: []
        }
    }
}

/// Rules that Prometheus evaluates one after the other.
package struct RuleGroup: Sendable {
    let name: String
    /// A comment in the file.
    let note: String
    package let rules: [Rule]

    init(_ name: String, note: String = "", _ rules: [Rule]) {
        self.name = name
        self.note = note
        self.rules = rules
    }
}
