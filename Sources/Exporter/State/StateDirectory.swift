import Configuration
import Glibc
import Logging
import Replication
import Synchronization
import Topology
import Traffic

/// What outlives the exporter. Of each replication set a file tells who its nodes are, who took the writes, and an operator's
/// word; another one when this checker's failover answer was last "preferred".
///
/// A file that is missing, cannot be read or makes no sense is no error: less is known then.
final class StateDirectory: Sendable {
    /// Whose failover checks are kept: each remembers its own alone.
    enum Checker: String, Sendable {
        case exporter = "failover"
        case command = "failover-check"
    }

    /// Writers that were recorded longer ago than this are not known to be the writers until now.
    static let trust = 300.0
    /// As long as nothing changes, the time is written down anew after this.
    private static let renewal = 60.0

    private struct Known {
        var states: [String: StateText] = [:]
        var checks: [String: FailoverText] = [:]
        var isInTrouble = false
    }

    private let path: String
    private let checker: Checker
    /// The checker's name, as it stands in the table of checks.
    private let name: String
    /// Nil where it is not known since when seconds are counted; then no check is kept.
    private let boot: String?
    private let logger: Logger
    /// Held while files are written: one at a time.
    private let known = Mutex(Known())

    /// - Parameter boot: which start of the machine this is.
    init(
        _ path: String, checker: Checker = .exporter, name: String, boot: String? = Boot.id, logger: Logger
    ) {
        self.path = path
        self.boot = boot
        self.checker = checker
        self.name = name
        self.logger = logger
    }

    /// What was left behind for a set; nil where there is nothing.
    func read(_ set: String) -> StateText? {
        known.withLock { known in
            let state = text(of: stateFile(of: set), &known, parsing: StateText.init(parsing:))
            known.states[set] = state
            return state
        }
    }

    /// Writes a set's state down, unless the file says so already.
    func write(_ record: SetMemory.Record, of set: String, at now: Double) {
        known.withLock { known in
            if let state = known.states[set], state.record == record, abs(now - state.time) < Self.renewal { return }
            let state = StateText(time: now, record: record)
            known.states[set] = state
            _ = write(state.text, to: stateFile(of: set), &known)
        }
    }

    /// Writes down what a set's failover checker knows of its checks. What is not good any more is removed, which takes no room
    /// on a disk.
    func write(_ memory: FailoverMemory, of set: ReplicationSet) {
        guard let rule = set.failover else { return }
        let file = failoverFile(of: set.name)
        known.withLock { known in
            let before = known.checks[set.name]
            let check = FailoverText(
                boot: boot, time: memory.goodCheck, preferred: rule.preferred, key: key(of: rule))
            guard check != before else { return }
            known.checks[set.name] = check
            // Another run of the command has removed it since it was read: the answer was "standby" meanwhile.
            let isRevoked = before != nil && access(file, F_OK) != 0
            if let check, !isRevoked, write(check.text, to: file, &known) { return }
            known.checks[set.name] = nil
            if unlink(file) != 0, errno != ENOENT {
                complain("cannot remove \(file): \(String(cString: strerror(errno)))", &known)
            }
        }
    }

    /// What a set's failover checker knew of its checks when it ended.
    /// - Parameter now: by the steady clock.
    func failoverMemory(of set: ReplicationSet, at now: Double = FailoverTime.now.steady) -> FailoverMemory {
        let check = known.withLock { known in
            if let check = known.checks[set.name] { return check as FailoverText? }
            let check = text(of: failoverFile(of: set.name), &known, parsing: FailoverText.init(parsing:))
            known.checks[set.name] = check
            return check
        }
        guard let check, let rule = set.failover, check.preferred == rule.preferred, check.key == key(of: rule),
            // Of before the machine was started again, or of no time that has been.
            check.boot == boot, check.time.steady <= now
        else { return FailoverMemory() }
        return FailoverMemory(answer: .preferred, goodCheck: check.time)
    }

    /// Whose check it is and where it was noted: another name, or another table, makes another checker.
    private func key(of rule: FailoverRule) -> String {
        "\(name.debugDescription) \(rule.table.database.debugDescription).\(rule.table.table.debugDescription)"
    }

