internal import Glibc
internal import Synchronization

/// Ends a connection's blocking call at its deadline.
///
/// libmariadb's own timeouts count whole seconds and start anew with every read, so a server that drips bytes outlives
/// them. Two things stand in here:
/// - libmariadb waits for its socket through `wait(…)` (`MARIADB_OPT_IO_WAIT`), which never waits past the deadline;
/// - a peer that sends without end never makes it wait: whoever holds the round's clock calls `interruptIfOverdue()`,
///   which shuts a duplicate of the socket down.
///
/// A late interruption cannot hit the next query, because that query has set a later deadline.
package final class Interrupter: Sendable {
    private struct State {
        /// The library's descriptor, and our duplicate of it. The library closes its own whenever it likes and the
        /// number is soon another connection's; the duplicate stays ours.
        var original: Int32 = -1
        var duplicate: Int32 = -1
        var deadline: ContinuousClock.Instant?
        var wasInterrupted = false

        mutating func adopt(_ descriptor: Int32) {
            if duplicate >= 0 { close(duplicate) }
            original = descriptor
            // Without a duplicate (no descriptor left) the deadline in `wait` still holds.
            duplicate = descriptor >= 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1
        }
    }

    private let state = Mutex(State())

    package init() {}

    deinit {
        let duplicate = state.withLock { $0.duplicate }
        if duplicate >= 0 { Glibc.close(duplicate) }
    }

    /// Runs a blocking libmariadb call on this thread, no longer than `deadline`.
    func during<Value>(until deadline: ContinuousClock.Instant, _ call: () -> Value) -> Value {
        state.withLock {
            $0.deadline = deadline
            $0.wasInterrupted = false
        }
        pthread_setspecific(currentInterrupter, Unmanaged.passUnretained(self).toOpaque())
        defer {
            pthread_setspecific(currentInterrupter, nil)
            state.withLock { $0.deadline = nil }
        }
        return call()
    }

    /// Whether the last call was cut off, by `wait` or from outside.
    var wasInterrupted: Bool { state.withLock { $0.wasInterrupted } }

    /// Shuts the socket down when a call is under way whose deadline has passed; else does nothing. Any thread may ask.
    package func interruptIfOverdue() {
        state.withLock { state in
            guard let deadline = state.deadline, deadline <= .now else { return }
            state.wasInterrupted = true
            if state.duplicate >= 0 { shutdown(state.duplicate, Int32(SHUT_RDWR)) }
        }
    }

    /// Shuts the socket down now: the reply is not worth reading to its end.
    func cutOff() {
        state.withLock { state in
            // Called on the library's own thread, in the middle of a call: its descriptor is still its own.
            let socket = state.duplicate >= 0 ? state.duplicate : state.original
            if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Takes note of the socket of a connection just made.
    func adopt(_ descriptor: Int32) {
        state.withLock { $0.adopt(descriptor) }
    }

    /// Forgets the socket, before the library closes it.
    func release() {
        state.withLock { $0.adopt(-1) }
    }

    /// What libmariadb calls instead of `poll(2)`. Returns as `poll` does: 1 ready, 0 timed out, −1 error.
    fileprivate func wait(for descriptor: Int32, reading: Bool, libraryTimeout: Int32) -> Int32 {
        let deadline = state.withLock { state in
            if state.original != descriptor { state.adopt(descriptor) }
            return state.deadline
        }
        var poll = pollfd(fd: descriptor, events: Int16(reading ? POLLIN : POLLOUT), revents: 0)
        while true {
            let remaining = deadline.map { milliseconds(until: $0) }
            let library = libraryTimeout > 0 ? libraryTimeout : Int32.max
            let status = Glibc.poll(&poll, 1, min(remaining ?? library, library))
            if status > 0 { return status }
            if status < 0 {
                if errno == EINTR { continue }
                return -1
            }
            state.withLock { $0.wasInterrupted = true }
            errno = ETIMEDOUT
            return 0
        }
    }

    private func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let remaining = ContinuousClock.now.duration(to: deadline)
        if remaining <= .zero { return 0 }
        let (seconds, attoseconds) = remaining.components
        if seconds > 86_400 { return 86_400_000 }
        // Rounded up, so that the last millisecond is waited for rather than spun through.
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

/// The interrupter of the call that this thread is in. `MARIADB_OPT_IO_WAIT` carries no user data.
private let currentInterrupter: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
}()

/// The hook itself: `int (*)(my_socket, my_bool is_read, int timeout_ms)`.
let waitHook: @convention(c) (Int32, Int8, Int32) -> Int32 = { descriptor, isRead, timeout in
    if let current = pthread_getspecific(currentInterrupter) {
        return Unmanaged<Interrupter>.fromOpaque(current).takeUnretainedValue()
            .wait(for: descriptor, reading: isRead != 0, libraryTimeout: timeout)
    }
    // Outside of `during`, that is while closing: never wait for a peer then.
    var poll = pollfd(fd: descriptor, events: Int16(isRead != 0 ? POLLIN : POLLOUT), revents: 0)
    return Glibc.poll(&poll, 1, 0)
}
