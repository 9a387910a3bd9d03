internal import Glibc
internal import Synchronization

/// Ends a connection's blocking call at its deadline, or when it reads too much.
///
/// libmariadb's own timeouts count whole seconds and start again with every read, so a server that drips bytes outlives
/// them; and it keeps in memory whatever a server sends. Three mechanisms make up for that:
/// - libmariadb waits for its socket through `wait(…)` (`MARIADB_OPT_IO_WAIT`), which never waits past the deadline;
/// - a peer that sends without end never makes it wait, but it reports what it has read (`ma_pvio_register_callback`), and
///   `received(…)` shuts the socket down when it is too late or too much;
/// - what the TLS library reads by itself is not reported: the `Watchdog` calls `interruptIfOverdue()`, which shuts down a
///   duplicate of the socket from outside.
///
/// A late interruption cannot hit the next query, because that query has set a later deadline.
final class Interrupter: Sendable {
    /// Why a call was cut off.
    enum Interruption: Sendable {
        case deadline
        /// The reply exceeded its size limit.
        case size
        /// The description of a result, before its rows, exceeded its size limit.
        case description
        /// The limit for all running replies together is reached.
        case crowd
    }

    private struct State {
        /// The library's descriptor, and our duplicate of it. The library may close its own at any time, and the number is soon
        /// reused by another connection; the duplicate stays ours.
        var original: Int32 = -1
        var duplicate: Int32 = -1
        /// Whether `original` stays the same socket: while connecting, each address of a name has its own, under the same number.
        var isConnected = false
        /// Whether a connection was established, and the errno of the last address that refused one.
        var isEstablished = false
        var refusal: Int32?
        var deadline: ContinuousClock.Instant?
        /// Bytes that the call has read, and the most it may read.
        var read = 0
        var budget = 0
        /// The most it may have read when the rows of a result begin; nil within the rows.
        var descriptionEnd: Int?
        /// Bytes taken from the budget that all calls share.
        var borrowed = 0
        var interruption: Interruption?
        var lowWater = LowWaterMark()

        mutating func adopt(_ descriptor: Int32) {
            lowWater = LowWaterMark()
            if duplicate >= 0 { close(duplicate) }
            original = descriptor
            // Without a duplicate (no descriptors left), the deadline in `wait` still applies.
            duplicate = descriptor >= 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1
        }

        /// The limit that the call has exceeded, if any.
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
    ///   - expected: bytes that it will most likely read, without TLS; 0 if unknown.
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
            $0.isEstablished = $0.isConnected
            $0.refusal = nil
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

    /// Runs a part of the call that ends before the rows of a result: the library sets no limit on what it keeps of that part.
    func beforeRows<Value>(_ call: () -> Value) -> Value {
        state.withLock { $0.descriptionEnd = $0.read + ReplyLimit.description }
        defer { state.withLock { $0.descriptionEnd = nil } }
        return call()
    }

    /// Bytes that the last call has read.
    var bytesRead: Int { state.withLock { $0.read } }

    /// Why the last call was cut off, by `wait`, by what it read, or from outside.
    var interruption: Interruption? { state.withLock { $0.interruption } }

    /// Why the last call could not connect: the errno, which libmariadb does not look at. Nil if it connected, or if nothing
    /// answered.
    var refusal: Int32? { state.withLock { $0.refusal } }

    /// Whether there was a peer in the last call: the socket was connected.
    var hadPeer: Bool { state.withLock { $0.isEstablished } }

    /// Whether the last call read more than a well-behaved server sends.
    var hasReadMuch: Bool { state.withLock { $0.read > ReplyLimit.usual } }

    /// Shuts the socket down if the running call's deadline has passed; otherwise does nothing. Callable from any thread.
    func interruptIfOverdue() {
        state.withLock { state in
            guard let deadline = state.deadline, deadline <= .now else { return }
            state.interrupt(.deadline)
        }
    }

    static var isAnyCallUnderWay: Bool { callsUnderWay.load(ordering: .relaxed) > 0 }

    /// Records the socket of a connection just made.
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

    /// What libmariadb calls instead of `poll(2)`. Returns what `poll` does: 1 ready, 0 timed out, −1 error.
    /// - Parameter orWriting: also return when the socket is writable.
    func wait(for descriptor: Int32, reading: Bool, orWriting: Bool = false, libraryTimeout: Int32) -> Int32 {
        let (deadline, mayGuess, isConnecting) = state.withLock { state in
            if !state.isConnected { state.adopt(descriptor) }
            // The library reads from a connected socket only.
            if reading { state.isEstablished = true }
            if !reading { return (state.deadline, false, !state.isEstablished) }
            return (
                state.deadline, state.lowWater.put(state.lowWater.next(after: state.read), on: descriptor) > 1, false
            )
        }
        var isGuess = mayGuess
        let events = (reading ? POLLIN : POLLOUT) | (orWriting ? POLLOUT : 0)
        var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            // The library's own limit is ignored: in the TLS handshake it passes its seconds as milliseconds.
            let limit = deadline.map { milliseconds(until: $0) } ?? (libraryTimeout > 0 ? libraryTimeout : Int32.max)
            // A guess may take half the time left, so that what has arrived is still read before the deadline.
            let status = Glibc.poll(&poll, 1, isGuess ? min(Self.patience, limit / 2) : limit)
            if status > 0 { return isConnecting && refused(poll) ? -1 : status }
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

    /// Whether a connection attempt has just failed; notes why. libmariadb would report EINPROGRESS.
    private func refused(_ poll: pollfd) -> Bool {
        state.withLock { state in
            guard Int32(poll.revents) & (POLLERR | POLLHUP) != 0 else {
                state.isEstablished = true
                state.refusal = nil
                return false
            }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(poll.fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code != 0 else { return false }
            state.refusal = code
            errno = code
            return true
        }
    }

    /// How long to wait for the expected size of a reply, in milliseconds. Longer when many calls are running, because each of
    /// them gets its answer later then.
    private static var patience: Int32 { Int32(min(5 + callsUnderWay.load(ordering: .relaxed) / 4, 250)) }

    /// Counts what libmariadb has just read; called on its thread, in the middle of a call.
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
        // Rounded up, so that the last millisecond is slept rather than spun.
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

/// Running calls to all servers.
private let callsUnderWay = Atomic(0)

/// The interrupter of the call running on this thread: neither of libmariadb's callbacks carries user data.
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
    // Outside of `during`, that is, while closing: never wait for a peer.
    var poll = pollfd(fd: descriptor, events: Int16(isRead != 0 ? POLLIN : POLLOUT), revents: 0)
    return Glibc.poll(&poll, 1, 0)
}

/// Counts `count` bytes that libmariadb has read on this thread.
func noteReceived(_ count: Int) {
    // The library checks the errno of its read after this callback.
    let before = errno
    _ = withCurrentInterrupter { $0.received(count) }
    errno = before
}
