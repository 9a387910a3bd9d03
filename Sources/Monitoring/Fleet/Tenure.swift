internal import Synchronization

/// A fleet's time in charge; counts the requests that still use it.
final class Tenure: Sendable {
    private struct Users {
        var count = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    let fleet: Fleet
    private let users = Mutex(Users())

    init(_ fleet: Fleet) { self.fleet = fleet }

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

    /// Waits until no request uses the fleet. For one caller, once no request can enter any more.
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
