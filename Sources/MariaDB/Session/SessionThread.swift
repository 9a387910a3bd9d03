package import Threads

/// A thread on which sessions wait for their servers, one at a time if several share it. It ends with the last of them.
package final class SessionThread: Sendable {
    let executor: ThreadExecutor

    /// - Throws: `ThreadError` when the system refuses a thread.
    package init(name: String) throws(ThreadError) {
        executor = try ThreadExecutor(name: name)
    }

    deinit { executor.stop() }

    /// Starts threads for a number of sessions.
    /// - Parameter limit: sessions beyond it share threads.
    /// - Throws: `ThreadError`; then none is left behind.
    package static func start(
        for sessions: Int, limit: Int, named name: (_ number: Int) -> String
    ) throws(ThreadError) -> [SessionThread] {
        var threads: [SessionThread] = []
        for number in 0..<min(sessions, limit) { threads.append(try SessionThread(name: name(number))) }
        return threads
    }
}
