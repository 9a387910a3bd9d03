/// Text in a URL's query.
enum QueryText {
    /// Percent-encoded, except for what is never in need of it (RFC 3986, unreserved characters).
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": encoded.unicodeScalars.append(scalar)
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    /// `?a=b&c=d`, or nothing.
    static func query(_ parameters: [(name: String, value: String)]) -> String {
        if parameters.isEmpty { return "" }
        return "?" + parameters.map { "\($0.name)=\(encoded($0.value))" }.joined(separator: "&")
    }
}