    // MARK: - Files

    // A set's name needs no escaping in a path (`Schema.setName`).
    private func stateFile(of set: String) -> String { "\(path)/\(set).state" }
    private func failoverFile(of set: String) -> String { "\(path)/\(set).\(checker.rawValue)" }

    private func text<Text>(of file: String, _ known: inout Known, parsing: (String) -> Text?) -> Text? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno != ENOENT { complain("cannot read \(file): \(String(cString: strerror(errno)))", &known) }
            return nil
        }
        defer { close(descriptor) }
        let limit = 1 << 20
        let text = String(unsafeUninitializedCapacity: limit) {
            max(0, Glibc.read(descriptor, $0.baseAddress, $0.count))
        }
        guard text.utf8.count < limit, let value = parsing(text) else {
            complain("\(file) makes no sense; starting without it", &known)
            return nil
        }
        return value
    }

    /// - Returns: whether it is written.
    private func write(_ text: String, to file: String, _ known: inout Known) -> Bool {
        do throws(DraftedFile.Failure) {
            try DraftedFile.write(text, to: file, mode: 0o600)
        } catch {
            complain(error.description, &known)
            return false
        }
        known.isInTrouble = false
        return true
    }

    private func complain(_ what: String, _ known: inout Known) {
        if !known.isInTrouble { logger.warning("state is not kept", metadata: ["reason": "\(what)"]) }
        known.isInTrouble = true
    }
}

/// When the failover answer was last "preferred", for which node, and who said so.
///
///     failover 2 <boot id> <seconds since then> <epoch seconds> <preferred node>
///     by <checker and table, in quotes>
///     end
struct FailoverText: Sendable, Equatable {
    /// The start of the machine from which seconds are counted.
    var boot: String
    /// When it was noted.
    var time: FailoverTime
    /// The node that the answer stood for.
    var preferred: String
    /// Of one line.
    var key: String

    init(boot: String, time: FailoverTime, preferred: String, key: String) {
        self.boot = boot
        self.time = time
        self.preferred = preferred
        self.key = key
    }

    /// - Returns: nil where there is nothing to keep.
    init?(boot: String?, time: FailoverTime?, preferred: String, key: String) {
        guard let boot, let time else { return nil }
        self.init(boot: boot, time: time, preferred: preferred, key: key)
    }

    var text: String { "failover 2 \(boot) \(time.steady) \(time.epoch) \(preferred)\nby \(key)\nend\n" }

    /// - Returns: nil for a text that is cut short, or of another version.
    init?(parsing text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[1].hasPrefix("by "), lines[2] == "end", lines[3].isEmpty else { return nil }
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 6, words[0] == "failover", words[1] == "2", let steady = StateText.time(words[3]),
            let epoch = StateText.time(words[4])
        else { return nil }
        self.init(
            boot: words[2], time: FailoverTime(steady: steady, epoch: epoch), preferred: words[5],
            key: String(lines[1].dropFirst("by ".count)))
    }
}

/// The file's text: a line each.
///
///     state 1 <epoch seconds>
///     node <name> <address> <server id or -> <server uuid or -> <start, epoch seconds, or ->
///     writer <name>
///     word <name> <nodes that were writable then>
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
            // A server's word must not end the line and begin another.
            let uuid = node.serverUUID.flatMap(ServerUUID.init).map { "\($0)" } ?? "-"
            lines.append("node \(node.name) \(node.address) \(id) \(uuid) \(start)")
        }
        lines += record.writers.map { "writer \($0)" }
        if let word = record.operatorsWord {
            lines.append((["word", word] + record.writableThen).joined(separator: " "))
        }
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
            case ("end", 1): isWhole = true
            default: return nil
            }
        }
        guard let time, isWhole else { return nil }
        self.init(time: time, record: record)
    }

    fileprivate static func time(_ text: String) -> Double? {
        Double(text).flatMap { (0...1e11).contains($0) ? $0 : nil }
    }
}
