internal import CSpawn
internal import Glibc
internal import Synchronization

/// One run of a program whose standard output is an answer, such as a password.
///
/// No shell is involved. The program gets nothing of this process but its environment: no open file, no ignored signal, no
/// standard input. It leads a process group of its own, which is killed as a whole when the time is over. What it writes to its
/// standard error is discarded, since nobody knows whether a secret is in it.
///
/// Blocks, for callers with a thread of their own; swift-subprocess is for those that await. (posix_spawn(3), waitpid(2).)
struct CommandRun {
    /// Why there is no answer; never what the program wrote.
    struct Failure: Error, Equatable {
        let reason: String
    }

    /// The program's path, and its arguments.
    let arguments: [String]
    let environment: [String: String]

    /// Blocks until the program has ended, or its time is over.
    /// - Parameters:
    ///   - limit: the most that is read; more is a failure. Bytes.
    ///   - running: knows it while it runs, and may end it.
    func output(
        limit: Int, deadline: ContinuousClock.Instant, among running: RunningCommands = RunningCommands()
    ) throws(Failure) -> [UInt8] {
        let (pipe, process) = try start()
        defer { close(pipe) }
        guard running.add(process) else {
            Self.end(process)
            throw Failure(reason: "it was ended with the exporter")
        }
        defer { running.remove(process) }
        do throws(Failure) {
            let bytes = try Self.read(pipe, limit: limit, deadline: deadline)
            try Self.wait(for: process, deadline: deadline)
            return bytes
        } catch {
            if error == Self.late || error == Self.talkative { Self.end(process) }
            throw error
        }
    }

    private static let late = Failure(reason: "it did not end in time")
    private static let talkative = Failure(reason: "it wrote far more than a password")

    private func start() throws(Failure) -> (pipe: Int32, process: pid_t) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw Failure(reason: Self.message(errno)) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var process = pid_t()
        func spawn() -> Int32 {
            withCStrings(arguments) { arguments in
                withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                    guard let program = arguments[0] else { return ENOENT }
                    return posix_spawn(&process, program, &actions, &attributes, arguments, environment)
                }
            }
        }
        var code = spawn()
        // A file that is still being written, or is open for that in a process that is about to become another program.
        for _ in 0..<20 where code == ETXTBSY {
            poll(nil, 0, 10)
            code = spawn()
        }
        guard code == 0 else {
            close(ends[0])
            throw Failure(reason: Self.message(code))
        }
        return (ends[0], process)
    }

    private static func message(_ code: Int32) -> String { "it cannot be started: \(String(cString: strerror(code)))" }

    /// Everything until the program, and whoever got its output from it, has closed it.
    private static func read(
        _ pipe: Int32, limit: Int, deadline: ContinuousClock.Instant
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            var wanted = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wanted, 1, milliseconds(until: deadline))
            if ready < 0, errno == EINTR { continue }
            // One wait may be shorter than the time that is left.
            if ready == 0, ContinuousClock.now < deadline { continue }
            guard ready > 0 else { throw late }
            let count = Glibc.read(pipe, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += part.prefix(count)
            guard bytes.count <= limit else { throw talkative }
        }
    }

    /// A program that has closed its output ends at once, as a rule; there is nothing to wait on for those that do not.
    private static func wait(for process: pid_t, deadline: ContinuousClock.Instant) throws(Failure) {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended < 0, errno == EINTR { continue }
            guard ended >= 0 else { throw Failure(reason: "its end was not seen") }
            if ended == process { break }
            guard ContinuousClock.now < deadline else { throw late }
            poll(nil, 0, 2)
        }
        // The layout of a status is wait(2)'s WIFEXITED and WEXITSTATUS, which Swift does not import.
        let signal = status & 0x7f
        if signal != 0 { throw Failure(reason: "it was ended by signal \(signal)") }
        let code = status >> 8 & 0xff
        if code != 0 { throw Failure(reason: "it ended with status \(code)") }
    }

    /// Kills the program and what it has started, and reaps it.
    private static func end(_ process: pid_t) {
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline) / Duration.milliseconds(1)
        return Int32(exactly: min(max(left, 0), 60_000).rounded(.up)) ?? 0
    }
}

/// The process groups of commands that run, so that none is left behind.
final class RunningCommands: Sendable {
    private let groups = Mutex<Set<pid_t>?>([])

    /// - Returns: false if commands are not to run any more.
    func add(_ process: pid_t) -> Bool {
        groups.withLock { groups in
            groups?.insert(process)
            return groups != nil
        }
    }

    func remove(_ process: pid_t) {
        _ = groups.withLock { $0?.remove(process) }
    }

    /// Kills them all, and those that start from now on.
    func end() {
        groups.withLock { groups in
            for group in groups ?? [] { kill(-group, SIGKILL) }
            groups = nil
        }
    }
}

/// Calls `body` with strings as C arrays of strings have them: ended by a nil.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return pointers.withUnsafeMutableBufferPointer { buffer in
        // An array that is not empty has an address.
        body(buffer.baseAddress.unsafelyUnwrapped)
    }
}
