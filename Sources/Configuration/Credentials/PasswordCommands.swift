internal import Dispatch
internal import Documents
internal import Synchronization

/// The passwords that commands have printed, for as long as they count. Shared by all nodes: a command whose arguments are the
/// same for several of them runs once.
package final class PasswordCommands: Sendable {
    /// An answer that a log-in was given, to be told when a server denies it.
    package struct Issue: Sendable, Equatable {
        fileprivate let arguments: [String]
        fileprivate let at: ContinuousClock.Instant
    }

    /// The process's. A reload, and every subcommand, goes on with what is known.
    package static let shared = PasswordCommands()

    /// How many commands may run at once: a thousand nodes with tokens of their own must not start a thousand programs.
    private static let places = 4
    /// An answer, or a failure, that is not older is not asked for again: a server that denies a good password, and a command
    /// that fails, would otherwise make it run for each attempt of each node.
    private static let patience = Duration.seconds(10)
    /// The same for an answer that replaced a denied one: a node whose account is wrong or locked would otherwise have it run, and
    /// be denied twice, in each scrape.
    private static let patienceAfterDenial = Duration.seconds(60)
    /// Far more than any server accepts. Bytes.
    private static let limit = 16 * 1024

    private struct Answer {
        let result: Result<Secret, CommandRun.Failure>
        let at: ContinuousClock.Instant
        /// Whether the one before was denied.
        let replacesDenied: Bool

        func counts(at now: ContinuousClock.Instant, expiry: Duration) -> Bool {
            switch result {
            case .success: now < at + expiry
            case .failure: now < at + min(expiry, patience)
            }
        }
    }

    /// What is known of one command.
    private final class Entry: Sendable {
        struct State {
            var answer: Answer?
            /// The longest for which somebody uses an answer.
            var expiry = Duration.zero
            var isRunning = false
            /// Whether the last answer was denied, and another one is to come.
            var isDenied = false
            /// Signalled when the run ends.
            var waiting: [DispatchSemaphore] = []
        }

        let state = Mutex(State())
    }

    /// What is not for others: the exporter's account, and what systemd has told this process (sd_notify(3), sd_listen_fds(3)).
    private static let ownVariables: Set<String> = [
        EnvironmentName.user, EnvironmentName.password, "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID",
        "LISTEN_FDS", "LISTEN_FDNAMES",
    ]

    private let entries = Mutex<[[String]: Entry]>([:])
    private let queue = CommandQueue(workers: PasswordCommands.places)
    private let running = RunningCommands()
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// The command's answer, from its last run or from a new one. That goes on when the caller's patience ends, and its answer counts
    /// for the next call: a command that hangs delays nobody for longer than they have time.
    /// - Parameter patience: how long the calling thread may be blocked.
    /// - Throws: why there is none. Not a word of what the command printed.
    func password(
        from command: PasswordCommand, _ placeholders: PasswordCommand.Placeholders, environment: [String: String],
        patience: Duration = .seconds(86_400)
    ) throws(CommandRun.Failure) -> (password: Secret, issue: Issue) {
        let arguments = command.arguments(for: placeholders)
        let entry = entry(of: arguments)
        let end = DispatchSemaphore(value: 0)
        let now = now()
        let (known, isFirst) = entry.state.withLock { state in
            state.expiry = max(state.expiry, command.expiry)
            if let answer = state.answer, answer.counts(at: now, expiry: command.expiry) {
                return (answer as Answer?, false)
            }
            state.waiting.append(end)
            defer { state.isRunning = true }
            return (nil, !state.isRunning)
        }
        if let known { return try issued(known, arguments) }
        if isFirst {
            queue.add { [self] in
                finish(entry, with: run(arguments, command, environment))
            }
        }
        let isOver = end.wait(timeout: .now() + .milliseconds(Self.milliseconds(patience))) == .success
        let answer = entry.state.withLock { state in
            state.waiting.removeAll { $0 === end }
            return isOver ? state.answer : nil
        }
        guard let answer else {
            throw CommandRun.Failure(reason: "it has not ended yet; what it prints counts for the next attempt")
        }
        return try issued(answer, arguments)
    }

    private func finish(_ entry: Entry, with result: Result<Secret, CommandRun.Failure>) {
        let now = now()
        let waiting = entry.state.withLock { state in
            state.answer = Answer(result: result, at: now, replacesDenied: state.isDenied)
            state.isDenied = false
            state.isRunning = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.signal() }
    }

    /// Ends the commands that run. None is run any more.
    package func end() { running.end() }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(min(max(duration / .milliseconds(1), 0), 86_400_000))
    }

    /// Told that a server has denied an answer.
    /// - Returns: whether it is worth another attempt to log in: there is, or will be, another answer.
    package func isWorthAnother(after issue: Issue) -> Bool {
        guard let entry = entries.withLock({ $0[issue.arguments] }) else { return true }
        let now = now()
        return entry.state.withLock { state in
            guard let known = state.answer, known.at == issue.at else { return true }
            if now < known.at + (known.replacesDenied ? Self.patienceAfterDenial : Self.patience) { return false }
            state.answer = nil
            state.isDenied = true
            return true
        }
    }

    private func issued(
        _ answer: Answer, _ arguments: [String]
    ) throws(CommandRun.Failure) -> (password: Secret, issue: Issue) {
        (try answer.result.get(), Issue(arguments: arguments, at: answer.at))
    }

    /// Forgets what no longer counts: a configuration that was replaced may have named other commands.
    private func entry(of arguments: [String]) -> Entry {
        let now = now()
        return entries.withLock { entries in
            if let entry = entries[arguments] { return entry }
            entries = entries.filter { _, entry in
                entry.state.withLock { $0.isRunning || $0.answer?.counts(at: now, expiry: $0.expiry) ?? true }
            }
            let entry = Entry()
            entries[arguments] = entry
            return entry
        }
    }

    private func run(
        _ arguments: [String], _ command: PasswordCommand, _ environment: [String: String]
    ) -> Result<Secret, CommandRun.Failure> {
        let environment = environment.filter { !Self.ownVariables.contains($0.key) }
        do throws(CommandRun.Failure) {
            let bytes = try CommandRun(arguments: arguments, environment: environment)
                .output(limit: Self.limit, deadline: .now + command.timeout, among: running)
            do throws(PasswordText.Fault) { return .success(try PasswordText(bytes).secret) } catch {
                throw CommandRun.Failure(reason: "its output \(error.reason)")
            }
        } catch {
            return .failure(error)
        }
    }
}
