import Alerting
import ArgumentParser

/// Prints recording rules and alerts. Connects to nothing, and reads no configuration.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Prints recording rules and alerts for Prometheus or its operator.",
        discussion: """
            The same rules are in the package and in the repository, without links to runbooks: nobody but you knows where \
            the exporter, or your own copy of the runbooks, can be reached.

            For Prometheus, with links to the exporter's own runbooks:
              mysql-replication-exporter rules \\
                --web.external-url https://exporter.example.net >mysql-replication.yml

            For the operator, for the series of one cluster and with another threshold:
              mysql-replication-exporter rules --format operator \\
                --selector 'cluster="eu"' --threshold clock_skew=5 | kubectl apply -f -

            Thresholds, with what they are by default:
            \(Self.thresholds)
            """)

    /// Indented lines are printed as they are.
    private static var thresholds: String {
        Threshold.allCases.map { "  \($0.rawValue)=\($0.standard)\n    \($0.meaning)" }.joined(separator: "\n")
    }

    @Option(help: ArgumentHelp("What to write: a rule file, or a PrometheusRule.", valueName: "format"))
    var format = RuleOptions.Format.prometheus

    @Option(help: ArgumentHelp("Which rules: the alerts need the recording rules.", valueName: "part"))
    var part = RuleOptions.Part.all

    @Option(
        help: ArgumentHelp(
            """
            Only for series with these labels, which the scrape must add to all of them, such as job or cluster: \
            'cluster="eu",env!="test"'.
            """, valueName: "matchers"))
    var selector: String?

    @Option(
        name: .customLong("web.external-url"),
        help: ArgumentHelp(
            """
            Where browsers reach the exporter. Alerts then link to its runbooks, except those about an exporter that may \
            not answer.
            """, valueName: "url"))
    var externalURL: String?

    @Option(
        name: .customLong("runbook-url"),
        help: ArgumentHelp(
            "Where the runbooks are instead, with %s for the alert's name: 'https://wiki.example.net/%s'.",
            valueName: "pattern"))
    var runbookURL: String?

    @Option(
        name: .customLong("threshold"), parsing: .singleValue,
        help: ArgumentHelp("Another threshold, as in clock_skew=5; repeatable.", valueName: "name=number"))
    var thresholds: [String] = []

    @Option(
        name: .customLong("for"), parsing: .singleValue,
        help: ArgumentHelp(
            """
            How long an alert's condition must hold: NodeDown=5m, or IOThreadStopped/warning=1h where there are two of \
            that name; repeatable.
            """, valueName: "alert=duration"))
    var durations: [String] = []

    /// - Throws: `ValidationError`, which names the option.
    private func options() throws -> RuleOptions {
        var options = RuleOptions()
        options.format = format
        options.part = part
        func set(_ option: String, _ values: [String], _ body: (inout RuleOptions, String) throws -> Void) throws {
            for value in values { try optionValue(option, value) { try body(&options, $0) } }
        }
        try set("--selector", selector.map { [$0] } ?? []) { try $0.select($1) }
        try set("--web.external-url", externalURL.map { [$0] } ?? []) { try $0.linkExporter($1) }
        try set("--runbook-url", runbookURL.map { [$0] } ?? []) { try $0.linkRunbooks($1) }
        try set("--threshold", thresholds) { try $0.setThreshold($1) }
        try set("--for", durations) { try $0.setDuration($1) }
        return options
    }

    func validate() throws { _ = try options() }

    func run() throws { print(RuleFile(try options()).text, terminator: "") }
}

extension RuleOptions.Format: ExpressibleByArgument {}
extension RuleOptions.Part: ExpressibleByArgument {}
