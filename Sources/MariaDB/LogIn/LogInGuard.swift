internal import CMariaDB
internal import Glibc
internal import Replication

/// Looks at what a server says until a log-in is over, before libmariadb does.
///
/// - Where TLS is wanted, whether the server offers it: libmariadb goes on in plain text when it does not, whatever it was
///   told; and its plugin for caching_sha2_password then takes the connection for an encrypted one and sends the password as
///   it is (Connector/C 3.3.20, `is_connection_secure`). To look whether TLS is on once connected comes too late. Where it is
///   only preferred, the library is told that it is not wanted, before it looks at the greeting.
/// - Before the TLS handshake the thread waits for its turn at the processor (`ProcessorGate`). The socket does not block from then
///   on: libmariadb would leave the waiting to OpenSSL, and nobody would be told of it.
/// - That nothing comes in plain text behind a greeting that offers TLS: the library has it in its buffer then, and reads it once TLS
///   is on as if it had come by it.
/// - That no packet is longer than the library's buffer: it would grow and move, and libmariadb goes on using what it has
///   read of the packet before (Connector/C 3.3.20, docs/libmariadb.md). A log-in takes some hundred bytes a packet.
final class LogInGuard {
    /// As the options have it.
    enum Wish { case plain, tlsPreferred, tls }

    private static let gate = ProcessorGate(places: Processors.available)
    /// How often a log-in goes on before those who begin. It takes three to five turns where nobody means ill.
    private static let privileged = 8

    private let wish: Wish
    private let deadline: ContinuousClock.Instant
    private var place: ProcessorGate.Place?
    private var privileges = privileged
    /// Something came between the greeting and TLS.
    private var isInjected = false
    /// There was no turn at the processor before the deadline.
    private var isCrowdedOut = false
    private var greeting = GreetingReader()
    private var fence = PacketFence(longest: networkBuffer - 256)
    /// The server offers no TLS. Where that is a must the socket was shut down before anything was sent.
    private(set) var lacksTLS = false

    init(_ wish: Wish, deadline: ContinuousClock.Instant) {
        self.wish = wish
        self.deadline = deadline
    }

    /// Why the log-in was ended, if it was not for want of TLS.
    var refusal: MySQLError? {
        if isInjected {
            return MySQLError(
                phase: .tls, code: ErrorCode.malformedPacket,
                message:
                    "something came in plain text behind the greeting, before TLS; refused: somebody may be in between")
        }
        if isCrowdedOut { return .deadlineExceeded(while: "waiting for a turn at this machine's processors, for TLS") }
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
        // Whoever had to have it taken away is no longer in a hurry.
        if !Self.gate.leave(place) { privileges = 0 }
    }

    /// Runs what waits for the server, out of others' way. What ends without a word of it is over.
    /// - Parameter wait: returns as `poll` does. To be told whether to wait also until the socket can be written to.
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

    /// The library asks to read also where OpenSSL wants to write (Connector/C 3.3, `ma_tls_connect`).
    private func canBeWritten(_ socket: Int32) -> Bool {
        var poll = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 0) != 0
    }
}

/// Whether OpenSSL's reads of a socket wait in the kernel.
func setBlocking(_ isBlocking: Bool, _ socket: Int32) {
    let flags = fcntl(socket, F_GETFL)
    guard flags >= 0 else { return }
    _ = fcntl(socket, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
}

/// Has libmariadb log in as if nobody had wanted TLS. A certificate of the client's would be a wish as well.
private func doWithoutTLS(_ mysql: UnsafeMutablePointer<MYSQL>) {
    var enforce: Int8 = 0
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce)
    mysql_options(mysql, MYSQL_OPT_SSL_CERT, nil)
    mysql_options(mysql, MYSQL_OPT_SSL_KEY, nil)
}

/// The guard of the call that this thread is in: libmariadb's callback carries no user data.
private let currentGuard: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
}()

/// What libmariadb has just read, and not looked at yet.
func inspect(_ bytes: UnsafePointer<UInt8>?, count: Int, of mysql: UnsafeMutablePointer<MYSQL>?) {
    guard let current = pthread_getspecific(currentGuard), let bytes, let mysql else { return }
    // The library's own buffer, of which it means us to look at what it has just put there.
    let buffer = UnsafeMutableBufferPointer(start: UnsafeMutablePointer(mutating: bytes), count: count)
    Unmanaged<LogInGuard>.fromOpaque(current).takeUnretainedValue()
        .received(buffer, over: Int32(mysql_get_socket(mysql)), of: mysql)
}

/// Runs what waits for a socket on this thread, out of the way of others' log-ins if it is within one.
func waitingOutOfTheWay(for socket: Int32, _ wait: (_ orWriting: Bool) -> Int32) -> Int32 {
    guard let current = pthread_getspecific(currentGuard) else { return wait(false) }
    return Unmanaged<LogInGuard>.fromOpaque(current).takeUnretainedValue().whileWaiting(for: socket, wait)
}
