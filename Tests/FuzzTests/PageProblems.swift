import Checksums
import Exposition
import Foundation
import MariaDB
import Presentation
import Replication
import Topology
import Traffic
import Web

@testable import Exporter
@testable import Monitoring

/// What is wrong with the exporter's output, whatever servers have sent.
struct PageProblems {
    private(set) var problems: [String] = []

    // MARK: - Metrics

    mutating func check(_ families: [MetricFamily]) {
        problems += MetricFamily.problems(in: families)
        for family in families where family.samples.contains(where: { !$0.value.isFinite }) {
            problems.append("\(family.description.name) is no number")
        }
        for format in [ExpositionFormat.text004, .openMetrics100] {
            var text: [UInt8] = []
            Exposition.render(families, format: format, into: &text)
            if String(validating: text, as: UTF8.self) == nil { problems.append("metrics are not UTF-8") }
        }
    }

    // MARK: - Pages

    mutating func check(_ findings: [SetFindings]) {
        let page = TopologyPage(findings, age: .seconds(1), telemetryPath: "/metrics")
        checkMarkup(page.page(nonce: "n", version: "0").text)
        checkMarkup(page.fragment.text)
        checkJSON(TopologyJSON.json(findings).text, "topology.json")
        checkLines(TreeText(isColoured: false).text(findings), "topology")
        var limits = Verdict.Limits()
        limits.lag = 1
        limits.bytes = 1
        for naming in [Verdict.Naming.sets, .servers, .nodes(["db1", "db2"])] {
            let verdict = Verdict(findings, judging: naming, limits: limits)
            if verdict.pluginLine.contains("\n") { problems.append("check: several lines") }
            checkLines(verdict.pluginLine, "check")
            checkJSON(verdict.json.text, "check")
        }
    }

    mutating func check(_ policy: FailoverPolicy, _ decision: FailoverDecision) {
        checkJSON(FailoverPage.json("shop", policy, decision).text, "failover")
        let response = FailoverPage.response("shop", policy, decision, as: .text)
        let text = String(decoding: response.body, as: UTF8.self)
        if let answer = decision.answer, text.trimmingCharacters(in: .whitespacesAndNewlines) != "\(answer.rawValue)" {
            problems.append("failover: \(text)")
        }
    }

    mutating func check(_ answer: NodeChecks.Answer, of node: String, _ check: NodeCheck) {
        let reply = CheckReply(answer.verdict, answer.operators.state, of: node)
        checkJSON(WriterJSON.json(reply, of: node, check, answer.operators.state, answer.findings).text, "node check")
        let line = AgentReply(answer.verdict, answer.operators.state).line
        if line.dropLast().contains(where: \.isNewline) { problems.append("agent: several lines") }
    }

    mutating func check(_ report: ChecksumReport) {
        checkLines(ChecksumText.text(report, resume: ""), "checksum")
        checkJSON(ChecksumText.json(report).text, "checksum")
    }

    /// Problems in a log.
    mutating func check(_ lines: [String]) {
        for line in lines where line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            problems.append("log: control characters in \(line.debugDescription)")
        }
    }

    /// The state kept across restarts: no operator has named a writer here, and the only nodes are those configured.
    mutating func check(stateAt path: String) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
        try? FileManager.default.removeItem(atPath: path)
        guard let state = StateText(parsing: text) else {
            problems.append("state: cannot be read back: \(text.debugDescription)")
            return
        }
        let names = Set(state.record.nodes.map(\.name)).union(state.record.writers)
        if state.record.operatorsWord != nil || !names.isSubset(of: ["db1", "db2"]) || state.text != text {
            problems.append("state: forged: \(text.debugDescription)")
        }
    }

    // MARK: - Forms

    private mutating func checkJSON(_ text: String, _ page: String) {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
        } catch {
            problems.append("\(page): no JSON: \(text)")
        }
    }

    /// Problems in text for a terminal.
    private mutating func checkLines(_ text: String, _ page: String) {
        let isClean = text.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isControlling }
        if !isClean { problems.append("\(page): steers the terminal: \(text.debugDescription)") }
    }

    private static let void: Set<String> = ["meta", "link", "input", "br", "hr", "img"]

    /// Every element that is opened is closed, in order, and none is named by a server.
    private mutating func checkMarkup(_ text: String) {
        var open: [String] = []
        for piece in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
            guard let end = piece.firstIndex(of: ">") else {
                problems.append("page: an open tag: <\(piece.prefix(80))")
                return
            }
            let tag = piece[..<end]
            if tag.contains(Marker.text) && !Self.isWithinQuotes(tag) {
                problems.append("page: a server's tag: <\(tag)>")
            }
            if tag.hasPrefix("!") || tag.hasSuffix("/") { continue }
            let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }.lowercased()
            if Self.void.contains(name) { continue }
            if !tag.hasPrefix("/") {
                open.append(name)
            } else if open.popLast() != name {
                problems.append("page: </\(name)> where it was not open")
                return
            }
        }
        if !open.isEmpty { problems.append("page: not ended: \(open)") }
    }

    /// Whether the marker occurs only in attribute values.
    private static func isWithinQuotes(_ tag: Substring) -> Bool {
        !tag.split(separator: "\"", omittingEmptySubsequences: false).enumerated().contains { index, part in
            index % 2 == 0 && part.contains(Marker.text)
        }
    }
}
