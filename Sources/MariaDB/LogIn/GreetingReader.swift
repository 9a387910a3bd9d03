internal import CMariaDB

/// Reads from a greeting, in whatever pieces it arrives, whether the server offers TLS.
/// (MySQL manual, "Protocol::HandshakeV10".)
struct GreetingReader {
    enum Offer {
        case tls
        /// Also for a greeting too short to contain the flags; libmariadb treats it the same way.
        case none
        /// An error in place of the greeting: libmariadb reads it and sends nothing.
        case refusal
    }

    /// Nil until it is known.
    private(set) var offer: Offer?
    /// Whether anything followed it. A server that switches to TLS sends nothing before the client does; what a man in the
    /// middle adds would be read as if it had arrived encrypted.
    private(set) var isFollowed = false
    /// Bytes received until the greeting was complete.
    private var received = 0
    private var packet: [UInt8] = []

    /// Bytes kept at most: an endless version string must not fill memory.
    private static let limit = 4096
    private static let headerLength = 4

    mutating func take(_ bytes: some Collection<UInt8>) {
        // What arrives after a complete greeting is encrypted, or from a server without TLS.
        guard !isComplete else { return }
        received += bytes.count
        takeOffer(bytes)
        isFollowed = end.map { received > $0 } ?? false
    }

    private var isComplete: Bool { end.map { received >= $0 } ?? false }

    /// Where it ends, once that is known.
    private var end: Int? { packet.count < Self.headerLength ? nil : Self.headerLength + length }

    private var length: Int { Int(packet[0]) | Int(packet[1]) << 8 | Int(packet[2]) << 16 }

    private mutating func takeOffer(_ bytes: some Collection<UInt8>) {
        guard offer == nil else { return }
        packet += bytes.prefix(Self.limit - packet.count)
        guard packet.count > Self.headerLength else { return }
        let payload = packet.dropFirst(Self.headerLength).prefix(length)
        if payload.first == 0xFF {
            offer = .refusal
            return
        }
        // After the protocol version: a string, a zero, the thread id (4), half the scramble (8), a zero, flags (2).
        if let end = payload.dropFirst().firstIndex(of: 0), payload.endIndex - end > 15 {
            let flags = UInt32(payload[end + 14]) | UInt32(payload[end + 15]) << 8
            offer = flags & UInt32(CLIENT_SSL) != 0 ? .tls : Offer.none
        } else if payload.count == length || packet.count == Self.limit {
            offer = Offer.none
        }
    }
}
