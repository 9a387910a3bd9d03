internal import Glibc

/// How much of a reply has to be there before the thread that waits for it is woken (socket(7), SO_RCVLOWAT).
///
/// A server sends a segment for each statement of a batch, and a thread that reads each as it comes is woken as often. The
/// next reply to the same statements is nearly as long as the last one: it is waited for until all but a few bytes are there.
/// That is a guess, so such a wait is short, and there are few of them: a reply that has become shorter, that drips or stops
/// in the middle is read as it comes after that.
struct LowWaterMark {
    /// Bytes; what the socket has.
    private(set) var current: Int32 = 1
    private var expected = 0
    private var guesses = 0

    /// Below the last segment, or its coming would be a second wait; above what numbers lose from round to round.
    private static let slack = 48
    /// libmariadb reads no more at once.
    private static let most = 16_384
    /// One for a reply of which nothing has come, and one for the rest of it.
    private static let mostGuesses = 2

    /// A call begins.
    /// - Parameter expected: the bytes of its reply; 0 where they cannot be known.
    mutating func begin(expecting expected: Int) {
        self.expected = expected
        guesses = 0
    }

    /// The mark for the next wait: 1 for whatever comes. More than 1 counts as a guess.
    mutating func next(after read: Int) -> Int32 {
        let missing = min(expected - read - Self.slack, Self.most)
        guard missing > 1, guesses < Self.mostGuesses else { return 1 }
        guesses += 1
        return Int32(missing)
    }

    /// Puts a mark on the socket, unless it is there already.
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
