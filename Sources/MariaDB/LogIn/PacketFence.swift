/// Lets packets through up to a length, in whatever pieces they arrive, and makes an error of the first that is longer.
///
/// A packet is three bytes of length, least first, a number, and as many bytes as the length says.
/// (MySQL manual, "Protocol::Packet".)
struct PacketFence {
    let longest: Int
    /// The length that was refused.
    private(set) var refused: Int?

    private static let headerLength = 4
    /// Of the header that is being read.
    private var header = 0
    private var length = 0
    /// Of the packet that is being read.
    private var missing = 0
    private var isError = false

    init(longest: Int) { self.longest = longest }

    /// Looks at what has arrived, and from a packet that is too long writes over all of it: it is read as an error without
    /// a number then, and nobody is led on by what it holds.
    mutating func inspect(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        var next = 0
        while next < bytes.count, refused == nil {
            if missing > 0 {
                let taken = min(missing, bytes.count - next)
                missing -= taken
                next += taken
                continue
            }
            if header < Self.headerLength - 1 { length |= Int(bytes[next]) << (8 * header) }
            header += 1
            next += 1
            guard header == Self.headerLength else { continue }
            if length > longest { refused = length }
            missing = length
            header = 0
            length = 0
        }
        guard refused != nil, next < bytes.count else { return }
        bytes[next...].update(repeating: 0)
        if !isError { bytes[next] = 0xFF }
        isError = true
    }
}
