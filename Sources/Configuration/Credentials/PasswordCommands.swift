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
    /// Far more than any server accepts. Bytes.
    private static let limit = 16 * 1024

    private struct Answer {
        let result: Result<Secret, CommandRun.Failure>
        let at: ContinuousClock.Instant

        func counts(at now: ContinuousClock.Instant, expiry: Duration) -> Bool {
            switch result {
            case .success: now < at + expiry
            case .failure: now < at + min(expiry, patience)
            }
        }
    }

    /// What is known of one command. Its turn is had by whoever runs it.
    private final class Entry: Sendable {
        let turn = DispatchSemaphore(value: 1)
        let answer = Mutex<Answer?>(nil)
        let expiry: Duration

        init(expiry: Duration) { self.expiry = expiry }
    }

    private let entries = Mutex<[[String]: Entry]>([:])
    private let places = DispatchSemaphore(value: PasswordCommands.places)
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// The command's answer, from its last run or from a new one, for which the calling thread is blocked.
    /// - Throws: why there is none. Not a word of what the command printed.
    func password(
        from command: PasswordCommand, _ placeholders: PasswordCommand.Placeholders, environment: [String: String]
    ) throws(CommandRun.Failure) -> (password: Secret, issue: Issue) {
        let arguments = command.arguments(for: placeholders)
        let entry = entry(of: arguments, command)
        if let answer = known(entry) { return try issued(answer, arguments) }
        let limit = DispatchTime.now() + .seconds(Int(min(command.timeout.components.seconds, 86_400)) + 1)
        guard entry.turn.wait(timeout: limit) == .success else {
            throw CommandRun.Failure(reason: "an earlier run of it has not ended yet")
        }
        defer { entry.turn.signal() }
        // It may have been run meanwhile.
        if let answer = known(entry) { return try issued(answer, arguments) }
        guard places.wait(timeout: limit) == .success else {
            throw CommandRun.Failure(reason: "those of other nodes run first")
        }
        defer { places.signal() }
        let answer = Answer(result: run(arguments, command, environment), at: now())
        entry.answer.withLock { $0 = answer }
        return try issued(answer, arguments)
    }

    /// Told that a server has denied an answer.
    /// - Returns: whether it is worth another attempt to log in: there is, or will be, another answer.
    package func isWorthAnother(after issue: Issue) -> Bool {
        guard let entry = entries.withLock({ $0[issue.arguments] }) else { return true }
        return entry.answer.withLock { answer in
            guard let known = answer, known.at == issue.at else { return true }
            if now() < known.at + Self.patience { return false }
            answer = nil
            return true
        }
    }

    private func known(_ entry: Entry) -> Answer? {
        let now = now()
        return entry.answer.withLock { $0 }.flatMap { $0.counts(at: now, expiry: entry.expiry) ? $0 : nil }
    }

    private func issued(
        _ answer: Answer, _ arguments: [String]
    ) throws(CommandRun.Failure) -> (password: Secret, issue: Issue) {
        (try answer.result.get(), Issue(arguments: arguments, at: answer.at))
    }

    /// Forgets what no longer counts: a configuration that was replaced may have named other commands.
    private func entry(of arguments: [String], _ command: PasswordCommand) -> Entry {
        let now = now()
        return entries.withLock { entries in
            if let entry = entries[arguments], entry.expiry == command.expiry { return entry }
            entries = entries.filter { _, entry in
                entry.answer.withLock { $0?.counts(at: now, expiry: entry.expiry) ?? true }
            }
            let entry = Entry(expiry: command.expiry)
            entries[arguments] = entry
            return entry
        }
    }

    private func run(
        _ arguments: [String], _ command: PasswordCommand, _ environment: [String: String]
    ) -> Result<Secret, CommandRun.Failure> {
        // The exporter's own account is none of its business.
        let environment = environment.filter { $0.key != EnvironmentName.user && $0.key != EnvironmentName.password }
        do throws(CommandRun.Failure) {
            let bytes = try CommandRun(arguments: arguments, environment: environment)
                .output(limit: Self.limit, deadline: .now + command.timeout)
            do throws(PasswordText.Fault) { return .success(try PasswordText(bytes).secret) } catch {
                throw CommandRun.Failure(reason: "its output \(error.reason)")
            }
        } catch {
            return .failure(error)
        }
    }
}
