internal import Glibc
internal import Synchronization

/// Ends a connection's blocking call at its deadline, and one that reads too much.
///
/// libmariadb's own timeouts count whole seconds and start anew with every read, so a server that drips bytes outlives
/// them; and it holds as much in memory as a server sends. Three things stand in here:
/// - libmariadb waits for its socket through `wait(…)` (`MARIADB_OPT_IO_WAIT`), which never waits past the deadline;
/// - a peer that sends without end never makes it wait: it tells what it has read (`ma_pvio_register_callback`), and
///   `received(…)` shuts the socket down when it is too late or too much;
/// - what the TLS library reads for itself is not reported: the `Watchdog` calls `interruptIfOverdue()`, which shuts a
///   duplicate of the socket down from outside.
///
/// A late interruption cannot hit the next query, because that query has set a later deadline.
final class Interrupter: Sendable {
    /// Why a call was cut off.
    enum Interruption: Sendable {
        case deadline
        /// More came than a reply may hold.
        case size
        /// More came before the rows than the description of a result takes.
        case description
        /// What all replies under way may hold together is taken.
        case crowd
    }

    private struct State {
        /// The library's descriptor, and our duplicate of it. The library closes its own whenever it likes and the
        /// number is soon another connection's; the duplicate stays ours.
        var original: Int32 = -1
        var duplicate: Int32 = -1
        /// Whether `original` stays the same socket: of a name's addresses each one has its own, under the same number.
        var isConnected = false
        var deadline: ContinuousClock.Instant?
        /// Bytes that the call has read, and may read at most.
        var read = 0
        var budget = 0
        /// How far it may read until the rows of a result begin; nil within them.
        var descriptionEnd: Int?
        /// Of what all calls may read beyond the usual.
        var borrowed = 0
        var interruption: Interruption?
        var lowWater = LowWaterMark()

        mutating func adopt(_ descriptor: Int32) {
            lowWater = LowWaterMark()
            if duplicate >= 0 { close(duplicate) }
            original = descriptor
            // Without a duplicate (no descriptor left) the deadline in `wait` still holds.
            duplicate = descriptor >= 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1
        }

        /// Why it may not have read as much as it has.
        mutating func excess(sharing budgetOfAll: ReplyBudget) -> Interruption? {
            if read > budget { return .size }
            if let descriptionEnd, read > descriptionEnd { return .description }
            let wanted = read - ReplyLimit.usual - borrowed
            if wanted <= 0 { return nil }
            guard budgetOfAll.borrow(wanted) else { return .crowd }
            borrowed += wanted
            return nil
        }

        mutating func interrupt(_ reason: Interruption) {
            interruption = interruption ?? reason
            if duplicate >= 0 { shutdown(duplicate, Int32(SHUT_RDWR)) }
        }
    }

    private let state = Mutex(State())
    private let budgetOfAll: ReplyBudget

    init(sharing budget: ReplyBudget = .all) {
        budgetOfAll = budget
        Watchdog.shared.add(self)
    }

    deinit {
        Watchdog.shared.remove(ObjectIdentifier(self))
        let duplicate = state.withLock { $0.duplicate }
        if duplicate >= 0 { Glibc.close(duplicate) }
    }

    /// Runs a blocking libmariadb call on this thread, no longer than `deadline`.
    /// - Parameters:
    ///   - budget: bytes that it may read.
    ///   - expected: bytes that it will most likely read, without TLS; 0 where nobody knows.
    func during<Value>(
        until deadline: ContinuousClock.Instant, reading budget: Int = ReplyLimit.bytes, expecting expected: Int = 0,
        _ call: () -> Value
    ) -> Value {
        state.withLock {
            $0.deadline = deadline
            $0.read = 0
            $0.budget = budget
            $0.descriptionEnd = nil
            $0.interruption = nil
            $0.lowWater.begin(expecting: expected)
        }
        if callsUnderWay.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { Watchdog.shared.wake() }
        pthread_setspecific(currentInterrupter, Unmanaged.passUnretained(self).toOpaque())
        defer {
            pthread_setspecific(currentInterrupter, nil)
            callsUnderWay.wrappingSubtract(1, ordering: .relaxed)
            let borrowed = state.withLock { state in
                state.deadline = nil
                defer { state.borrowed = 0 }
                return state.borrowed
            }
            if borrowed > 0 { budgetOfAll.giveBack(borrowed) }
        }
        return call()
    }

    /// Runs a part of the call that ends before the rows of a result: what the library holds of that has no bound of its own.
    func beforeRows<Value>(_ call: () -> Value) -> Value {
        state.withLock { $0.descriptionEnd = $0.read + ReplyLimit.description }
        defer { state.withLock { $0.descriptionEnd = nil } }
        return call()
    }

