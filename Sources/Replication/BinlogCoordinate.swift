/// The name of a binary log file, `base.number`, such as `mysql-bin.000123`.
///
/// Two names are equal if base and number are: padding does not count. The base is kept as the server wrote it, dots
/// and directories included.
package struct BinlogFile: Sendable {
    /// The name as the server wrote it.
    package let name: String
    /// Everything before the last dot.
    package let base: String
    /// The number after the last dot. Servers pad it to six digits; past 999999 it just grows.
    package let number: UInt64

    /// Nil unless `name` is a non-empty base, a dot, and decimal digits that fit 64 bits.
    package init?(_ name: String) {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let digits = name.utf8[name.utf8.index(after: dot)...]
        guard dot > name.startIndex, !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit),
            let number = UInt64(Substring(digits))
        else { return nil }
        self.name = name
        base = String(name[..<dot])
        self.number = number
    }
}

extension BinlogFile: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        left.number == right.number && left.base == right.base
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        hasher.combine(base)
    }
}

extension BinlogFile: CustomStringConvertible {
    package var description: String { name }
}

/// A position in a server's binary log: a file, and the byte in it where the next event starts.
package struct BinlogCoordinate: Hashable, Sendable {
    package var file: BinlogFile
    /// Bytes from the start of `file`.
    package var position: UInt64

    package init(file: BinlogFile, position: UInt64) {
        self.file = file
        self.position = position
    }
}

extension BinlogCoordinate: CustomStringConvertible {
    package var description: String { "\(file):\(position)" }
}
