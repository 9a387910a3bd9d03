import Testing

@testable import Alerting

@Suite("Options of rules")
struct RuleOptionsTests {
    private func text(_ change: (inout RuleOptions) throws -> Void) rethrows -> String {
        var options = RuleOptions()
        try change(&options)
        return RuleFile(options).text
    }

    /// The lines of an alert's rule.
    private func rule(_ alert: String, in file: String) throws -> Substring {
        let start = try #require(file.firstRange(of: "      - alert: \(Alert.prefix)\(alert)\n")).lowerBound
        let end = file[start...].dropFirst().firstRange(of: "\n      - alert: ")?.lowerBound ?? file.endIndex
        return file[start..<end]
    }

    @Test("Without options, no alert links anywhere")
    func noLinks() {
        #expect(!text { _ in }.contains("runbook_url"))
        #expect(!text { _ in }.contains("http://") || !text { _ in }.contains("https://"))
    }

    @Test("With the exporter's address, alerts link to its runbooks, with the labels that they have")
    func external() throws {
        let file = try text { try $0.linkExporter("https://x.example/repl/") }
        let base = "          runbook_url: 'https://x.example/repl/runbooks/MySQLReplication"
        func label(_ name: String) -> String { "\(name)={{ $labels.\(name) | urlquery }}" }
        let (set, node, channel) = (label("replication_set"), label("node"), label("channel"))
        #expect(try rule("NodeDown", in: file).contains("\(base)NodeDown?\(set)&\(node)'\n"))
        #expect(try rule("LagHigh", in: file).contains("\(base)LagHigh?\(set)&\(node)&\(channel)'\n"))
        #expect(try rule("NoWritableNode", in: file).contains("\(base)NoWritableNode?\(set)'\n"))
        #expect(try rule("ConfigReloadFailed", in: file).contains("\(base)ConfigReloadFailed'"))
        // What does not answer cannot explain itself.
        for alert in ["ExporterDown", "ExporterAbsent", "ExporterSlow"] {
            #expect(try !rule(alert, in: file).contains("runbook_url"), "\(alert)")
        }
        #expect(file.ranges(of: "runbook_url").count == RuleGroup.alerts.count - 3)
        #expect(try rule("NodeDown", in: file).contains("Look at https://x.example/repl/?\(set)."))
        #expect(!file.contains("http_requests_total\" $labels.job $labels.cluster $labels.replication_set"))
    }

