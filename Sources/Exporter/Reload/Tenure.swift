import Synchronization

/// A monitor's time in charge: knows who is still using it.
final class Tenure: Sendable {
    private struct Users {
        var count = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    let monitor: Monitor
    private let users = Mutex(Users())

    init(_ monitor: Monitor) { self.monitor = monitor }

    func enter() { users.withLock { $0.count += 1 } }

    func leave() {
        let waiting = users.withLock { users -> CheckedContinuation<Void, Never>? in
            users.count -= 1
            guard users.count == 0 else { return nil }
            defer { users.waiting = nil }
            return users.waiting
        }
        waiting?.resume()
    }

    /// Waits until nobody uses the monitor. For one who waits, when nobody can enter any more.
    func unused() async {
        await withCheckedContinuation { continuation in
            let isUnused = users.withLock { users in
                if users.count > 0 { users.waiting = continuation }
                return users.count == 0
            }
            if isUnused { continuation.resume() }
        }
    }
}
