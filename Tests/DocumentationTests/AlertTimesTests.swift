import Foundation
import Testing

/// Numbers of seconds and minutes in the texts of alerts and runbooks: each must be one that the rule goes by.
@Suite("Times in the texts of the shipped alerts")
struct AlertTimesTests {
    private struct Alert {
        var name = ""
        /// Of all rules of that name: `for`, and the ranges in the expressions.
        var times: Set<Int> = []
        /// Summaries and descriptions, without their templates.
        var text = ""
    }

    /// Times that are not the rule's own, in seconds, and whose they are.
    private static let others: [String: Set<Int>] = [
        // The lag that the expression allows.
        "SentinelFailing": [1],
        // The skew in the expression.
        "ClockSkew": [2],
        // The duration in the expression; the exporter's timeout of nodes; Prometheus' of scrapes.
        "ExporterSlow": [6, 5, 10],
        // The exporter's check of the transfer; the servers' heartbeats by default. "0 seconds behind" is the server's word.
        "SourceSilent": [10, 60, 2, 0, 120],
        // "0 s" is the server's word.
        "LagUnknown": [0],
        // What a crash may lose; how soon the thread connects again.
        "NotCrashSafe": [1], "ClusterSplit": [1], "IOThreadFlapping": [1],
        // What the server says of itself.
        "ByteDeltaGrowing": [0],
    ]

    @Test("are those of their expressions, in the alert and in what its runbook says of its meaning")
    func agree() throws {
        let alerts = try shipped()
        #expect(alerts.count > 30)
        var checked = 0
        for alert in alerts {
            let allowed = alert.times.union(Self.others[alert.name] ?? [])
            for text in [alert.text, try meaning(alert.name)] {
                for time in Self.times(in: text) {
                    checked += 1
                    #expect(
                        allowed.contains(time.seconds), "\(alert.name): \(time.words), but it goes by \(alert.times)")
                }
            }
        }
        #expect(checked >= 20, "\(checked) times were found")
        #expect(Set(Self.others.keys).subtracting(alerts.map(\.name)) == [])
    }

    @Test("are found in whatever way they are written")
    func reading() {
        let text = """
            for half an hour, a quarter of an hour, two minutes, 15 minutes, 10 s, at most
            a minute, [5m], an hour, of more than a second, 5 sessions, minutes
            """
        #expect(Self.times(in: text).map(\.seconds) == [1800, 900, 120, 900, 10, 60, 300, 3600, 1])
    }

    // MARK: - Reading

    private static let numbers = [
        "half an": 0.5, "a quarter of an": 0.25, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
        "six": 6, "ten": 10, "fifteen": 15, "thirty": 30,
    ]

    private static func times(in text: String) -> [(words: String, seconds: Int)] {
        let words = numbers.keys.sorted { $0.count > $1.count }.joined(separator: "|").replacing(" ", with: "\\s+")
        // "and" is no number of days.
        let pattern = "\\b((?:\(words))(?=\\s)|[0-9]+)\\s*(seconds?|minutes?|hours?|min|s|m|h|d)\\b"
        guard let expression = try? NSRegularExpression(pattern: pattern, options: .caseInsensitive) else { return [] }
        let whole = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: whole).compactMap { match in
            guard let all = Range(match.range, in: text), let count = Range(match.range(at: 1), in: text),
                let unit = Range(match.range(at: 2), in: text)
            else { return nil }
            let number = text[count].lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard let value = Double(number) ?? numbers[number] else { return nil }
            let seconds: Double =
                switch text[unit].lowercased().first {
                case "s": 1
                case "m": 60
                case "h": 3600
                default: 86400
                }
            return (String(text[all]), Int(value * seconds))
        }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The first section of an alert's runbook.
    private func meaning(_ name: String) throws -> String {
        let page = Self.root.appendingPathComponent("docs/runbooks/MySQLReplication\(name).md")
        let sections = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n## ")
        return try #require(sections.dropFirst().first, "\(name)")
    }

    private func shipped() throws -> [Alert] {
        let file = Self.root.appendingPathComponent("deploy/prometheus/mysql-replication.alerts.yml")
        var alerts: [String: Alert] = [:]
        var name = ""
        var isText = false
        for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
            let words = line.split(separator: " ")
            switch words.first {
            case "-" where words.count == 3 && words[1] == "alert:":
                name = String(words[2].trimmingPrefix("MySQLReplication"))
                alerts[name, default: Alert()].name = name
                isText = false
            case "annotations:": isText = true
            case let first?:
                guard !first.hasPrefix("#") else { continue }
                if isText {
                    alerts[name]?.text += line + "\n"
                } else {
                    alerts[name]?.times.formUnion(Self.times(in: line.replacing(":", with: " : ")).map(\.seconds))
                }
            case nil: break
            }
        }
        return alerts.values.map { alert in
            var alert = alert
            alert.text = alert.text.replacing(/(?s)\{\{.*?\}\}/, with: " ")
            return alert
        }.sorted { $0.name < $1.name }
    }
}
