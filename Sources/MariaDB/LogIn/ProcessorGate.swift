internal import Dispatch
internal import Synchronization

/// Lets as many threads do arithmetic at a time as there are processors.
///
/// A TLS log-in takes milliseconds of a processor. Where thousands begin at a time and share the processors, none ends before the
/// last ones do, and past the deadline all of them have been for nothing; one after the other, many of them are in time. A place
/// is for arithmetic only: whoever waits for a peer gives it up, and gets one again before those who have not begun.
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
        /// When they took their places.
        var holders: [Place: ContinuousClock.Instant] = [:]
        var resuming: [Waiter] = []
        var beginning: [Waiter] = []
        /// Places that were handed on to waiters who have not noticed yet.
        var handed: [ObjectIdentifier: Place] = [:]
        var last: UInt64 = 0

        mutating func take(_ now: ContinuousClock.Instant) -> Place {
            last += 1
            let place = Place(number: last)
            holders[place] = now
            return place
        }

        /// Hands the place on, or puts it with the free ones. One that has been taken away already is not there to be left.
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

        /// The first in line, who alone watches for leases that are over: a thousand that did would cost more than they wait for.
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

    /// - Parameter lease: whoever holds a place for longer has lost it to those who wait: it may be waiting in a way that nobody is
    ///   told of.
    init(places: Int, lease: Duration = .milliseconds(50)) {
        state = Mutex(State(free: max(1, places)))
        self.lease = lease
    }

    /// Waits for a place.
    /// - Parameter isResuming: goes before those who are not. To be said a few times only: whoever goes on for ever would never let
    ///   anybody begin.
    /// - Returns: nil if there is none before the deadline.
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
