/// Lets packets up to a certain length through, in whatever pieces they arrive, and turns the first one that is longer, or that
/// is a progress report, into an error.
///
/// A progress report is an error packet with the code 0xFFFF (MariaDB manual, "Progress Reporting"). In place of a greeting it
/// makes libmariadb read the server's version, which is not set yet (docs/libmariadb.md); a log-in has no use for one.
///
/// A packet is three bytes of length (little-endian), a sequence number, and as many bytes as the length says.
/// (MySQL manual, "Protocol::Packet".)
struct PacketFence {
    enum Refusal: Equatable {
        /// With its length.
        case long(Int)
        case progress
    }

    let longest: Int
    private(set) var refused: Refusal?

    private static let headerLength = 4
    /// Bytes read of the current header, and the length as far as read.
    private var header = 0
    private var length = 0
    /// Bytes of the current packet that have not arrived yet.
    private var missing = 0
    /// How many of its first three bytes were examined, and whether all of those were 0xFF.
    private var looked = 0
    private var isProgress = false
    private var isError = false

    init(longest: Int) { self.longest = longest }

    /// Inspects what has arrived and, from a refused packet on, overwrites everything: the library then reads an error without a
    /// code, and nothing of the packet's content takes effect.
    mutating func inspect(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        var next = 0
        while next < bytes.count, refused == nil {
            if missing > 0, looked < 3 {
                isProgress = (looked == 0 || isProgress) && bytes[next] == 0xFF
                looked += 1
                if looked == 3, isProgress {
                    refused = .progress
                    break
                }
                missing -= 1
                next += 1
                continue
            }
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
            if length > longest { refused = .long(length) }
            missing = length
            looked = 0
            header = 0
            length = 0
        }
        guard let refused, next < bytes.count else { return }
        bytes[next...].update(repeating: 0)
        // A progress report is an error packet already; zeroing the rest of its code makes it an ordinary one.
        if !isError, refused != .progress { bytes[next] = 0xFF }
        isError = true
    }
}
