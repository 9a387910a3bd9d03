import FaultServer
import Foundation

/// A server that repeats the answers of a healthy replica. The replica is MySQL's, which itself reports when it last
/// heard from its source; MariaDB's, endlessly repeated, would look as if the source had fallen silent.
enum HealthyReplica {
    static let script: Script = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/mysql-9.7/replica.json")
        guard let data = try? Data(contentsOf: file.resolvingSymlinksInPath()),
            let recording = try? JSONDecoder().decode(Recording.self, from: data)
        else { return .saying([.close]) }  // which no test considers healthy
        return recording.script.memorised
    }()
}

/// The samples of many nodes, without parsing their labels: fast enough for 1,000.
struct NodeSamples {
    /// By node, the lines of its series: from name and labels to value.
    private(set) var byNode: [Substring: [Substring: Substring]] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where line.utf8.first != UInt8(ascii: "#") {
            guard let label = line.firstRange(of: "node=\"")?.upperBound,
                let end = line[label...].utf8.firstIndex(of: UInt8(ascii: "\"")),
                let space = line.utf8.lastIndex(of: UInt8(ascii: " "))
            else { continue }
            byNode[line[label..<end], default: [:]][line[..<space]] = line[line.index(after: space)...]
        }
    }

    func isUp(_ node: Substring) -> Bool {
        byNode[node]?.contains { $0.key.hasPrefix("mysql_replication_up{") && $0.value == "1" } == true
    }
}
