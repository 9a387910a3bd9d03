/// Durations and sizes as written in the configuration, in flags and in query strings.
package enum Quantity {
    /// What is wrong with the text, for use after the value's name: "must be a duration such as …".
    package struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads a duration in Prometheus' spelling: `250ms`, `5s`, `1m30s`, `1h`, `2d`, `1w`, or `0`.
    ///
    /// Units go from the largest to the smallest, each at most once, with whole numbers.
    package static func duration(_ text: String) throws(Malformed) -> Duration {
        let wrong = Malformed(
            description: "must be a duration such as 250ms, 5s or 1h30m, not \(shown(text))")
        if text == "0" { return .zero }
        var rest = Substring(text)
        guard !rest.isEmpty else { throw wrong }
        var total: Int64 = 0
        var unitsLeft = units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let unit = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(digits.count + unit.count)
            if !digits.isEmpty, unit.isEmpty, rest.isEmpty {
                throw Malformed(description: "needs a unit: \(shown(text + "s")) or \(shown(text + "ms"))")
            }
            guard !digits.isEmpty, let index = unitsLeft.firstIndex(where: { $0.name == unit }) else { throw wrong }
            guard let number = Int64(digits) else { throw Malformed(description: "is too long") }
            let (product, overflow) = number.multipliedReportingOverflow(by: unitsLeft[index].milliseconds)
            let (sum, overflowOfSum) = total.addingReportingOverflow(product)
            guard !overflow, !overflowOfSum else { throw Malformed(description: "is too long") }
            total = sum
            unitsLeft = unitsLeft[(index + 1)...]
        }
        return .milliseconds(total)
    }

    /// A duration in the format that `duration(_:)` reads, truncated to milliseconds.
    package static func text(duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var text = seconds < 0 || attoseconds < 0 ? "-" : ""
        var rest = seconds.magnitude
        for unit in units.dropLast() {
            let size = UInt64(unit.milliseconds / 1_000)
            // 10d is easier to read than 1w3d.
            if unit.name == "w", rest % size != 0 { continue }
            if rest >= size {
                text += "\(rest / size)\(unit.name)"
                rest %= size
            }
        }
        let milliseconds = attoseconds.magnitude / 1_000_000_000_000_000
        if milliseconds > 0 { text += "\(milliseconds)ms" }
        return text.isEmpty || text == "-" ? "0s" : text
    }

    private static let sizes: [(name: String, bytes: UInt64)] = [
        ("PB", 1_000_000_000_000_000), ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000),
        ("kB", 1_000), ("PiB", 1 << 50), ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("B", 1), ("", 1),
    ]

    /// Reads a size: `100MB` (10⁶ bytes each), `100MiB` (2²⁰ bytes each), or a plain number of bytes.
    package static func bytes(_ text: String) throws(Malformed) -> UInt64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        var unit = text.dropFirst(digits.count)
        if unit.first == " " { unit = unit.dropFirst() }
        let name = unit.lowercased()
        if !digits.isEmpty, name.count == 1, "kmgtp".contains(name) {
            let letter = name.uppercased()
            throw Malformed(
                description: "has an ambiguous unit; write \(digits)\(letter)B (10^n) or \(digits)\(letter)iB (2^n)")
        }
        guard !digits.isEmpty, let size = sizes.first(where: { $0.name.lowercased() == name }) else {
            throw Malformed(description: "must be a size such as 100MB, 64MiB or 4096, not \(shown(text))")
        }
        guard let number = UInt64(digits) else { throw Malformed(description: "is too large") }
        let (product, overflow) = number.multipliedReportingOverflow(by: size.bytes)
        guard !overflow else { throw Malformed(description: "is too large") }
        return product
    }

    /// A size in the format that `bytes(_:)` reads, in the largest unit that keeps it exact.
    package static func text(bytes: UInt64) -> String {
        let unit =
            sizes.filter { bytes > 0 && bytes % $0.bytes == 0 }.max { $0.bytes < $1.bytes } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
