internal import CMariaDB
internal import Glibc

/// Looks at what a server says until a log-in is over, before libmariadb does.
///
/// - Where TLS is wanted, whether the server offers it: libmariadb goes on in plain text when it does not, whatever it was
///   told; and its plugin for caching_sha2_password then takes the connection for an encrypted one and sends the password as
///   it is (Connector/C 3.3.20, `is_connection_secure`). To look whether TLS is on once connected comes too late.
/// - That no packet is longer than the library's buffer: it would grow and move, and libmariadb goes on using what it has
///   read of the packet before (Connector/C 3.3.20, docs/libmariadb.md). A log-in takes some hundred bytes a packet.
final class LogInGuard {
    private let isTLSWanted: Bool
    private var greeting = GreetingReader()
    private var fence = PacketFence(longest: networkBuffer - 256)
    /// The server offers no TLS: the socket was shut down before anything was sent.
    private(set) var lacksTLS = false

    init(isTLSWanted: Bool) { self.isTLSWanted = isTLSWanted }

    /// Why the log-in was ended, if it was not for want of TLS.
    var refusal: MySQLError? {
        fence.refused.map {
            MySQLError(
                phase: .protocol, code: ErrorCode.packetTooLarge,
                message: "a packet of \($0) bytes during the log-in; refused")
        }
    }

    /// Runs a call that connects, on this thread.
    func during<Value>(_ call: () -> Value) -> Value {
        pthread_setspecific(currentGuard, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(currentGuard, nil) }
        return call()
    }

    fileprivate func received(_ bytes: UnsafeMutableBufferPointer<UInt8>, over socket: Int32) {
        if isTLSWanted, greeting.offer == nil {
            greeting.take(bytes)
            lacksTLS = greeting.offer == false
        }
        fence.inspect(bytes)
        if lacksTLS || fence.refused != nil, socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    }
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
        .received(buffer, over: Int32(mysql_get_socket(mysql)))
}
