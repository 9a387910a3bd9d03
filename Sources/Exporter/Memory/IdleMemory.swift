import CMemory
import Replication
import Synchronization

/// Hands back to the system, once nothing has been asked for a moment, what the last scrape has left free.
///
/// A scrape of a thousand nodes makes and frees tens of megabytes, in pieces between which lies what stays; malloc returns
/// such memory only when told to (malloc_trim(3)), and prometheus comes again in fifteen seconds.
final class IdleMemory: Sendable {
    private struct State {
        var lastUse: ContinuousClock.Instant = .now
        var isWatched = false
        var isStarted = false
    }

    private static let quiet = Duration.milliseconds(100)

    private let state = Mutex(State())

    /// Somebody was answered.
    func used() {
        let begins = state.withLock { state in
            state.lastUse = .now
            defer { state.isWatched = true }
            return !state.isWatched
        }
        if begins { Task { await release() } }
    }

    private func release() async {
        while let pause = remainingPause { try? await Task.sleep(until: pause, clock: .continuous) }
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        malloc_trim(0)
        if isFirst { ProgramText.release() }
    }

    /// Until when to wait; nil when it has been quiet long enough, and whoever asks next is to be waited for anew.
    private var remainingPause: ContinuousClock.Instant? {
        state.withLock { state in
            let end = state.lastUse + Self.quiet
            if end > .now { return end }
            state.isWatched = false
            return nil
        }
    }
}
