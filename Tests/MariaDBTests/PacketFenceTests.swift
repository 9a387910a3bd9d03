import Testing

@testable import MariaDB

@Suite("The fence around a log-in's packets")
struct PacketFenceTests {
    private static func packet(_ payload: [UInt8], number: UInt8 = 0) -> [UInt8] {
        [UInt8(payload.count & 0xFF), UInt8(payload.count >> 8 & 0xFF), UInt8(payload.count >> 16), number] + payload
    }

    /// What libmariadb reads when `bytes` arrive in pieces of this length.
    private func read(_ bytes: [UInt8], pieces: Int, through fence: inout PacketFence) -> [UInt8] {
        var read: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            var piece = Array(bytes[start..<min(start + pieces, bytes.count)])
            piece.withUnsafeMutableBufferPointer { fence.inspect($0) }
            read += piece
        }
        return read
    }

    @Test("Packets up to the limit arrive as they were sent", arguments: 1...12)
    func untouched(pieces: Int) {
        var fence = PacketFence(longest: 300)
        let sent =
            Self.packet([1, 2, 3]) + Self.packet([], number: 1) + Self.packet([UInt8](repeating: 7, count: 300))
            + Self.packet([0xFE], number: 2)
        #expect(read(sent, pieces: pieces, through: &fence) == sent)
        #expect(fence.refused == nil)
    }

    @Test("A longer one becomes an error without a code, and nothing after it is let through", arguments: 1...12)
    func refused(pieces: Int) {
        var fence = PacketFence(longest: 300)
        let good = Self.packet([1, 2, 3])
        let bad = Self.packet([0xFE] + [UInt8](repeating: 0x61, count: 300))
        let sent = good + bad + Self.packet([0])
        let expected = good + bad.prefix(4) + [0xFF] + [UInt8](repeating: 0, count: 300 + 5)
        #expect(read(sent, pieces: pieces, through: &fence) == expected)
        #expect(fence.refused == .long(301))
    }

    @Test("The largest possible length is refused by its header alone")
    func largest() {
        var fence = PacketFence(longest: 300)
        #expect(read([0xFF, 0xFF, 0xFF, 0], pieces: 4, through: &fence) == [0xFF, 0xFF, 0xFF, 0])
        #expect(fence.refused == .long(0xFF_FFFF))
    }

    @Test("A progress report becomes an ordinary error, and nothing after it is let through", arguments: 1...12)
    func progress(pieces: Int) {
        for payload in [[0xFF, 0xFF, 0xFF, 0], [0xFF, 0xFF, 0xFF], [UInt8](repeating: 0xFF, count: 40)] as [[UInt8]] {
            var fence = PacketFence(longest: 300)
            let good =
                Self.packet([0xFF, 0xFF]) + Self.packet([0xFF, 0xFF, 0, 0xFF, 0xFF, 0xFF]) + Self.packet([0xFF])
            let bad = Self.packet(payload)
            let sent = good + bad + Self.packet([10, 1])
            let expected = good + bad.prefix(6) + [UInt8](repeating: 0, count: payload.count - 2 + 6)
            #expect(read(sent, pieces: pieces, through: &fence) == expected)
            #expect(fence.refused == .progress)
        }
    }
}
