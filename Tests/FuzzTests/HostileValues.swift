/// Values that no server should send, but some do.
enum HostileValues {
    /// For columns of numbers; nil is NULL.
    static let numbers: [String?] = [
        nil, "", "0", "-0", "-1", "0.5", "-0.5", "+1", " 1", "1 ", "1;2", "0x10", "1_000", "one",
        "NaN", "nan", "-nan", "inf", "-inf", "Infinity",
        "1e300", "-1e300", "1e308", "1e309", "1e-300", "5e-324", "1e19", "1e18", "9.3e12", "1e12", "1e11", "1e10",
        "-1e10",
        "65535", "65536", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "99999999999999999999",
        String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 400) + "1",
        "-" + String(repeating: "8", count: 400), String(repeating: "0", count: 400) + "1",
        "1/\(Marker.text)", "1 OR \(Marker.text)=1",
    ]

    static let affectedRows: [UInt64] = [
        0, 1, 2, 250, 251, 65_535, 65_536, 1 << 24, 1 << 32, UInt64(Int64.max), 1 << 63, .max - 1, .max,
    ]

    /// Error numbers that are handled specially somewhere, and some that do not exist. Not 65535: MariaDB's protocol
    /// uses it to report progress, and a client then waits until its deadline.
    static let errors: [UInt16] = [
        1146, 1049, 1146, 1049, 1290, 1205, 1213, 1317, 1969, 3024, 1227, 1142, 1143, 1045, 1044, 1040, 1203, 1226,
        1054,
        1064, 1193, 1381, 1053, 1927, 4031, 1152, 1160, 2002, 2006, 2013, 2014, 2026, 2027, 5010, 5013, 0, 1, 999,
        65_534,
    ]

    /// Names from a server.
    static let names = [
        Marker.text, "`\(Marker.text)", "'\(Marker.text)", "\"\(Marker.text)", "\\\(Marker.text)", "\\'\(Marker.text)",
        // A quote with an accent is one Swift character that is not a quote.
        "a`\u{301};\(Marker.text) #", "a'\u{301};\(Marker.text) #", "``\(Marker.text)``", "a`.`\(Marker.text)",
        "a\u{0}\(Marker.text)", "a\n\(Marker.text)", "a\r\(Marker.text)\u{1B}[31m", "*/\(Marker.text)/*",
        "-- \(Marker.text)",
        "<b \(Marker.text)>", "{\(Marker.text)}\"\n# TYPE \(Marker.text) counter", "\u{202E}\(Marker.text)|'=",
        "ä,\(Marker.text),\\",
        String(repeating: "`", count: 63) + Marker.text,
    ].map { "?" + $0 }
}

/// A word that pretend servers put into names: where it turns up shows how those were quoted.
enum Marker {
    static let text = "zqmarkerqz"

    /// Whether the marker is in a statement outside of backticks and single quotes. (In hexadecimal it is not
    /// detected.)
    ///
    /// A quote ends at the next one of its kind; a doubled one is a quote within. A backslash escapes nothing, since
    /// the program does not rely on `sql_mode`: it must not send any between quotes.
    static func isUnquoted(in statement: String) -> Bool {
        var outside: [UInt8] = []
        var quote: UInt8?
        for byte in statement.utf8 {
            if let open = quote {
                // A doubled quote closes and reopens, with the same result.
                if byte == open { quote = nil }
                if open == UInt8(ascii: "'"), byte == UInt8(ascii: "\\") { return true }
            } else if byte == UInt8(ascii: "`") || byte == UInt8(ascii: "'") {
                quote = byte
                outside.append(UInt8(ascii: " "))
            } else {
                outside.append(byte)
            }
        }
        // An unterminated quote includes what follows.
        return quote != nil || String(decoding: outside, as: UTF8.self).lowercased().contains(text)
    }
}
