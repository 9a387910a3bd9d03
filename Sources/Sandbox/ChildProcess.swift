package import Foundation
import Synchronization

/// A process that this one started and will reap.
///
/// Not `Foundation.Process`, which has no process groups and passes on every open descriptor.
package final class ChildProcess: Sendable {
    private struct State {
        var status: ExitStatus?
        var waiting: [CheckedContinuation<ExitStatus, Never>] = []
    }

    package let pid: pid_t
    private let state = Mutex(State())

    private init(pid: pid_t) { self.pid = pid }

    /// Starts a program.
    /// - Parameters:
    ///   - command: the program, looked up in PATH if it has no slash, and its arguments.
    ///   - environment: all of it; by default a neutral one without the caller's settings.
    ///   - group: the process group it joins; 0 for a new one.
    ///   - output: the file to which both of its output streams are appended; nil to share those of this process.
    ///   - input: the descriptor it reads from; nil for empty input.
    package static func start(
        _ command: [String], environment: [String: String] = neutralEnvironment, group: pid_t, output: String?,
        input: Int32? = nil
    ) throws(SandboxError) -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // A descriptor leaked into a server, such as the end of a pipe, would stay open as long as that server.
        closeAllButStandardStreams(&actions)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, group)
        // This process may ignore or block signals (SIGINT, SIGPIPE); a child must not inherit that.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pid: pid_t = 0
        guard !command.isEmpty else { throw .system(doing: "start a program without a name", errno: EINVAL) }
        let status = withCStrings(command) { arguments in
            withCStrings(environment.map { "\($0)=\($1)" }) { variables in
                posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
            }
        }
        guard status == 0 else {
            throw .system(doing: "start \(command[0])", errno: status)
        }
        let child = ChildProcess(pid: pid)
        Thread.detachNewThread { child.reap() }
        return child
    }

    /// Starts a program and waits for it to end.
    /// - Throws: `SandboxError.ended` if it does not exit with 0.
    static func run(_ command: [String], group: pid_t, output: String) async throws(SandboxError) {
        let status = try await start(command, group: group, output: output).ended()
        guard status == .exited(0) else {
            throw .ended(what: command.joined(separator: " "), status: status, log: lastLines(of: output))
        }
    }

    package var hasEnded: Bool { state.withLock { $0.status != nil } }

    /// Waits for the end. Any number of callers may wait; returns at once if the process has already ended.
    @discardableResult
    package func ended() async -> ExitStatus {
        await withCheckedContinuation { continuation in
            let status: ExitStatus? = state.withLock { state in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// Sends a signal, unless the process has ended, when its PID may belong to another one.
    package func signal(_ signal: Int32) {
        state.withLock { state in
            if state.status == nil { kill(pid, signal) }
        }
    }

    /// Blocks a thread until the process ends.
    private func reap() {
        // Waits without reaping, then reaps under the lock, so that `signal` never uses a PID that is free again.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (status, waiting) = state.withLock { state in
            var waitStatus: Int32 = 0
            while waitpid(pid, &waitStatus, 0) < 0, errno == EINTR {}
            let status = ExitStatus(waitStatus: waitStatus)
            state.status = status
            let waiting = state.waiting
            state.waiting = []
            return (status, waiting)
        }
        for continuation in waiting { continuation.resume(returning: status) }
    }

    /// PATH, and a language and time zone that are the same on every machine.
    package static var neutralEnvironment: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": path + ":/usr/sbin:/sbin", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"]
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}

/// The end of a log, for an error text.
func lastLines(of path: String, _ count: Int = 12) -> String {
    guard let log = try? String(contentsOfFile: path, encoding: .utf8) else { return "" }
    return log.split(separator: "\n").suffix(count).joined(separator: "\n")
}
