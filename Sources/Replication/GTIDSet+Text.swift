extension GTIDSet {
    /// Reads a set as MySQL prints or accepts it (manual: "GTID Sets").
    ///
    /// `uuid:1-3:5,uuid2:tag:1`; one UUID may carry several tags, `uuid:1-3:tag:1-5:tag2:7`: each item that is not a
    /// number names the tag of the intervals after it. As on the server, white space between the parts, repeated
    /// commas, a UUID without intervals, and an interval that ends before it begins (`5-3`, no transaction) are
    /// accepted; order does not matter.
    ///
    /// Stricter than the server in one respect: a number with a leading zero is refused. MySQL reads `010` as octal 8,
    /// which is hardly what was meant.
    ///
    /// - Throws: what was found where, for text that the server refuses as well.
    package init(parsing text: String) throws(GTIDError) {
        var cursor = ASCIICursor(text)
        var sources: [Source] = []
        cursor.skipWhitespace()
        while true {
            while cursor.take(UInt8(ascii: ",")) { cursor.skipWhitespace() }
            if cursor.isAtEnd { break }
            try Self.readUUIDSet(&cursor, into: &sources)
            guard cursor.isAtEnd || cursor.current == UInt8(ascii: ",") else {
                throw Self.error("expected \":\", \",\" or the end", at: cursor.position, in: cursor)
            }
        }
        self.init(sources)
    }

    /// Everything between two commas.
    private static func readUUIDSet(_ cursor: inout ASCIICursor, into sources: inout [Source]) throws(GTIDError) {
        let start = cursor.position
        guard let uuid = ServerUUID(from: &cursor) else {
            throw error("expected a server UUID", at: start, in: cursor)
        }
        cursor.skipWhitespace()
        var tag = ""
        var intervals: [GTIDInterval] = []
        while cursor.take(UInt8(ascii: ":")) {
            cursor.skipWhitespace()
            if cursor.current?.canBeginTag == true {
                sources.append(Source(TSID(uuid, tag: tag), intervals))
                intervals = []
                tag = try readTag(&cursor)
            } else if let interval = try readInterval(&cursor) {
                intervals.append(interval)
            }
            cursor.skipWhitespace()
        }
        sources.append(Source(TSID(uuid, tag: tag), intervals))
    }

    private static func readTag(_ cursor: inout ASCIICursor) throws(GTIDError) -> String {
        let start = cursor.position
        var bytes: [UInt8] = []
        while let byte = cursor.current, byte.canBeginTag || byte.isASCIIDigit {
            guard bytes.count < 32 else {
                throw error("expected a tag of at most 32 characters", at: start, in: cursor)
            }
            bytes.append(byte.lowercasedASCII)
            cursor.advance()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `m` or `m-n`; nil if n < m.
    private static func readInterval(_ cursor: inout ASCIICursor) throws(GTIDError) -> GTIDInterval? {
        let limit = UInt64(GTIDInterval.largestNumber)
        let start = cursor.position
        guard let first = cursor.takeDecimal(upTo: limit), first > 0 else {
            throw error("expected a transaction number (1 to \(limit)) or a tag", at: start, in: cursor)
        }
        cursor.skipWhitespace()
        guard cursor.take(UInt8(ascii: "-")) else { return GTIDInterval(Int64(first), Int64(first)) }
        cursor.skipWhitespace()
        let end = cursor.position
        guard let last = cursor.takeDecimal(upTo: limit) else {
            throw error("expected the last transaction number of an interval (up to \(limit))", at: end, in: cursor)
        }
        return GTIDInterval(Int64(first), Int64(last))
    }

    private static func error(_ problem: String, at start: ASCIICursor.Position, in cursor: ASCIICursor) -> GTIDError {
        GTIDError("GTID set", problem, at: start, in: cursor)
    }
}

extension GTIDSet: CustomStringConvertible {
    /// The set in one line, as the server arranges it: sorted, each UUID once, its tags after its untagged
    /// transactions. Empty for the empty set.
    package var description: String {
        var text = ""
        var previous: ServerUUID?
        for source in sources {
            if source.tsid.uuid != previous {
                if previous != nil { text += "," }
                text += source.tsid.uuid.description
                previous = source.tsid.uuid
            }
            if !source.tsid.tag.isEmpty { text += ":" + source.tsid.tag }
            for interval in source.intervals { text += ":" + interval.description }
        }
        return text
    }
}

extension UInt8 {
    fileprivate var canBeginTag: Bool {
        let letter = lowercasedASCII
        return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")) || self == UInt8(ascii: "_")
    }
}
