internal import Replication
internal import Traffic

/// The text of a failover checker's file: what it knows of its checks, and its identity. Times are in seconds
/// since the machine was booted.
///
///     failover 3 <boot id or -> <100 or 200> <preferred node>
///     check <time of the last good one> <server id or -> <server uuid or ->
///     noted <time of the one in the table> <epoch seconds>
///     standby-failed <since>
///     by <checker, table and the two nodes' addresses, in quotes>
///     end
struct FailoverText: Sendable, Equatable {
    /// Written in place of an unknown boot id.
    static let unknown = "-"

    /// The boot of the machine from which seconds are counted.
    var boot: String
    /// Always with an answer.
    var memory: FailoverMemory
    /// The node that "preferred" stands for.
    var preferred: String
    /// A single line.
    var key: String

    /// Nil if there was no answer yet, or the last one is not known.
    init?(_ memory: FailoverMemory, boot: String, preferred: String, key: String) {
        guard memory.answer != nil, !memory.isDoubtful else { return nil }
        self.boot = boot
        self.memory = memory
        // An operator's acceptance is only for the process that received it.
        self.memory.isAccepted = false
        self.preferred = preferred
        self.key = key
    }

    var text: String {
        var lines = ["failover 3 \(boot) \(memory.answer?.rawValue ?? 0) \(preferred)"]
        if let check = memory.goodCheck {
            let id = memory.server.map { "\($0.id)" } ?? "-"
            let uuid = memory.server?.uuid.map { "\($0)" } ?? "-"
            lines.append("check \(check) \(id) \(uuid)")
        }
        if let noted = memory.noted { lines.append("noted \(noted.steady) \(noted.epoch)") }
        if let since = memory.standbyFailedSince { lines.append("standby-failed \(since)") }
        return (lines + ["by \(key)", "end"]).joined(separator: "\n") + "\n"
    }

    /// - Returns: nil for a text that is cut short, or of another version.
    init?(parsing text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.removeLast().isEmpty, lines.removeLast() == "end" else { return nil }
        let last = lines.removeLast()
        guard last.hasPrefix("by ") else { return nil }
        var head: (boot: String, preferred: String)?
        var memory = FailoverMemory()
        for line in lines {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            switch (words[0], words.count) {
            case ("failover", 5) where words[1] == "3":
                memory.answer = Int(words[3]).flatMap(FailoverDecision.Answer.init(rawValue:))
                head = (boot: words[2], preferred: words[4])
            case ("check", 4):
                guard let steady = StateText.time(words[1]) else { return nil }
                memory.goodCheck = steady
                memory.server = UInt32(words[2]).map { FailoverServer(id: $0, uuid: ServerUUID(words[3])) }
            case ("noted", 3):
                guard let steady = StateText.time(words[1]), let epoch = StateText.time(words[2]) else { return nil }
                memory.noted = FailoverTime(steady: steady, epoch: epoch)
            case ("standby-failed", 2):
                guard let since = StateText.time(words[1]) else { return nil }
                memory.standbyFailedSince = since
            default: return nil
            }
        }
        guard let head else { return nil }
        self.init(memory, boot: head.boot, preferred: head.preferred, key: String(last.dropFirst("by ".count)))
    }
}
