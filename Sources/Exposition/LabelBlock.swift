/// The labels of a series as written between the braces: `node="db1",channel="eu"`, already escaped.
///
/// Escaping is done once: make a block for a node or a channel and share it among all of its samples. Labels keep the
/// order in which they were given. Two blocks are equal if their bytes are.
package struct LabelBlock: Sendable, Hashable {
    /// The escaped text, without braces; empty if there are no labels.
    package let bytes: [UInt8]

    /// No label at all.
    package static let empty = LabelBlock([])

    /// Names are used as given (see `MetricFamily.problems(in:)`); values may contain anything.
    package init(_ labels: [(name: String, value: String)]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(labels.reduce(0) { $0 + Self.room($1.name, $1.value) })
        for label in labels { bytes.appendLabel(label.name, label.value) }
        self.bytes = bytes
    }

    /// The bytes a label takes, unless something in it has to be escaped.
    private static func room(_ name: String, _ value: String) -> Int { name.utf8.count + value.utf8.count + 4 }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Labels that are written one by one; reserves `room` bytes, which may be an estimate.
    package init(room: Int, _ write: (inout Writer) -> Void) {
        var writer = Writer(room: room)
        write(&writer)
        bytes = writer.bytes
    }

    package struct Writer {
        fileprivate var bytes: [UInt8] = []

        fileprivate init(room: Int) { bytes.reserveCapacity(room) }

        package mutating func add(_ name: String, _ value: String) { bytes.appendLabel(name, value) }
    }

    /// This block with one more label appended.
    package func appending(_ name: String, _ value: String) -> LabelBlock {
        var longer: [UInt8] = []
        longer.reserveCapacity(bytes.count + Self.room(name, value))
        longer += bytes
        longer.appendLabel(name, value)
        return LabelBlock(bytes: longer)
    }

    /// This block with all of `other` appended.
    package func appending(_ other: LabelBlock) -> LabelBlock {
        if other.bytes.isEmpty { return self }
        if bytes.isEmpty { return other }
        return LabelBlock(bytes: bytes + [.comma] + other.bytes)
    }

    /// The unescaped labels, in order: for checks and tests, not for rendering.
    package var labels: [(name: String, value: String)] {
        var labels: [(name: String, value: String)] = []
        var rest = bytes[...]
        while let equals = rest.firstIndex(of: .equals) {
            let name = String(decoding: rest[..<equals], as: UTF8.self)
            var value: [UInt8] = []
            rest = rest[equals...].dropFirst(2)
            while let byte = rest.popFirst(), byte != .quote {
                guard byte == .backslash, let escaped = rest.popFirst() else {
                    value.append(byte)
                    continue
                }
                value.append(escaped == UInt8(ascii: "n") ? .lineFeed : escaped)
            }
            labels.append((name, String(decoding: value, as: UTF8.self)))
            rest = rest.dropFirst()
        }
        return labels
    }
}

extension LabelBlock: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral labels: (String, String)...) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(labels.reduce(0) { $0 + Self.room($1.0, $1.1) })
        for (name, value) in labels { bytes.appendLabel(name, value) }
        self.init(bytes: bytes)
    }
}
