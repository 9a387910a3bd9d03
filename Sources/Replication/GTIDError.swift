/// Text that is not a GTID set, position or state: what was found where, and what was expected.
package struct GTIDError: Error, Hashable, Sendable {
    /// Which format was being read, such as "GTID set".
    package let format: String
    /// Where the offending piece begins, counted in characters from 1.
    package let character: Int
    /// The offending piece, shortened; empty at the end of the text.
    package let piece: String
    /// What is wrong with it.
    package let problem: String

    init(_ format: String, _ problem: String, at start: ASCIICursor.Position, in cursor: ASCIICursor) {
        self.format = format
        self.problem = problem
        // Everything before the offending piece was ASCII, so bytes are characters.
        character = cursor.offset(of: start) + 1
        piece = cursor.piece(from: start)
    }
}

extension GTIDError: CustomStringConvertible {
    package var description: String {
        let found = piece.isEmpty ? "the end" : piece.debugDescription
        return "malformed \(format) at character \(character): \(problem), found \(found)"
    }
}
