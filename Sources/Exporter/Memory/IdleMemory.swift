import CMemory
import Synchronization

/// Returns free memory to the system once no round has been running for a moment.
///
/// A scrape of a thousand nodes allocates and frees tens of megabytes, interleaved with memory that stays in use; malloc returns
/// such memory only on request (malloc_trim(3)), and the next scrape comes in fifteen seconds.
final class IdleMemory: Sendable {
    private struct State {
        var underway = 0
        var lastEnd: ContinuousClock.Instant = .now
        /// Whether a task is waiting to trim.
        var isAwaited = false
    }

    private let quiet: Duration
    private let trim: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter quiet: how long there must have been no round.
    init(quiet: Duration = .milliseconds(100), trim: @escaping @Sendable () -> Void = { malloc_trim(0) }) {
        self.quiet = quiet
        self.trim = trim
    }

    /// Runs a round and the work on its result.
    func during<Result>(_ round: () async -> Result) async -> Result {
        state.withLock { $0.underway += 1 }
        let result = await round()
        let begins = state.withLock { state in
            state.underway -= 1
            state.lastEnd = .now
            defer { state.isAwaited = true }
            return !state.isAwaited
        }
        if begins { Task { try await releaseWhenQuiet() } }
        return result
    }

    private func releaseWhenQuiet() async throws {
        while let moment = nextLook { try await Task.sleep(until: moment, clock: .continuous) }
        trim()
    }

    /// When to check again; nil when it has been quiet long enough, and the next round has to start the wait again.
    private var nextLook: ContinuousClock.Instant? {
        state.withLock { state in
            if state.underway > 0 { return .now + quiet }
            let end = state.lastEnd + quiet
            if end > .now { return end }
            state.isAwaited = false
            return nil
        }
    }
}
