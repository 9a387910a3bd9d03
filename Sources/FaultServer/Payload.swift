/// Payloads of the packets that a server sends: client/server protocol 4.1, text results.
/// (MariaDB manual, "Client/Server Protocol"; MySQL manual, "MySQL Client/Server Protocol".)
package enum Payload {
    private enum Capability {
        /// If unset, this announces MariaDB's extended capabilities.
        static let longPassword: UInt32 = 1
        static let localFiles: UInt32 = 0x80
        static let protocol41: UInt32 = 0x200
        static let tls: UInt32 = 0x800
        static let transactions: UInt32 = 0x2000
        static let secureConnection: UInt32 = 0x8000
        static let multiStatements: UInt32 = 0x1_0000
        static let multiResults: UInt32 = 0x2_0000
        static let pluginAuthentication: UInt32 = 0x8_0000
        static let connectionAttributes: UInt32 = 0x10_0000

        static let all =
            longPassword | localFiles | protocol41 | transactions | secureConnection | multiStatements | multiResults
            | pluginAuthentication | connectionAttributes
    }

    private enum Status {
        static let autocommit: UInt16 = 2
        static let moreResults: UInt16 = 8
    }

    private static let utf8mb4: UInt8 = 45
    private static let nativePassword = "mysql_native_password"
    private static let scramble: [UInt8] = Array("0123456789abcdefghij".utf8)

    /// - Parameter offersTLS: whether the client may continue encrypted.
    package static func handshake(version: String, thread: UInt32 = 1, offersTLS: Bool = false) -> [UInt8] {
        let capabilities = offersTLS ? Capability.all | Capability.tls : Capability.all
        var bytes: [UInt8] = [10]
        bytes.append(terminated: version)
        bytes.append(integer: thread)
        bytes += scramble[..<8] + [0]
        bytes.append(integer: UInt16(truncatingIfNeeded: capabilities))
        bytes.append(utf8mb4)
        bytes.append(integer: Status.autocommit)
        bytes.append(integer: UInt16(capabilities >> 16))
        bytes.append(UInt8(scramble.count + 1))
        bytes += [UInt8](repeating: 0, count: 10)
        bytes += scramble[8...] + [0]
        bytes.append(terminated: nativePassword)
        return bytes
    }

    package static func authenticationSwitch(plugin: String) -> [UInt8] {
        var bytes: [UInt8] = [0xFE]
        bytes.append(terminated: plugin)
        return bytes + scramble + [0]
    }

    package static func ok(affectedRows: UInt64 = 0, moreFollow: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [0x00]
        bytes.append(length: affectedRows)
        bytes.append(0)  // no insert id
        bytes.append(integer: status(moreFollow))
        bytes.append(integer: UInt16(0))  // warnings
        return bytes
    }

    package static func error(code: UInt16, sqlState: String, message: String) -> [UInt8] {
        var bytes: [UInt8] = [0xFF]
        bytes.append(integer: code)
        return bytes + Array("#\(sqlState)".utf8) + Array(message.utf8)
    }

    /// All packets of a result: the number of columns, each column, the rows, and the ends of both.
    package static func table(columns: [String], rows: [[String?]], moreFollow: Bool = false) -> [[UInt8]] {
        header(columns: columns) + rows.map(row) + [end(moreFollow: moreFollow)]
    }

    /// A result up to where its rows begin.
    package static func header(columns: [String]) -> [[UInt8]] {
        [columnCount(UInt64(columns.count))] + columns.map(column) + [end()]
    }

    package static func columnCount(_ count: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(length: count)
        return bytes
    }

    package static func column(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for text in ["def", "", "", "", name, ""] { bytes.append(counted: text) }
        bytes.append(0x0C)
        bytes.append(integer: UInt16(utf8mb4))
        bytes.append(integer: UInt32(1024))  // display width
        bytes.append(0xFD)  // MYSQL_TYPE_VAR_STRING
        bytes.append(integer: UInt16(0))  // flags
        return bytes + [0, 0, 0]  // decimals, filler
    }

    package static func row(_ cells: [String?]) -> [UInt8] {
        var bytes: [UInt8] = []
        for cell in cells {
            if let cell { bytes.append(counted: cell) } else { bytes.append(0xFB) }
        }
        return bytes
    }

    /// EOF: the end of the columns, or of the rows.
    package static func end(moreFollow: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [0xFE]
        bytes.append(integer: UInt16(0))  // warnings
        bytes.append(integer: status(moreFollow))
        return bytes
    }

    private static func status(_ moreFollow: Bool) -> UInt16 {
        moreFollow ? Status.autocommit | Status.moreResults : Status.autocommit
    }

    /// A packet as transmitted: length, sequence number, payload. Payloads of 16 MiB and more are split.
    package static func framed(_ payload: [UInt8], sequence: inout UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = payload[...]
        var isLast = false
        repeat {
            let piece = rest.prefix(longest)
            isLast = piece.count < longest
            for shift in [0, 8, 16] { bytes.append(UInt8(truncatingIfNeeded: piece.count >> shift)) }
            bytes.append(sequence)
            sequence &+= 1
            bytes += piece
            rest = rest.dropFirst(longest)
        } while !isLast
        return bytes
    }

    /// A packet of this length is continued by the next one.
    static let longest = 0xFF_FFFF
}

extension [UInt8] {
    mutating func append(integer: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    /// A string that ends with a zero.
    mutating func append(terminated text: String) {
        self += Array(text.utf8) + [0]
    }

    /// A string preceded by its length.
    mutating func append(counted text: String) {
        append(length: UInt64(text.utf8.count))
        self += Array(text.utf8)
    }

    /// A length-encoded integer.
    mutating func append(length: UInt64) {
        switch length {
        case ..<251: append(UInt8(length))
        case ..<0x1_0000:
            append(0xFC)
            append(integer: UInt16(length))
        case ..<0x100_0000:
            append(0xFD)
            append(integer: UInt16(truncatingIfNeeded: length))
            append(UInt8(length >> 16))
        default:
            append(0xFE)
            append(integer: length)
        }
    }
}
