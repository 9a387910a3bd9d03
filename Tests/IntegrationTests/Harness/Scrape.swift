/// The samples of one response, parsed independently of the code that wrote them.
struct Scrape: Sendable {
    struct Sample: Sendable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    let text: String
    let samples: [Sample]

    init(_ text: String) throws {
        self.text = text
        samples = try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            guard
                let match = line.wholeMatch(
                    of: /([a-z_]+)(?:\{(.*)\})? (\S+)/.matchingSemantics(.unicodeScalar).dotMatchesNewlines()),
                let value = Double(match.3)
            else {
                throw Failure("no sample: \(line)")
            }
            var labels: [String: String] = [:]
            for label in (match.2 ?? "").matches(
                of: /([a-z_]+)="((?:[^"\\]|\\.)*)"/.matchingSemantics(.unicodeScalar).dotMatchesNewlines())
            {
                labels[String(label.1)] = String(label.2)
            }
            return Sample(name: String(match.1), labels: labels, value: value)
        }
    }

    /// The value of the only series `mysql_replication_<name>` of a node with these labels; nil if there is none.
    func value(_ name: String, _ node: String, _ labels: [String: String] = [:]) -> Double? {
        let found = all(name, node, labels)
        return found.count == 1 ? found[0].value : nil
    }

    func all(_ name: String, _ node: String? = nil, _ labels: [String: String] = [:]) -> [Sample] {
        samples.filter { sample in
            sample.name == "mysql_replication_\(name)" && (node == nil || sample.labels["node"] == node)
                && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
    }

    /// The state of a one-hot family, if exactly one is 1.
    func state(_ name: String, _ node: String, _ label: String) -> String? {
        let ones = all(name, node).filter { $0.value == 1 }
        return ones.count == 1 ? ones[0].labels[label] : nil
    }

    func check(_ check: String, _ node: String) -> Double? { value("check", node, ["check": check]) }
}
