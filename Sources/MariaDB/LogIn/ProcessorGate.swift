internal import Dispatch
internal import Synchronization

/// Lets only as many threads compute at a time as there are processors.
///
/// A TLS log-in takes milliseconds of processor time. If thousands begin at once and share the processors, all of them finish
/// late, and past the deadline all that work is wasted; one after the other, many finish in time. A place is for computing only:
/// a thread that waits for its peer gives it up, and afterwards gets one ahead of those that have not begun.
final class ProcessorGate: Sendable {
    /// A place held.
    struct Place: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private final class Waiter: Sendable {
        let turn = DispatchSemaphore(value: 0)
    }

    private struct State {
        var free: Int
        /// When each place was taken.
        var holders: [Place: ContinuousClock.Instant] = [:]
        var resuming: [Waiter] = []
        var beginning: [Waiter] = []
        /// Places handed on to waiters that have not woken up yet.
        var handed: [ObjectIdentifier: Place] = [:]
        var last: UInt64 = 0

        mutating func take(_ now: ContinuousClock.Instant) -> Place {
            last += 1
            let place = Place(number: last)
            holders[place] = now
            return place
        }

        /// Hands the place on, or frees it. Does nothing if the place has already been taken away.
        mutating func leave(_ place: Place, _ now: ContinuousClock.Instant) {
            guard holders.removeValue(forKey: place) != nil else { return }
            guard let next = head else {
                free += 1
                return
            }
            remove(next)
            handed[ObjectIdentifier(next)] = take(now)
            next.turn.signal()
            head?.turn.signal()
        }

        /// The first in line. It alone watches for expired leases: if a thousand waiters did, that would cost more than the
        /// log-ins.
        var head: Waiter? { resuming.first ?? beginning.first }

        mutating func remove(_ waiter: Waiter) {
            resuming.removeAll { $0 === waiter }
            beginning.removeAll { $0 === waiter }
        }

        mutating func takeAway(since: ContinuousClock.Instant, _ now: ContinuousClock.Instant) {
            for (place, taken) in holders where taken <= since { leave(place, now) }
        }
    }

    private let state: Mutex<State>
    private let lease: Duration

    /// - Parameter lease: a place that is held for longer goes to the next waiter: its holder may be blocked without the gate
    ///   knowing.
    init(places: Int, lease: Duration = .milliseconds(50)) {
        state = Mutex(State(free: max(1, places)))
        self.lease = lease
    }

    /// Waits for a place.
    /// - Parameter isResuming: puts the caller ahead of those that are not resuming. Limit how often one log-in uses it: one that
    ///   resumed forever would never let another begin.
    /// - Returns: nil if no place became free before the deadline.
    func enter(isResuming: Bool = false, deadline: ContinuousClock.Instant) -> Place? {
        let waiter = Waiter()
        let taken: Place? = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return state.take(.now)
            }
            if isResuming { state.resuming.append(waiter) } else { state.beginning.append(waiter) }
            return nil
        }
        if let taken { return taken }
        while true {
            let until = state.withLock { state in
                guard state.head === waiter else { return deadline }
                return min(deadline, state.holders.values.min().map { $0 + lease } ?? deadline)
            }
            _ = waiter.turn.wait(timeout: .now() + interval(until: until))
            let now = ContinuousClock.now
            let handed: Place? = state.withLock { state in
                state.takeAway(since: now - lease, now)
                if let place = state.handed.removeValue(forKey: ObjectIdentifier(waiter)) { return place }
                if now >= deadline {
                    state.remove(waiter)
                    state.head?.turn.signal()
                }
                return nil
            }
            if let handed { return handed }
            if now >= deadline { return nil }
        }
    }

    /// Gives a place up.
    /// - Returns: false if it had been taken away before.
    @discardableResult
    func leave(_ place: Place) -> Bool {
        state.withLock { state in
            let isHeld = state.holders[place] != nil
            state.leave(place, .now)
            return isHeld
        }
    }

    /// For tests.
    var waiting: Int { state.withLock { $0.resuming.count + $0.beginning.count } }
    /// For tests.
    var free: Int { state.withLock(\.free) }

    private func interval(until instant: ContinuousClock.Instant) -> DispatchTimeInterval {
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: instant).components
        if seconds < 0 || attoseconds < 0 { return .nanoseconds(0) }
        return .nanoseconds(Int(min(seconds, 86_400)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }
}
