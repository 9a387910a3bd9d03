import Foundation
import Synchronization

/// Makes sure that nothing outlives the sandbox, even when its process is killed with SIGKILL.
///
/// A small shell that leads the process group of all servers, and reads from a socket whose other end only this process
/// holds. When this process ends, however it ends, the read ends too, and the shell kills the group and removes the
/// folder. (PR_SET_PDEATHSIG does not work here: the kernel clears it when the server switches to user mysql, and it
/// fires when the *thread* that started the server ends.)
final class Warden: Sendable {
    /// The last step runs in its own session (setsid), because it kills the group that this shell is in.
    private static let script = """
        trap '' HUP INT TERM
        read -r word && [ "$word" = dismissed ] && exit 0
        exec setsid sh -c '
            kill -s KILL -- "-$1"
            tries=0
            while kill -s 0 -- "-$1" 2>/dev/null && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.05; done
            while read -r _ point _; do case $point in "$2"/*) umount -l "$point" ;; esac; done </proc/mounts
            rm -rf -- "$2"
        ' sh $$ "$1"
        """

    private let process: ChildProcess
    private let line: Mutex<Int32?>

    /// The process group that everything in the sandbox joins.
    var group: pid_t { process.pid }

    /// - Parameter folder: removed at the end.
    init(of folder: String) throws(SandboxError) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .system(doing: "make a pair of sockets", errno: errno)
        }
        defer { close(ends[0]) }
        do {
            process = try ChildProcess.start(
                ["sh", "-c", Self.script, "sandbox-warden", folder], group: 0, output: "/dev/null", input: ends[0])
            line = Mutex(ends[1])
        } catch {
            close(ends[1])
            throw error
        }
    }

    /// Ends the warden once the servers and the folder are gone.
    func dismiss() async {
        guard let descriptor = takeLine() else { return }
        let word = "dismissed\n"
        // Fails only if the warden itself is gone, which is what is wanted anyway.
        _ = word.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        close(descriptor)
        await process.ended()
    }

    /// Makes the warden do now what it would do at the end of this process.
    func act() async {
        guard let descriptor = takeLine() else { return }
        close(descriptor)
        await process.ended()
    }

    deinit {
        if let descriptor = takeLine() { close(descriptor) }
    }

    private func takeLine() -> Int32? {
        line.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
    }
}
