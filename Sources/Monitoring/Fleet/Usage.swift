internal import Synchronization

/// Counts the users of something that must not be closed while it is in use.
package final class Usage: Sendable {
    private struct Users {
        var count = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let users = Mutex(Users())

    package init() {}

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

    /// Waits until there are no users. For one caller, once no further user can come from outside.
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
