internal import Glibc

/// How much of a reply must have arrived before the thread that waits for it is woken (socket(7), SO_RCVLOWAT).
///
/// A server sends a segment for each statement of a batch, and each would wake the thread. The next reply to the same
/// statements is nearly as long as the last one, so the thread sleeps until all but a few bytes of that have arrived. That is a
/// guess, so such waits are short and few: after them, a reply that is shorter, drips or stops in the middle is read as it
/// arrives.
struct LowWaterMark {
    /// The socket's current mark, in bytes.
    private(set) var current: Int32 = 1
    private var expected = 0
    private var guesses = 0

    /// Less than the last segment, which would otherwise cause a second wait; more than what numbers shrink by between rounds.
    private static let slack = 48
    /// The most that libmariadb reads at once.
    private static let most = 16_384
    /// One before anything of a reply has arrived, and one for the rest of it.
    private static let mostGuesses = 2

    /// Called when a call begins.
    /// - Parameter expected: the bytes of its reply; 0 if unknown.
    mutating func begin(expecting expected: Int) {
        self.expected = expected
        guesses = 0
    }

    /// The mark for the next wait: 1 to be woken by anything. More than 1 counts as a guess.
    mutating func next(after read: Int) -> Int32 {
        let missing = min(expected - read - Self.slack, Self.most)
        guard missing > 1, guesses < Self.mostGuesses else { return 1 }
        guesses += 1
        return Int32(missing)
    }

    /// Sets the socket's mark, unless it is set already.
    /// - Returns: the mark that it has now.
    mutating func put(_ mark: Int32, on socket: Int32) -> Int32 {
        if mark == current { return mark }
        var value = mark
        if setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 {
            current = mark
        }
        return current
    }
}
