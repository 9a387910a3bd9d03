internal import CMariaDB
internal import Glibc
internal import Replication

/// Inspects what a server sends until a log-in is complete, before libmariadb reads it.
///
/// - If TLS is wanted, checks that the server offers it. If it does not, libmariadb continues in plain text whatever its options
///   say, and its caching_sha2_password plugin takes the connection for an encrypted one and sends the password as it is
///   (Connector/C 3.3.20, `is_connection_secure`). Checking for TLS once connected would be too late. If TLS is only preferred,
///   the library's options are changed to no TLS before it reads the greeting.
/// - Before the TLS handshake, makes the thread wait for its turn at the processor (`ProcessorGate`). The socket does not block
///   from then on: otherwise libmariadb would leave the waiting to OpenSSL, and the gate would not learn of it.
/// - Checks that nothing follows, in plain text, a greeting that offers TLS: the library would have it in its buffer and, once
///   TLS is on, read it as if it had arrived encrypted.
/// - Checks that no packet is longer than the library's buffer: the buffer would grow and move while libmariadb goes on using
///   what it read from the packet before (Connector/C 3.3.20, docs/libmariadb.md). A log-in takes about a hundred bytes a packet.
final class LogInGuard {
    /// What the options ask for.
    enum Wish { case plain, tlsPreferred, tls }

    private static let gate = ProcessorGate(places: Processors.available)
    /// How many times a log-in may resume ahead of those that have not begun. A well-behaved server needs three to five turns.
    private static let privileged = 8

    private let wish: Wish
    private let deadline: ContinuousClock.Instant
    private var place: ProcessorGate.Place?
    private var privileges = privileged
    /// Something arrived between the greeting and TLS.
    private var isInjected = false
    /// There was no turn at the processor before the deadline.
    private var isCrowdedOut = false
    private var greeting = GreetingReader()
    private var fence = PacketFence(longest: networkBuffer - 256)
    /// The server offers no TLS. If TLS is required, the socket was shut down before anything was sent.
    private(set) var lacksTLS = false

    init(_ wish: Wish, deadline: ContinuousClock.Instant) {
        self.wish = wish
        self.deadline = deadline
    }

    /// Why the log-in was refused, if not for lack of TLS.
    var refusal: MySQLError? {
        if isInjected {
            return MySQLError(
                phase: .tls, code: ErrorCode.malformedPacket,
                message:
                    "data in plain text followed the greeting, before TLS; refused: possibly a man in the middle")
        }
        if isCrowdedOut { return .deadlineExceeded(while: "waiting for a processor of this machine, for TLS") }
        return fence.refused.map { refused in
            switch refused {
            case .long(let length):
                MySQLError(
                    phase: .protocol, code: ErrorCode.packetTooLarge,
                    message: "a packet of \(length) bytes during the log-in; refused")
            case .progress:
                MySQLError(
                    phase: .protocol, code: ErrorCode.malformedPacket,
                    message: "a progress report during the log-in; refused")
            }
        }
    }

    /// Runs a call that connects, on this thread.
    func during<Value>(_ call: () -> Value) -> Value {
        pthread_setspecific(currentGuard, Unmanaged.passUnretained(self).toOpaque())
        defer {
            pthread_setspecific(currentGuard, nil)
            leave()
        }
        return call()
    }

    fileprivate func received(
        _ bytes: UnsafeMutableBufferPointer<UInt8>, over socket: Int32, of mysql: UnsafeMutablePointer<MYSQL>
    ) {
        fence.inspect(bytes)
        if wish != .plain {
            let wasKnown = greeting.offer != nil
            greeting.take(bytes)
            if greeting.isFollowed, greeting.offer == .tls { isInjected = true }
            switch wasKnown || isInjected ? nil : greeting.offer {
            case .tls?: prepareHandshake(over: socket)
            case GreetingReader.Offer.none?:
                lacksTLS = true
                if wish == .tlsPreferred { doWithoutTLS(mysql) }
            case .refusal?, nil: break
            }
        }
        if lacksTLS && wish == .tls || isInjected || isCrowdedOut || fence.refused != nil { end(socket) }
    }

    private func end(_ socket: Int32) {
        if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    // MARK: - The handshake

    private func prepareHandshake(over socket: Int32) {
        setBlocking(false, socket)
        enter(isResuming: false)
    }

    private func enter(isResuming: Bool) {
        place = Self.gate.enter(isResuming: isResuming && privileges > 0, deadline: deadline)
        privileges -= isResuming ? 1 : 0
        isCrowdedOut = place == nil
    }

    private func leave() {
        guard let place else { return }
        self.place = nil
        // A log-in whose place had to be taken away no longer resumes ahead of others.
        if !Self.gate.leave(place) { privileges = 0 }
    }

    /// Runs `wait` without holding a place at the processor. If the server sent nothing, the place is not taken again.
    /// - Parameter wait: returns what `poll` does; its argument says whether to return also when the socket is writable.
    fileprivate func whileWaiting(for socket: Int32, _ wait: (_ orWriting: Bool) -> Int32) -> Int32 {
        guard place != nil else { return wait(false) }
        leave()
        let status = wait(!canBeWritten(socket))
        guard status > 0 else { return status }
        let reason = errno
        enter(isResuming: true)
        if isCrowdedOut { end(socket) }
        errno = reason
        return status
    }

    /// The library waits for reading even when OpenSSL wants to write (Connector/C 3.3, `ma_tls_connect`).
    private func canBeWritten(_ socket: Int32) -> Bool {
        var poll = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 0) != 0
    }
}

/// Sets whether OpenSSL's reads of a socket block in the kernel.
func setBlocking(_ isBlocking: Bool, _ socket: Int32) {
    let flags = fcntl(socket, F_GETFL)
    guard flags >= 0 else { return }
    _ = fcntl(socket, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
}

/// Makes libmariadb log in without TLS. A client certificate would ask for it as well.
private func doWithoutTLS(_ mysql: UnsafeMutablePointer<MYSQL>) {
    var enforce: Int8 = 0
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce)
    mysql_options(mysql, MYSQL_OPT_SSL_CERT, nil)
    mysql_options(mysql, MYSQL_OPT_SSL_KEY, nil)
}

/// The guard of the call running on this thread: libmariadb's callback carries no user data.
private let currentGuard: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
}()

/// Inspects what libmariadb has just received and not yet parsed.
func inspect(_ bytes: UnsafePointer<UInt8>?, count: Int, of mysql: UnsafeMutablePointer<MYSQL>?) {
    guard let current = pthread_getspecific(currentGuard), let bytes, let mysql else { return }
    // The library's own buffer, declared read-only in the callback; the guard may overwrite what was just put there.
    let buffer = UnsafeMutableBufferPointer(start: UnsafeMutablePointer(mutating: bytes), count: count)
    Unmanaged<LogInGuard>.fromOpaque(current).takeUnretainedValue()
        .received(buffer, over: Int32(mysql_get_socket(mysql)), of: mysql)
}

/// Waits for a socket on this thread; within a log-in, without holding a place at the processor.
func waitingOutOfTheWay(for socket: Int32, _ wait: (_ orWriting: Bool) -> Int32) -> Int32 {
    guard let current = pthread_getspecific(currentGuard) else { return wait(false) }
    return Unmanaged<LogInGuard>.fromOpaque(current).takeUnretainedValue().whileWaiting(for: socket, wait)
}