    /// Bytes that the last call has read.
    var bytesRead: Int { state.withLock { $0.read } }

    /// Why the last call was cut off, by `wait`, by what it read, or from outside.
    var interruption: Interruption? { state.withLock { $0.interruption } }

    /// Whether the last call read more than a server that means well has to say.
    var hasReadMuch: Bool { state.withLock { $0.read > ReplyLimit.usual } }

    /// Shuts the socket down when a call is under way whose deadline has passed; else does nothing. Any thread may ask.
    func interruptIfOverdue() {
        state.withLock { state in
            guard let deadline = state.deadline, deadline <= .now else { return }
            state.interrupt(.deadline)
        }
    }

    static var isAnyCallUnderWay: Bool { callsUnderWay.load(ordering: .relaxed) > 0 }

    /// Takes note of the socket of a connection just made.
    func adopt(_ descriptor: Int32) {
        state.withLock {
            $0.adopt(descriptor)
            $0.isConnected = true
        }
    }

    /// Forgets the socket, before the library closes it.
    func release() {
        state.withLock {
            $0.adopt(-1)
            $0.isConnected = false
        }
    }

    /// What libmariadb calls instead of `poll(2)`. Returns as `poll` does: 1 ready, 0 timed out, −1 error.
    /// - Parameter orWriting: also where it can be written to.
    func wait(for descriptor: Int32, reading: Bool, orWriting: Bool = false, libraryTimeout: Int32) -> Int32 {
        var (deadline, isGuess) = state.withLock { state in
            if !state.isConnected { state.adopt(descriptor) }
            if !reading { return (state.deadline, false) }
            return (state.deadline, state.lowWater.put(state.lowWater.next(after: state.read), on: descriptor) > 1)
        }
        let events = (reading ? POLLIN : POLLOUT) | (orWriting ? POLLOUT : 0)
        var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            // The library's own limit is not asked: in the TLS handshake it gives its seconds as milliseconds.
            let limit = deadline.map { milliseconds(until: $0) } ?? (libraryTimeout > 0 ? libraryTimeout : Int32.max)
            // What has come by the deadline is to be read before it.
            let status = Glibc.poll(&poll, 1, isGuess ? min(Self.patience, limit / 2) : limit)
            if status > 0 { return status }
            if status < 0 {
                if errno == EINTR { continue }
                return -1
            }
            if isGuess {
                isGuess = false
                _ = state.withLock { $0.lowWater.put(1, on: descriptor) }
                continue
            }
            state.withLock { $0.interruption = $0.interruption ?? .deadline }
            errno = ETIMEDOUT
            return 0
        }
    }

    /// How long to wait for as much as a reply is expected to have: milliseconds. Where many are asked at once, each gets its
    /// answer the later.
    private static var patience: Int32 { Int32(min(5 + callsUnderWay.load(ordering: .relaxed) / 4, 250)) }

    /// What libmariadb has just read; called on its thread, in the middle of a call.
    fileprivate func received(_ count: Int) {
        state.withLock { state in
            state.read += count
            if let excess = state.excess(sharing: budgetOfAll) {
                state.interrupt(excess)
            } else if let deadline = state.deadline, deadline <= .now {
                state.interrupt(.deadline)
            }
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

/// Calls to all servers.
private let callsUnderWay = Atomic(0)

/// The interrupter of the call that this thread is in: neither of libmariadb's callbacks carries user data.
private let currentInterrupter: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
}()

private func withCurrentInterrupter<Value>(_ body: (Interrupter) -> Value) -> Value? {
    pthread_getspecific(currentInterrupter).map {
        body(Unmanaged<Interrupter>.fromOpaque($0).takeUnretainedValue())
    }
}

/// `MARIADB_OPT_IO_WAIT`: `int (*)(my_socket, my_bool is_read, int timeout_ms)`.
let waitHook: @convention(c) (Int32, Int8, Int32) -> Int32 = { descriptor, isRead, timeout in
    if let status = withCurrentInterrupter({ interrupter in
        waitingOutOfTheWay(for: descriptor) { orWriting in
            interrupter.wait(
                for: descriptor, reading: isRead != 0, orWriting: orWriting, libraryTimeout: timeout)
        }
    }) {
        return status
    }
    // Outside of `during`, that is while closing: never wait for a peer then.
    var poll = pollfd(fd: descriptor, events: Int16(isRead != 0 ? POLLIN : POLLOUT), revents: 0)
    return Glibc.poll(&poll, 1, 0)
}

/// Takes note of `count` bytes that libmariadb has read on this thread.
func noteReceived(_ count: Int) {
    // The library looks at the errno of its read after this.
    let before = errno
    _ = withCurrentInterrupter { $0.received(count) }
    errno = before
}
