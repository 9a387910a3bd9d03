internal import Configuration
package import Documents
internal import Glibc
package import Logging
internal import Replication
internal import Synchronization
internal import Topology
internal import Traffic

/// What outlives the exporter. For each replication set, one file records the identity of its nodes, which of them took the
/// writes, and an operator's decision; another records this checker's last failover answer, and when it last was "preferred".
///
/// A file that is missing, unreadable or invalid is not an error; it only means that less is known. For failover checks, an empty or
/// invalid file means that the last answer is not known, and so does one that cannot be read.
///
/// Everything here blocks for as long as the file system does; only `complaint` never waits. See `StateKeeper`.
package final class StateDirectory: Sendable {
    /// Whose failover checks are kept: each checker remembers only its own.
    package enum Checker: String, Sendable {
        case exporter = "failover"
        case command = "failover-check"
    }

    /// Writers that were recorded longer ago than this may no longer be the writers. Seconds.
    static let trust = 300.0
    /// How often the time is written again if nothing else changes. Seconds.
    static let renewal = 60.0

    /// The content of the files.
    private struct Known {
        var states: [String: StateText] = [:]
        /// Other than `missing`.
        var checks: [String: Content<FailoverText>] = [:]
    }

    private enum Content<Text: Equatable>: Equatable {
        case missing
        case whole(Text)
        /// Empty, for example, after a loss of power or on a full disk.
        case invalid
        case unreadable

        var text: Text? { if case .whole(let text) = self { text } else { nil } }
    }

    private struct Trouble {
        var isLogged = false
        var complaint: String?
    }

    let path: String
    private let checker: Checker
    /// The checker's name, as recorded in the table of checks.
    private let name: String
    /// Nil if the current boot is unknown; then saved times are not trusted.
    private let boot: String?
    let logger: Logger
    private let mayWrite: @Sendable (_ path: String) -> Bool
    private let sync: DraftedFile.Sync
    /// Removes what was being written when an earlier exporter was killed: before the first file is written, since that may hang where
    /// reading does not.
    private let areDraftsRemoved = Mutex(false)
    /// Held while files are written: one at a time.
    private let known = Mutex(Known())
    private let trouble = Mutex(Trouble())

    /// - Parameters:
    ///   - boot: identifies the current boot of the machine.
    ///   - mayWrite: whether a file, or a directory's content, can be changed now.
    ///   - sync: waits until a file's or directory's content is on the disk.
    package init(
        _ path: String, checker: Checker = .exporter, name: String, boot: String? = Boot.id, logger: Logger,
        mayWrite: @escaping @Sendable (_ path: String) -> Bool = { access($0, W_OK) == 0 },
        sync: @escaping DraftedFile.Sync = DraftedFile.sync
    ) {
        self.path = path
        self.boot = boot
        self.checker = checker
        self.name = name
        self.logger = logger
        self.mayWrite = mayWrite
        self.sync = sync
    }

    /// The last problem in saving something, or in trusting what was saved; nil if there was none.
    package var complaint: String? { trouble.withLock { $0.complaint } }

    /// What was saved for a set; nil if there is nothing.
    func read(_ set: String) -> StateText? {
        known.withLock { known in
            let state = content(of: stateFile(of: set), parsing: StateText.init(parsing:)).text
            known.states[set] = state
            return state
        }
    }

    /// Saves a set's state, unless the file already has it. An outdated file that cannot be replaced is removed; the next round
    /// tries again.
    /// - Parameter isForced: writes it even if the file is believed to have it.
    /// - Returns: why the file does not have it now; nil if it does.
    @discardableResult
    func write(_ record: SetMemory.Record, of set: String, at now: Double, isForced: Bool = false) -> String? {
        known.withLock { known in
            let before = known.states[set]
            if !isForced, let before, before.record == record, abs(now - before.time) < Self.renewal { return nil }
            let state = StateText(time: now, record: record)
            let file = stateFile(of: set)
            guard let failure = write(state.text, to: file) else {
                known.states[set] = state
                return nil
            }
            if before?.record != record, remove(file, isDurable: true) == nil { known.states[set] = nil }
            return failure
        }
    }

    /// Saves what a set's failover checker knows of its checks. An outdated file that cannot be replaced is emptied if the standby has
    /// the requests, and removed otherwise; both work on a full disk.
    ///
    /// Only that the standby has the requests has to be on the disk before it is answered. Everything else may be lost with the power:
    /// what was saved of "preferred" does not count after a boot.
    /// - Parameter isLast: the checker ends now. While it runs, no file says that the preferred node has the requests: if the
    ///   process were killed after a later answer that could not be saved, the next one would go by that.
    /// - Returns: why the file says something else now; nil if it does not.
    @discardableResult
    func write(_ memory: FailoverMemory, of set: ReplicationSet, isLast: Bool = true) -> String? {
        guard let rule = set.failover else { return nil }
        let file = failoverFile(of: set.name)
        return known.withLock { known in
            let before = known.checks[set.name] ?? .missing
            let isKept = isLast || memory.answer != .preferred
            let check =
                isKept
                ? FailoverText(
                    memory, boot: boot ?? FailoverText.unknown, preferred: rule.preferred, key: key(of: rule, in: set))
                : nil
            guard check.map(Content.whole) ?? .missing != before else { return nil }
            if let check, check.memory.answer == .preferred, isRevoked(check, of: set.name, &known) { return nil }
            var failure: String?
            if let check {
                failure = write(check.text, to: file, isDurable: check.memory.answer == .standby)
                if failure == nil {
                    known.checks[set.name] = .whole(check)
                    return nil
                }
                if check.memory.answer == .standby, empty(file) {
                    known.checks[set.name] = .invalid
                    return failure
                }
            }
            // If removing it fails, the next check tries again.
            let obstacle = remove(file)
            if obstacle == nil { known.checks[set.name] = nil }
            return failure ?? obstacle
        }
    }

    /// Whether another run of the command, which ended after this one had read the file, answered "standby" or could not save
    /// that. This run's "preferred" is then too old to be saved.
    private func isRevoked(_ check: FailoverText, of set: String, _ known: inout Known) -> Bool {
        let file = failoverFile(of: set)
        let before = known.checks[set] ?? .missing
        guard access(file, F_OK) == 0 else {
            known.checks[set] = nil
            return before != .missing
        }
        // This run has not gone by an earlier "preferred".
        if before == .invalid || before.text?.memory.answer == .standby { return false }
        let other = content(of: file, parsing: FailoverText.init(parsing:))
        if let text = other.text, text.key != check.key || text.memory.answer != .standby { return false }
        known.checks[set] = other
        return true
    }

    /// What a set's failover checker knew of its checks when it ended.
    /// - Parameter now: by the monotonic clock.
    /// - Returns: nil if it cannot be read now.
    func failoverMemory(of set: ReplicationSet, at now: Double = FailoverTime.now.steady) -> FailoverMemory? {
        let content = takeCheck(of: set)
        switch content {
        case .unreadable: return nil
        case .invalid: return .doubtful
        case .missing, .whole: break
        }
        guard let check = content.text, let rule = set.failover, check.preferred == rule.preferred,
            check.key == key(of: rule, in: set)
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

    /// Reads a set's failover check.
    private func takeCheck(of set: ReplicationSet) -> Content<FailoverText> {
        let file = failoverFile(of: set.name)
        return known.withLock { known in
            let content = content(of: file, parsing: FailoverText.init(parsing:))
            known.checks[set.name] = content == .missing ? nil : content
            guard content.text?.memory.answer == .preferred else { return content }
            // An earlier run may have been unable to revoke it, as this one would be.
            guard mayWrite(path), mayWrite(file) else {
                complain("\(file) cannot be changed, so its content is ignored")
                return .invalid
            }
            // Used up: see `write`.
            if checker == .exporter {
                guard remove(file) == nil else { return .invalid }
                known.checks[set.name] = nil
            }
            return content
        }
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

    private func content<Text>(of file: String, parsing: (String) -> Text?) -> Content<Text> {
        func unreadable(_ error: Int32) -> Content<Text> {
            complain("cannot read \(file): \(String(cString: strerror(error)))")
            return .unreadable
        }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            let error = errno
            // Without its directory, it is not known whether there is such a file.
            return error == ENOENT && access(path, F_OK) == 0 ? .missing : unreadable(error)
        }
        defer { close(descriptor) }
        let limit = 1 << 20
        var count = 0
        let text = String(unsafeUninitializedCapacity: limit) {
            count = Glibc.read(descriptor, $0.baseAddress, $0.count)
            return max(0, count)
        }
        guard count >= 0 else { return unreadable(errno) }
        guard count < limit, let value = parsing(text) else {
            complain("\(file) is not a valid state file; starting without it")
            return .invalid
        }
        return .whole(value)
    }

    /// - Parameter isDurable: whether it has to be on the disk.
    /// - Returns: why it was not written; nil if it was.
    private func write(_ text: String, to file: String, isDurable: Bool = true) -> String? {
        removeAbandonedDrafts()
        do throws(DraftedFile.Failure) {
            try DraftedFile.write(text, to: file, mode: 0o600, sync: isDurable ? sync : nil)
        } catch {
            complain(error.description)
            return error.description
        }
        let wasInTrouble = trouble.withLock { trouble in
            defer { trouble.isLogged = false }
            return trouble.isLogged
        }
        if wasInTrouble { logger.info("state is kept again", metadata: ["file": "\(file)"]) }
        return nil
    }

    private func removeAbandonedDrafts() {
        let isFirst = areDraftsRemoved.withLock { areRemoved in
            defer { areRemoved = true }
            return !areRemoved
        }
        guard isFirst, checker == .exporter else { return }
        let kinds = ["state", Checker.exporter.rawValue, Checker.command.rawValue]
        DraftedFile.removeAbandoned(in: path) { name in kinds.contains { name.hasSuffix(".\($0)") } }
    }

    /// - Returns: false if the file still has its content.
    private func empty(_ file: String) -> Bool {
        do throws(DraftedFile.Failure) {
            let descriptor = try DraftedFile.descriptor(writing: file, O_TRUNC, mode: 0o600)
            defer { close(descriptor) }
            return sync(descriptor) == 0
        } catch {
            complain(error.description)
            return false
        }
    }

    /// - Parameter isDurable: whether it has to be gone from the disk.
    /// - Returns: why the file is still there; nil if it is gone.
    private func remove(_ file: String, isDurable: Bool = false) -> String? {
        do throws(DraftedFile.Failure) {
            if unlink(file) == 0 {
                if isDurable { try DraftedFile.syncDirectory(of: file, sync) }
                return nil
            }
            if errno == ENOENT { return nil }
        } catch {
            complain(error.description)
            return error.description
        }
        let failure = "cannot remove \(file): \(String(cString: strerror(errno)))"
        complain(failure)
        return failure
    }

    private func complain(_ what: String) {
        let isNew = trouble.withLock { trouble in
            defer { trouble.isLogged = true }
            trouble.complaint = what
            return !trouble.isLogged
        }
        if isNew { logger.warning("state is not kept", metadata: ["reason": "\(what)"]) }
    }
}
