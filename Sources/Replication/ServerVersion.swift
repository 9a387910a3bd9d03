/// A server's version, as announced in the handshake.
///
/// Versions compare by their three numbers only: `8.0.36-28` and `8.0.36` are equal, whatever their vendors added.
package struct ServerVersion: Sendable {
    package let major: Int
    package let minor: Int
    package let patch: Int
    /// The handshake's string, unchanged.
    package let text: String

    /// The version `major.minor.patch`, to compare with.
    package init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
        text = "\(major).\(minor).\(patch)"
    }

    /// Reads strings such as `10.11.19-MariaDB-log`, `5.5.5-10.6.12-MariaDB`, `8.0.36-28`, `26.10.0`.
    ///
    /// MariaDB 10 puts `5.5.5-` before its version, because old MySQL replicas refused a source with a two-digit major
    /// version; the prefix is dropped if a whole version follows. A missing patch number counts as 0. Nil if the text
    /// does not begin with `number.number`.
    package init?(_ handshake: String) {
        var cursor = ASCIICursor(handshake)
        guard let first = Self.takeNumbers(&cursor) else { return nil }
        var numbers = first
        if numbers == [5, 5, 5], cursor.take(UInt8(ascii: "-")), let second = Self.takeNumbers(&cursor),
            second.count == 3
        {
            numbers = second
        }
        major = numbers[0]
        minor = numbers[1]
        patch = numbers.count > 2 ? numbers[2] : 0
        text = handshake
    }

    /// Two or three numbers separated by dots; nil if there are fewer.
    private static func takeNumbers(_ cursor: inout ASCIICursor) -> [Int]? {
        var numbers: [Int] = []
        repeat {
            guard let number = cursor.takeDecimal(upTo: UInt64(Int32.max)) else { break }
            numbers.append(Int(number))
        } while numbers.count < 3 && cursor.take(UInt8(ascii: "."))
        return numbers.count >= 2 ? numbers : nil
    }
}

extension ServerVersion: Comparable, Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) == (right.major, right.minor, right.patch)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(major)
        hasher.combine(minor)
        hasher.combine(patch)
    }
}

extension ServerVersion: CustomStringConvertible {
    /// The three numbers; `text` has the rest.
    package var description: String { "\(major).\(minor).\(patch)" }
}
