/// What operators decide about the rules.
package struct RuleOptions: Sendable {
    package enum Format: String, Sendable, CaseIterable {
        /// A file for Prometheus' `rule_files`.
        case prometheus
        /// A PrometheusRule for the Prometheus operator.
        case `operator`
    }

    package enum Part: String, Sendable, CaseIterable {
        case all, recording, alerts
    }

    package var format = Format.prometheus
    package var part = Part.all
    var selector = Selector.all
    private var thresholds: [Threshold: String] = [:]
    private var durations: [AlertName: String] = [:]
    private var runbookPattern: RunbookPattern?
    private var externalURL: ExternalURL?

    package init() {}

    /// An alert, and its severity if there are two of that name.
    private struct AlertName: Hashable {
        var name: String
        var severity: Alert.Severity
    }

    /// - Parameter text: of `--selector`.
    package mutating func select(_ text: String) throws(RuleOptionError) { selector = try Selector(text) }

    /// - Parameter text: of `--runbook-url`.
    package mutating func linkRunbooks(_ text: String) throws(RuleOptionError) {
        runbookPattern = try RunbookPattern(text)
    }

    /// - Parameter text: of `--web.external-url`.
    package mutating func linkExporter(_ text: String) throws(RuleOptionError) { externalURL = try ExternalURL(text) }

    /// - Parameter text: of `--threshold`: `clock_skew=5`.
    package mutating func setThreshold(_ text: String) throws(RuleOptionError) {
        let (name, value) = try Self.halves(text, "NAME=NUMBER, such as clock_skew=5")
        guard let threshold = Threshold(rawValue: name) else {
            throw RuleOptionError(
                "\(name.debugDescription) is not a threshold: use "
                    + Threshold.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try threshold.check(value)
        guard thresholds.updateValue(value, forKey: threshold) == nil else {
            throw RuleOptionError("\(name) is given twice")
        }
    }

    /// - Parameter text: of `--for`: `NodeDown=5m`, or `IOThreadStopped/warning=1h` where there are two of that name.
    package mutating func setDuration(_ text: String) throws(RuleOptionError) {
        let (key, value) = try Self.halves(text, "ALERT=DURATION, such as NodeDown=5m")
        let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0].hasPrefix(Alert.prefix) ? String(parts[0].dropFirst(Alert.prefix.count)) : parts[0]
        let named = RuleGroup.alerts.filter { $0.name == name }
        guard !named.isEmpty else { throw RuleOptionError("\(parts[0].debugDescription) is not an alert") }
        let chosen = parts.count == 1 ? named : named.filter { $0.severity.rawValue == parts[1] }
        guard let alert = chosen.first, chosen.count == 1 else {
            let names = named.map { "\(name)/\($0.severity.rawValue)" }.joined(separator: " or ")
            throw RuleOptionError("\(key): use \(names)")
        }
        guard Self.isDuration(value) else {
            throw RuleOptionError("\(key)=\(value) is not a duration as Prometheus writes it, such as 90s, 5m or 1h30m")
        }
        guard durations.updateValue(value, forKey: AlertName(name: name, severity: alert.severity)) == nil else {
            throw RuleOptionError("\(key) is given twice")
        }
    }

    private static func halves(
        _ text: String, _ form: String
    ) throws(RuleOptionError) -> (name: String, value: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2 else { throw RuleOptionError("\(text.debugDescription) is not \(form)") }
        return (halves[0], halves[1])
    }

    /// `1h30m`: days, hours, minutes and seconds, in this order.
    private static func isDuration(_ text: String) -> Bool {
        var rest = text[...]
        for unit in ["d", "h", "m", "s"] {
            let number = rest.prefix { ("0"..."9").contains($0) }
            guard rest[number.endIndex...].hasPrefix(unit) else { continue }
            guard number.isDecimal, number.utf8.count <= 4 else { return false }
            rest = rest[number.endIndex...].dropFirst()
        }
        return rest.isEmpty && !text.isEmpty
    }
}

// MARK: - What is written

extension RuleOptions {
    func after(_ alert: Alert) -> String {
        durations[AlertName(name: alert.name, severity: alert.severity)] ?? alert.after
    }

    /// The link to an alert's runbook; nil if there is none that leads anywhere.
    func runbookURL(_ alert: Alert) -> String? {
        if let runbookPattern { return runbookPattern.url(alert.fullName) }
        guard let externalURL, alert.subject != .silentExporter else { return nil }
        return externalURL.runbook(of: alert)
    }

    func expression(_ text: RuleText) -> String {
        selector.applied(toExpression: text.filled { slot in number(slot) })
    }

    func template(_ text: RuleText, of alert: Alert) -> String {
        selector.applied(
            toTemplate: text.filled { slot in
                switch slot {
                case .threshold: number(slot)
                case .after: after(alert)
                case .address: externalURL?.sentence ?? Self.lookedUpAddress
                }
            })
    }

    private func number(_ slot: RuleText.Slot) -> String {
        guard case .threshold(let threshold) = slot else { return "" }
        return thresholds[threshold] ?? threshold.standard
    }

    /// The scrape target, if that is the exporter itself.
    private static let lookedUpAddress = """
        {{- with printf "mysql_replication_set_nodes{job='%s',cluster='%s',replication_set='%s'} and on (job, instance) mysql_replication_exporter_http_requests_total" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "instance" }}
        Look at {{ (. | first).Labels.instance }}/?replication_set={{ $labels.replication_set }}.{{ end }}
        """
}