    @Test("A pattern links all alerts, whatever the exporter's address is")
    func pattern() throws {
        let file = try text {
            try $0.linkExporter("http://x")
            try $0.linkRunbooks("https://wiki.example/r/%s.html?v=1")
        }
        #expect(
            file.ranges(of: "runbook_url: 'https://wiki.example/r/MySQLReplication").count == RuleGroup.alerts.count)
        #expect(try rule("ExporterDown", in: file).contains("/r/MySQLReplicationExporterDown.html?v=1'"))
    }

    @Test(
        "Addresses that are none, or that would be read as something else, are refused",
        arguments: [
            "", "x", "ftp://x/%s", "https://", "https:///%s", "https://u:p@x/%s", "https://x y/%s", "https://x/'%s",
            "https://x/{{ $labels.job }}/%s", "https://x/\n%s", "https://é/%s",
        ])
    func addresses(text: String) {
        var options = RuleOptions()
        #expect(throws: RuleOptionError.self) { try options.linkRunbooks(text) }
        #expect(throws: RuleOptionError.self) { try options.linkExporter(text) }
    }

    @Test("A pattern names the alert once; an address ends with a path")
    func forms() {
        var options = RuleOptions()
        for text in ["https://x", "https://x/%s/%s", "https://%s"] {
            #expect(throws: RuleOptionError.self, "\(text)") { try options.linkRunbooks(text) }
        }
        for text in ["https://x/?a=b", "https://x/#a"] {
            #expect(throws: RuleOptionError.self, "\(text)") { try options.linkExporter(text) }
        }
    }

    @Test("Thresholds are written into the expressions and the texts")
    func thresholds() throws {
        let file = try text {
            for (name, value) in [
                ("clock_skew", "5.5"), ("io_thread_changes", "11"), ("purge_headroom", "0.07"), ("sentinel_lag", "9"),
                ("scrape_duration", "8"), ("flow_control", "0.33"),
            ] { try $0.setThreshold("\(name)=\(value)") }
        }
        #expect(try rule("ClockSkew", in: file).contains("duration_seconds > 5.5\n"))
        #expect(try rule("IOThreadFlapping", in: file).contains("[15m]) >= 11\n"))
        #expect(try rule("PurgeHeadroomLow", in: file).contains(":ratio < 0.07\n"))
        #expect(try rule("SentinelFailing", in: file).contains("lag_seconds > 9\n"))
        #expect(try rule("SentinelFailing", in: file).contains("more than 9 s"))
        #expect(try rule("ExporterSlow", in: file).contains(")) > 8\n"))
        #expect(try rule("ClusterFlowControl", in: file).contains(") > 0.33\n"))
    }

    @Test("Every threshold has an expression that goes by it")
    func used() {
        let slots = RuleGroup.alerts.flatMap(\.expression.parts)
        for threshold in Threshold.allCases {
            #expect(slots.count { $0 == .slot(.threshold(threshold)) } == 1, "\(threshold)")
        }
    }

    @Test(
        "Numbers that are none, and thresholds that do not exist, are refused",
        arguments: [
            "clock_skew", "clock_skew=", "clock_skew=-1", "clock_skew=0", "clock_skew=1e3", "clock_skew=inf",
            "clock_skew=.5",
            "clock_skew=5.", "clock_skew=1.2.3", "clock_skew= 5", "clock_skew=9999999999", "clock_skew=٣", "clock=5",
            "purge_headroom=1", "flow_control=20", "io_thread_changes=1.5", "=5",
        ])
    func numbers(text: String) {
        var options = RuleOptions()
        #expect(throws: RuleOptionError.self) { try options.setThreshold(text) }
    }

    @Test("How long a condition must hold is set for one rule, and told in the text where that names it")
    func durations() throws {
        let file = try text {
            try $0.setDuration("NodeDown=1h30m")
            try $0.setDuration("MySQLReplicationIOThreadStopped/warning=2d")
            try $0.setDuration("ClusterJoinStuck=90s")
        }
        #expect(try rule("NodeDown", in: file).contains("        for: 1h30m\n"))
        #expect(try rule("IOThreadStopped", in: file).contains("        for: 2m\n"))
        #expect(file.contains("        for: 2d\n"))
        #expect(try rule("ClusterJoinStuck", in: file).contains("joining its cluster for 90s'"))
    }

    @Test(
        "Durations that are none, and alerts that do not exist or are two, are refused",
        arguments: [
            "NodeDown", "NodeDown=", "NodeDown=5", "NodeDown=m", "NodeDown=1s1h", "NodeDown=1.5h", "NodeDown=-1m",
            "NodeDown=5m ",
            "NodeDown=12345h", "NodeDown=5min", "Nope=5m", "IOThreadStopped=5m", "IOThreadStopped/info=5m",
            "NodeDown/warning=5m",
            "=5m",
        ])
    func badDurations(text: String) {
        var options = RuleOptions()
        #expect(throws: RuleOptionError.self) { try options.setDuration(text) }
    }

    @Test("Nothing is set twice")
    func twice() throws {
        var options = RuleOptions()
        try options.setThreshold("clock_skew=3")
        try options.setDuration("NodeDown=3m")
        #expect(throws: RuleOptionError.self) { try options.setThreshold("clock_skew=3") }
        #expect(throws: RuleOptionError.self) { try options.setDuration("NodeDown/critical=3m") }
    }

    @Test("Both parts together are what they are one by one")
    func parts() {
        func groups(_ part: RuleOptions.Part) -> Substring {
            let file = text { $0.part = part }
            return file[(file.firstRange(of: "\ngroups:\n")?.upperBound ?? file.endIndex)...]
        }
        #expect(groups(.all) == "\(groups(.recording))\n\(groups(.alerts))")
        #expect(groups(.recording).contains("- record: ") && !groups(.recording).contains("- alert: "))
        #expect(groups(.alerts).contains("- alert: ") && !groups(.alerts).contains("- record: "))
    }
}
