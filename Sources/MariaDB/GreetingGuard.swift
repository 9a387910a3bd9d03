internal import CMariaDB
internal import Glibc

/// Looks at a server's greeting before libmariadb answers it, where TLS is wanted.
///
/// libmariadb goes on in plain text when a server offers no TLS, whatever it was told; and its plugin for
/// caching_sha2_password then takes the connection for an encrypted one and sends the password as it is (Connector/C 3.3.20,
/// `is_connection_secure`). To look whether TLS is on once connected comes too late.
final class GreetingGuard {
    private var reader = GreetingReader()
    /// The server offers no TLS: the socket was shut down before anything was sent.
    private(set) var hasRefused = false

    /// Runs a call that connects, on this thread.
    func during<Value>(_ call: () -> Value) -> Value {
        pthread_setspecific(currentGuard, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(currentGuard, nil) }
        return call()
    }

    fileprivate func received(_ bytes: UnsafeBufferPointer<UInt8>, over socket: Int32) {
        guard reader.offer == nil else { return }
        reader.take(bytes)
        guard reader.offer == false else { return }
        hasRefused = true
        if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    }
}

/// Takes from a greeting, in whatever pieces it arrives, whether the server offers TLS.
/// (MySQL manual, "Protocol::HandshakeV10".)
struct GreetingReader {
    /// Nil until it is known. False also for a greeting that is too short to say so, as libmariadb reads it.
    private(set) var offer: Bool?
    private var packet: [UInt8] = []

    /// Read no further: a version without end must not fill memory. libmariadb's own limit is far higher.
    private static let limit = 4096
    private static let headerLength = 4

    mutating func take(_ bytes: some Collection<UInt8>) {
        guard offer == nil else { return }
        packet += bytes.prefix(Self.limit - packet.count)
        guard packet.count > Self.headerLength else { return }
        let length = Int(packet[0]) | Int(packet[1]) << 8 | Int(packet[2]) << 16
        let payload = packet.dropFirst(Self.headerLength).prefix(length)
        // An error in place of the greeting: libmariadb reads it and answers nothing.
        if payload.first == 0xFF {
            offer = true
            return
        }
        // After the protocol's version: a text, a zero, the thread's number (4), half a scramble (8), a zero, flags (2).
        if let end = payload.dropFirst().firstIndex(of: 0), payload.endIndex - end > 15 {
            let flags = UInt32(payload[end + 14]) | UInt32(payload[end + 15]) << 8
            offer = flags & UInt32(CLIENT_SSL) != 0
        } else if payload.count == length || packet.count == Self.limit {
            offer = false
        }
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
    Unmanaged<GreetingGuard>.fromOpaque(current).takeUnretainedValue()
        .received(UnsafeBufferPointer(start: bytes, count: count), over: Int32(mysql_get_socket(mysql)))
}
