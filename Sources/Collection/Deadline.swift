internal import Synchronization

/// When a caller stops waiting, whatever is still outstanding. One timer for all the rounds that the caller waits for.
///
/// If the process stands still meanwhile (a virtual machine is moved, or the processors are taken), nobody has the time until the
/// deadline: servers may have answered long ago. Then the caller waits a little longer, once, until what has arrived is read.
package final class Deadline: Sendable {
    package let instant: ContinuousClock.Instant

    /// The part of a caller's time after which a round no longer waits for first answers. The rest is for follow-up questions,
    /// which the other nodes get even if one hangs.
    private static let firstPart = 0.7
    /// How often the timer looks whether the process stands still.
    private static let stride = Duration.milliseconds(250)
    /// A timer that is later than this shows that it did.
    static let punctuality = Duration.milliseconds(100)
    /// How much longer the caller waits then.
    package static let grace = Duration.milliseconds(250)

    /// Waits until an instant.
    package typealias Sleep = @Sendable (ContinuousClock.Instant) async throws -> Void

    private struct State {
        var whenFollowingUp: [@Sendable () -> Void] = []
        var whenOver: [@Sendable () -> Void] = []
        var isFollowingUp = false
        var isOver = false
        var hasStoodStill = false
        var timer: Task<Void, any Error>?
    }

    private let began: ContinuousClock.Instant
    private let followUp: ContinuousClock.Instant
    private let grace: Duration
    private let sleep: Sleep
    private let state = Mutex(State())

    package init(
        _ instant: ContinuousClock.Instant, grace: Duration = Deadline.grace,
        sleep: @escaping Sleep = { try await Task.sleep(until: $0, clock: .continuous) }
    ) {
        began = ContinuousClock.now
        self.instant = instant
        self.grace = grace
        self.sleep = sleep
        followUp = began + began.duration(to: instant) * Self.firstPart
    }

    /// Whether the process has stood still while the caller waited: a node that has not answered may have had no time.
    package var hasStoodStill: Bool { state.withLock(\.hasStoodStill) }

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
        Task { [began, followUp, instant, grace, sleep, weak self] in
            var isPunctual = try await Self.wait(until: followUp, since: began, sleep)
            self?.strike(\.isFollowingUp, \.whenFollowingUp)
            // Even if it begins late.
            isPunctual = try await Self.wait(until: instant, since: max(.now, followUp), sleep) && isPunctual
            if !isPunctual {
                self?.noteStandstill()
                try await sleep(max(.now, instant) + grace)
            }
            self?.strike(\.isOver, \.whenOver)
        }
    }

    /// - Parameter start: when the wait began, or should have.
    /// - Returns: whether the process was running all the time.
    private static func wait(
        until goal: ContinuousClock.Instant, since start: ContinuousClock.Instant, _ sleep: Sleep
    ) async throws -> Bool {
        var isPunctual = start.duration(to: .now) <= punctuality
        var now = max(start, .now)
        while now < goal {
            let next = min(goal, now + stride)
            try await sleep(next)
            now = .now
            if next.duration(to: now) > punctuality { isPunctual = false }
        }
        return isPunctual
    }

    private func noteStandstill() { state.withLock { $0.hasStoodStill = true } }

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
