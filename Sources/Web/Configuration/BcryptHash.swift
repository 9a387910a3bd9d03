internal import Documents

/// A password hashed with bcrypt in the format of crypt(5): `$2y$10$` and 53 characters.
///
/// The format is checked here, because the C library accepts anything: what it does not recognize, it takes for DES.
package struct BcryptHash: Sendable, Equatable {
    /// Secret, because it allows passwords to be guessed offline.
    private let secret: Secret
    /// The binary logarithm of the rounds, 4…31. Each step doubles the time of a check; 10 takes about 50 ms.
    package let cost: Int

    /// A check takes a few seconds. With a higher cost, a single guess would keep all other checks waiting.
    static let highestCost = 16

    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(String(text.prefix(4))),
            bytes[4...5].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let cost = Int(text.dropFirst(4).prefix(2)), (4...31).contains(cost), bytes[6] == UInt8(ascii: "$"),
            bytes[7...].allSatisfy(Self.isDigit)
        else { return nil }
        secret = Secret(text)
        self.cost = cost
    }

    /// The hash itself, to be passed to crypt(3) and used for nothing else.
    package func reveal() -> String { secret.reveal() }

    /// Whether it is a digit of bcrypt's own base 64.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
