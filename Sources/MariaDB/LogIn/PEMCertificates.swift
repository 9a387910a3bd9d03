internal import Glibc

/// The certificates of a file as base64 (RFC 7468): enough to tell whether two files hold the same ones, without parsing them.
struct PEMCertificates {
    private(set) var bodies: Set<String> = []
    /// Whether each is a complete DER sequence, judged by its length.
    private(set) var areSound = true

    /// - Parameter limit: the most certificates to read.
    init(_ path: String, limit: Int = .max) {
        guard let file = fopen(path, "r") else { return }
        defer { fclose(file) }
        var text: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(text) }
        var body: String?
        while bodies.count < limit, getline(&text, &capacity, file) > 0 {
            guard let text else { break }
            let line = String(cString: text).filter { !$0.isWhitespace }
            if line.hasPrefix("-----BEGIN"), line.hasSuffix("CERTIFICATE-----") {
                body = ""
            } else if line.hasPrefix("-----END") {
                if let body {
                    bodies.insert(body)
                    areSound = areSound && Self.isSound(body)
                }
                body = nil
            } else {
                body?.append(line)
            }
        }
        if body != nil { areSound = false }
    }

    /// Whether this is the base64 of a DER sequence at least as long as its header says (X.690, 8.1.3). OpenSSL's additions to a
    /// trusted certificate may follow it.
    static func isSound(_ base64: String) -> Bool {
        let digits = Array(base64.utf8)
        let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard digits.count % 4 == 0, digits.count >= 8, padding <= 2 else { return false }
        let values = digits.dropLast(padding).map(value)
        guard values.allSatisfy({ $0 != nil }) else { return false }
        let first = values.prefix(8).compactMap(\.self).reduce(UInt64(0)) { $0 << 6 | UInt64($1) }
        guard values.count >= 8 else { return false }
        let header = (0..<6).map { UInt8(truncatingIfNeeded: first >> (40 - 8 * $0)) }
        guard header[0] == 0x30 else { return false }
        let length: Int
        switch header[1] {
        case 0..<0x80: length = 2 + Int(header[1])
        case 0x81: length = 3 + Int(header[2])
        case 0x82: length = 4 + (Int(header[2]) << 8 | Int(header[3]))
        case 0x83: length = 5 + (Int(header[2]) << 16 | Int(header[3]) << 8 | Int(header[4]))
        default: return false
        }
        return length <= digits.count / 4 * 3 - padding
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
