/// A MariaDB transaction, `domain-server-sequence`: the sequence counts within the domain, across the servers that
/// write to it.
package struct MariaDBGTID: Hashable, Sendable {
    package let domain: UInt32
    package let server: UInt32
    package let sequence: UInt64

    package init(domain: UInt32, server: UInt32, sequence: UInt64) {
        self.domain = domain
        self.server = server
        self.sequence = sequence
    }
}

extension MariaDBGTID: CustomStringConvertible {
    package var description: String { "\(domain)-\(server)-\(sequence)" }
}

extension [MariaDBGTID] {
    /// Reads a comma-separated list, which may be empty; white space around the items is skipped. `format` names it in
    /// the error.
    ///
    /// - Throws: also if an item has the `key` of an earlier one; `once` then says what was expected.
    static func parse<Key: Comparable>(
        _ text: String, format: String, sortedBy key: (MariaDBGTID) -> Key, once: String
    ) throws(GTIDError) -> Self {
        var cursor = ASCIICursor(text)
        var read: [(gtid: MariaDBGTID, at: ASCIICursor.Position)] = []
        cursor.skipWhitespace()
        if cursor.isAtEnd { return [] }
        repeat {
            cursor.skipWhitespace()
            let start = cursor.position
            let gtid = try MariaDBGTID(from: &cursor, format: format)
            cursor.skipWhitespace()
            // Most servers have one domain.
            if cursor.isAtEnd, read.isEmpty { return [gtid] }
            read.append((gtid, start))
        } while cursor.take(UInt8(ascii: ","))
        guard cursor.isAtEnd else {
            throw GTIDError(format, "expected \",\" or the end", at: cursor.position, in: cursor)
        }
        read.sort { (key($0.gtid), $0.at) < (key($1.gtid), $1.at) }
        for (earlier, later) in zip(read, read.dropFirst()) where key(earlier.gtid) == key(later.gtid) {
            throw GTIDError(format, once, at: later.at, in: cursor)
        }
        return read.map(\.gtid)
    }

    var text: String { map(\.description).joined(separator: ",") }
}

extension MariaDBGTID {
    fileprivate init(from cursor: inout ASCIICursor, format: String) throws(GTIDError) {
        let domain = try Self.takeNumber(UInt32.self, "a domain ID", &cursor, format)
        try Self.takeDash("the domain ID", &cursor, format)
        let server = try Self.takeNumber(UInt32.self, "a server ID", &cursor, format)
        try Self.takeDash("the server ID", &cursor, format)
        let sequence = try Self.takeNumber(UInt64.self, "a sequence number", &cursor, format)
        self.init(domain: domain, server: server, sequence: sequence)
    }

    private static func takeNumber<Number: FixedWidthInteger>(
        _: Number.Type, _ what: String, _ cursor: inout ASCIICursor, _ format: String
    ) throws(GTIDError) -> Number {
        guard let number = cursor.takeDecimal(upTo: UInt64(Number.max)) else {
            throw GTIDError(format, "expected \(what) (0 to \(Number.max))", at: cursor.position, in: cursor)
        }
        return Number(number)
    }

    private static func takeDash(_ after: String, _ cursor: inout ASCIICursor, _ format: String) throws(GTIDError) {
        guard cursor.take(UInt8(ascii: "-")) else {
            throw GTIDError(format, "expected \"-\" after \(after)", at: cursor.position, in: cursor)
        }
    }
}
