internal import Replication
internal import Topology

/// The text of a set's state file, one line for each item.
///
///     state 1 <epoch seconds>
///     node <name> <address> <server id or -> <server uuid or -> <start, epoch seconds, or ->
///     writer <name>
///     word <name> <nodes that were writable then>
///     decided <name> <node over which an operator has named it> <nodes that have followed another source since>
///     rival <name of one that took writes beside the writer>
///     end
struct StateText: Sendable, Equatable {
    /// When it was written, epoch seconds.
    var time: Double
    var record: SetMemory.Record

    init(time: Double, record: SetMemory.Record) {
        self.time = time
        self.record = record
    }

    var text: String {
        var lines = ["state 1 \(time)"]
        for node in record.nodes where !node.address.contains(where: \.isWhitespace) {
            let id = node.serverID.map { "\($0)" } ?? "-"
            let start = node.startTime.map { "\($0)" } ?? "-"
            // Text from a server must not end the line and begin another.
            let uuid = node.serverUUID.flatMap(ServerUUID.init).map { "\($0)" } ?? "-"
            lines.append("node \(node.name) \(node.address) \(id) \(uuid) \(start)")
        }
        lines += record.writers.map { "writer \($0)" }
        if let word = record.operatorsWord {
            lines.append((["word", word] + record.writableThen).joined(separator: " "))
        }
        lines += record.decisions.map { (["decided", $0.writer, $0.other] + $0.elsewhere).joined(separator: " ") }
        lines += record.rivals.map { "rival \($0)" }
        return lines.joined(separator: "\n") + "\nend\n"
    }

    /// - Returns: nil for a text that is cut short, or of another version.
    init?(parsing text: String) {
        var record = SetMemory.Record(nodes: [], writers: [], operatorsWord: nil)
        var time: Double?
        var isWhole = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            switch (words[0], words.count) {
            case ("state", 3) where words[1] == "1": time = Self.time(words[2])
            case ("node", 6):
                record.nodes.append(
                    .init(
                        name: words[1], address: words[2], serverID: UInt32(words[3]),
                        serverUUID: words[4] == "-" ? nil : words[4], startTime: Self.time(words[5])))
            case ("writer", 2): record.writers.append(words[1])
            case ("word", 2...):
                record.operatorsWord = words[1]
                record.writableThen = Array(words[2...])
            case ("rival", 2): record.rivals.append(words[1])
            case ("decided", 3...):
                record.decisions.append(.init(writer: words[1], other: words[2], elsewhere: Array(words[3...])))
            case ("end", 1): isWhole = true
            default: return nil
            }
        }
        guard let time, isWhole else { return nil }
        self.init(time: time, record: record)
    }

    static func time(_ text: String) -> Double? {
        Double(text).flatMap { (0...1e11).contains($0) ? $0 : nil }
    }
}
