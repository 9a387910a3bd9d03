internal import Synchronization

/// When a caller stops waiting, whatever is still outstanding. One timer for all the rounds that the caller waits for.
package final class Deadline: Sendable {
    package let instant: ContinuousClock.Instant

    /// The part of a caller's time after which a round no longer waits for first answers. The rest is for follow-up questions,
    /// which the other nodes get even if one hangs.
    private static let firstPart = 0.7

    private struct State {
        var whenFollowingUp: [@Sendable () -> Void] = []
        var whenOver: [@Sendable () -> Void] = []
        var isFollowingUp = false
        var isOver = false
        var timer: Task<Void, any Error>?
    }

    private let followUp: ContinuousClock.Instant
    private let state = Mutex(State())

    package init(_ instant: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        self.instant = instant
        followUp = now + now.duration(to: instant) * Self.firstPart
    }

    deinit { state.withLock { $0.timer }?.cancel() }

    /// Stops the timer, when the caller no longer waits.
    package func cancel() {
        let timer = state.withLock { state in
            state.whenFollowingUp = []
            state.whenOver = []
            return state.timer
        }
        timer?.cancel()
    }

    /// Runs `followUp` when it is time to follow up the answers received so far, and `over` at the deadline; each at once if that
    /// time has passed.
    func add(followUp: @escaping @Sendable () -> Void, over: @escaping @Sendable () -> Void) {
        let (isFollowingUp, isOver) = state.withLock { state in
            if !state.isFollowingUp { state.whenFollowingUp.append(followUp) }
            if !state.isOver { state.whenOver.append(over) }
            if state.timer == nil { state.timer = timer() }
            return (state.isFollowingUp, state.isOver)
        }
        if isFollowingUp { followUp() }
        if isOver { over() }
    }

    private func timer() -> Task<Void, any Error> {
        Task { [followUp, instant, weak self] in
            try await Task.sleep(until: followUp, clock: .continuous)
            self?.strike(\.isFollowingUp, \.whenFollowingUp)
            try await Task.sleep(until: instant, clock: .continuous)
            self?.strike(\.isOver, \.whenOver)
        }
    }

    private func strike(
        _ flag: WritableKeyPath<State, Bool>, _ list: WritableKeyPath<State, [@Sendable () -> Void]>
    ) {
        let actions = state.withLock { state in
            state[keyPath: flag] = true
            defer { state[keyPath: list] = [] }
            return state[keyPath: list]
        }
        for action in actions { action() }
    }
}
