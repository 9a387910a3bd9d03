import Configuration
import Glibc
import Logging
import Replication
import Synchronization
import Topology
import Traffic

/// What outlives the exporter, a file a replication set: who its nodes are, who took the writes, an operator's word, and when
/// the failover answer was last "preferred".
///
/// A file that is missing, cannot be read or makes no sense is no error: less is known then. Written by way of another file,
/// so that nobody reads half of it.
final class StateDirectory: Sendable {
    /// Writers that were recorded longer ago than this are not known to be the writers until now.
    static let trust = 300.0
    /// As long as nothing changes, the time is written down anew after this.
    private static let renewal = 60.0

    private let path: String
    private let logger: Logger
    private let isTrouble = Mutex(false)
    private let written = Mutex<[String: StateText]>([:])

    init(_ path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// What was left behind for a set; nil where there is nothing.
    func read(_ set: String) -> StateText? {
        let file = self.file(of: set)
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno != ENOENT { complain("cannot read \(file): \(String(cString: strerror(errno)))") }
            return nil
        }
        defer { close(descriptor) }
        let limit = 1 << 20
        let text = String(unsafeUninitializedCapacity: limit) {
            max(0, Glibc.read(descriptor, $0.baseAddress, $0.count))
        }
        guard text.utf8.count < limit, let state = StateText(parsing: text) else {
            complain("\(file) makes no sense; starting without it")
            return nil
        }
        written.withLock { $0[set] = state }
        return state
    }

    /// Writes a set's state down, unless the file says so already.
    func write(_ record: SetMemory.Record, of set: String, at now: Double) {
        let known = written.withLock { $0[set] }
        if let known, known.record == record, abs(now - known.time) < Self.renewal { return }
        write(StateText(time: now, record: record, lastFailoverCheck: known?.lastFailoverCheck), of: set)
    }

    /// Writes down what a set's failover checker knows of its checks.
    func write(_ memory: FailoverMemory, of set: ReplicationSet) {
        guard let rule = set.failover else { return }
        let check = memory.goodCheck.map { StateText.FailoverCheck(time: $0, preferred: rule.preferred) }
        var state =
            written.withLock { $0[set.name] }
            ?? StateText(time: 0, record: .init(nodes: [], writers: [], operatorsWord: nil))
        if state.lastFailoverCheck == check { return }
        state.lastFailoverCheck = check
        write(state, of: set.name)
    }

    /// What a set's failover checker knew of its checks when it ended.
    func failoverMemory(of set: ReplicationSet) -> FailoverMemory {
        guard let check = (written.withLock { $0[set.name] } ?? read(set.name))?.lastFailoverCheck,
            check.preferred == set.failover?.preferred
        else { return FailoverMemory() }
        return FailoverMemory(answer: .preferred, goodCheck: check.time)
    }

    private func write(_ state: StateText, of set: String) {
        written.withLock { $0[set] = state }
        let file = self.file(of: set)
        let draft = "\(file)~\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return complain("cannot write \(draft): \(String(cString: strerror(errno)))") }
        let text = Array(state.text.utf8)
        let isWritten = Glibc.write(descriptor, text, text.count) == text.count
        let reason = String(cString: strerror(errno))
        close(descriptor)
        guard isWritten, rename(draft, file) == 0 else {
            unlink(draft)
            return complain("cannot write \(file): \(isWritten ? String(cString: strerror(errno)) : reason)")
        }
        isTrouble.withLock { $0 = false }
    }

    /// A set's name needs no escaping in a path (`Schema.setName`).
    private func file(of set: String) -> String { "\(path)/\(set).state" }

    private func complain(_ what: String) {
        if isTrouble.withLock({ isTrouble in
            defer { isTrouble = true }
            return !isTrouble
        }) {
            logger.warning("state is not kept", metadata: ["reason": "\(what)"])
        }
    }
}

/// The file's text: a line each.
///
///     state 1 <epoch seconds>
///     node <name> <address> <server id or -> <server uuid or -> <start, epoch seconds, or ->
///     writer <name>
///     word <name>
///     failover_check <epoch seconds> <preferred node>
///     end
struct StateText: Sendable, Equatable {
    struct FailoverCheck: Sendable, Equatable {
        /// When it was noted, epoch seconds.
        var time: Double
        /// The node that the answer stood for.
        var preferred: String
    }

    /// When it was written, epoch seconds.
    var time: Double
    var record: SetMemory.Record
    var lastFailoverCheck: FailoverCheck?

    init(time: Double, record: SetMemory.Record, lastFailoverCheck: FailoverCheck? = nil) {
        self.time = time
        self.record = record
        self.lastFailoverCheck = lastFailoverCheck
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
        if let word = record.operatorsWord { lines.append("word \(word)") }
        if let check = lastFailoverCheck { lines.append("failover_check \(check.time) \(check.preferred)") }
        return lines.joined(separator: "\n") + "\nend\n"
    }

    /// - Returns: nil for a text that is cut short, or of another version.
    init?(parsing text: String) {
        var record = SetMemory.Record(nodes: [], writers: [], operatorsWord: nil)
        var time: Double?
        var check: FailoverCheck?
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
            case ("word", 2): record.operatorsWord = words[1]
            case ("failover_check", 3): check = Self.time(words[1]).map { FailoverCheck(time: $0, preferred: words[2]) }
            case ("end", 1): isWhole = true
            default: return nil
            }
        }
        guard let time, isWhole else { return nil }
        self.init(time: time, record: record, lastFailoverCheck: check)
    }

    private static func time(_ text: String) -> Double? {
        Double(text).flatMap { (0...1e11).contains($0) ? $0 : nil }
    }
}
