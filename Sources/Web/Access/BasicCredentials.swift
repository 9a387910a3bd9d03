/// User and password of an Authorization field with the Basic scheme (RFC 7617).
struct BasicCredentials: Sendable, Equatable {
    var user: String
    var password: [UInt8]
}

extension BasicCredentials {
    /// Nil for any other scheme, and for anything but a base 64 encoded `user:password`.
    init?(_ header: String?) {
        guard let header else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic", let text = decodeBase64(parts[1].trimmed.utf8),
            let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: text[..<colon], as: UTF8.self)
        else { return nil }
        self.user = user
        password = Array(text[(colon + 1)...])
    }
}

/// The bytes of a text in base 64 (RFC 4648, 4), with its padding; nil for anything else.
func decodeBase64(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for digit in text.dropLast(padding) {
        guard let value = base64Value(digit) else { return nil }
        bits = bits << 6 | UInt32(value)
        count += 6
        guard count >= 8 else { continue }
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
    return bytes
}

private func base64Value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
