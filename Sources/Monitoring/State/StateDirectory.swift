internal import Configuration
internal import Documents
internal import Glibc
package import Logging
internal import Replication
internal import Synchronization
internal import Topology
internal import Traffic

/// What outlives the exporter. For each replication set, one file records the identity of its nodes, which of them took the
/// writes, and an operator's decision; another records this checker's last failover answer, and when it last was "preferred".
///
/// A file that is missing, unreadable or invalid is not an error; it only means that less is known.
package final class StateDirectory: Sendable {
    /// Whose failover checks are kept: each checker remembers only its own.
    package enum Checker: String, Sendable {
        case exporter = "failover"
        case command = "failover-check"
    }

    /// Writers that were recorded longer ago than this may no longer be the writers. Seconds.
    static let trust = 300.0
    /// How often the time is written again if nothing else changes. Seconds.
    private static let renewal = 60.0

    /// The content of the files.
    private struct Known {
        var states: [String: StateText] = [:]
        var checks: [String: FailoverText] = [:]
        var isInTrouble = false
        var complaint: String?
    }

    private let path: String
    private let checker: Checker
    /// The checker's name, as recorded in the table of checks.
    private let name: String
    /// Nil if the current boot is unknown; then saved times are not trusted.
    private let boot: String?
    private let logger: Logger
    private let mayWrite: @Sendable (_ path: String) -> Bool
    /// Held while files are written: one at a time.
    private let known = Mutex(Known())

    /// - Parameters:
    ///   - boot: identifies the current boot of the machine.
    ///   - mayWrite: whether a file, or a directory's content, can be changed now.
    package init(
        _ path: String, checker: Checker = .exporter, name: String, boot: String? = Boot.id, logger: Logger,
        mayWrite: @escaping @Sendable (_ path: String) -> Bool = { access($0, W_OK) == 0 }
    ) {
        self.path = path
        self.boot = boot
        self.checker = checker
        self.name = name
        self.logger = logger
        self.mayWrite = mayWrite
    }

    /// The last problem in saving something, or in trusting what was saved; nil if there was none.
    package var complaint: String? { known.withLock { $0.complaint } }

    /// What was saved for a set; nil if there is nothing.
    func read(_ set: String) -> StateText? {
        known.withLock { known in
            let state = text(of: stateFile(of: set), &known, parsing: StateText.init(parsing:))
            known.states[set] = state
            return state
        }
    }

    /// Saves a set's state, unless the file already has it. An outdated file that cannot be replaced is removed; the next round
    /// tries again.
    func write(_ record: SetMemory.Record, of set: String, at now: Double) {
        known.withLock { known in
            let before = known.states[set]
            if let before, before.record == record, abs(now - before.time) < Self.renewal { return }
            let state = StateText(time: now, record: record)
            let file = stateFile(of: set)
            if write(state.text, to: file, &known) {
                known.states[set] = state
            } else if before?.record != record, remove(file, &known) {
                known.states[set] = nil
            }
        }
    }

    /// Saves what a set's failover checker knows of its checks. An outdated file that cannot be replaced is removed, which works
    /// even on a full disk.
    func write(_ memory: FailoverMemory, of set: ReplicationSet) {
        guard let rule = set.failover else { return }
        let file = failoverFile(of: set.name)
        known.withLock { known in
            let before = known.checks[set.name]
            let check = FailoverText(
                memory, boot: boot ?? FailoverText.unknown, preferred: rule.preferred, key: key(of: rule, in: set))
            guard check != before else { return }
            if let check, check.memory.answer == .preferred, isRevoked(check, of: set.name, &known) { return }
            if let check, write(check.text, to: file, &known) {
                known.checks[set.name] = check
                return
            }
            // If removing it fails, the next check tries again.
            if remove(file, &known) { known.checks[set.name] = nil }
        }
    }

    /// Whether another run of the command, which ended after this one had read the file, answered "standby" or could not save
    /// that. This run's "preferred" is then too old to be saved.
    private func isRevoked(_ check: FailoverText, of set: String, _ known: inout Known) -> Bool {
        let file = failoverFile(of: set)
        let before = known.checks[set]
        guard access(file, F_OK) == 0 else {
            known.checks[set] = nil
            return before != nil
        }
        guard before?.memory.answer != .standby,
            let other = text(of: file, &known, parsing: FailoverText.init(parsing:)), other.key == check.key,
            other.memory.answer == .standby
        else { return false }
        known.checks[set] = other
        return true
    }

    /// What a set's failover checker knew of its checks when it ended.
    /// - Parameter now: by the monotonic clock.
    func failoverMemory(of set: ReplicationSet, at now: Double = FailoverTime.now.steady) -> FailoverMemory {
        let file = failoverFile(of: set.name)
        let check: FailoverText? = known.withLock { known in
            let check = text(of: file, &known, parsing: FailoverText.init(parsing:))
            known.checks[set.name] = check
            // An earlier run may have been unable to revoke it, as this one would be.
            if check != nil, !(mayWrite(path) && mayWrite(file)) {
                complain("\(file) cannot be changed, so its content is ignored", &known)
                return nil
            }
            return check
        }
        guard let check, let rule = set.failover, check.preferred == rule.preferred, check.key == key(of: rule, in: set)
        else {
            return FailoverMemory()
        }
        let times = [check.memory.goodCheck, check.memory.noted?.steady, check.memory.standbyFailedSince].compactMap(
            \.self)
        guard let boot, check.boot == boot, times.allSatisfy({ $0 <= now }) else {
            // From an earlier boot, or in the future. Which node had the requests is known all the same.
            return check.memory.answer == .standby ? FailoverMemory(answer: .standby) : FailoverMemory()
        }
        return check.memory
    }

    /// Identifies the checker, the table and the nodes: a different name, table or address makes a different checker.
    private func key(of rule: FailoverPolicy, in set: ReplicationSet) -> String {
        let addresses = [rule.preferred, rule.standby].map { node in
            (set.node(named: node)?.address.description ?? "").debugDescription
        }
        let table = "\(rule.table.database.debugDescription).\(rule.table.table.debugDescription)"
        return ([name.debugDescription, table] + addresses).joined(separator: " ")
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
            complain("\(file) is not a valid state file; starting without it", &known)
            return nil
        }
        return value
    }

    /// - Returns: whether it was written.
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

    /// - Returns: whether the file is gone.
    private func remove(_ file: String, _ known: inout Known) -> Bool {
        if unlink(file) == 0 || errno == ENOENT { return true }
        complain("cannot remove \(file): \(String(cString: strerror(errno)))", &known)
        return false
    }

    private func complain(_ what: String, _ known: inout Known) {
        if !known.isInTrouble { logger.warning("state is not kept", metadata: ["reason": "\(what)"]) }
        known.isInTrouble = true
        known.complaint = what
    }
}

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

    /// Nil if there was no answer yet.
    init?(_ memory: FailoverMemory, boot: String, preferred: String, key: String) {
        guard memory.answer != nil else { return nil }
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

    fileprivate static func time(_ text: String) -> Double? {
        Double(text).flatMap { (0...1e11).contains($0) ? $0 : nil }
    }
}
