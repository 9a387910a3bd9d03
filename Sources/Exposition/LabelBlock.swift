/// The labels of a series as they stand between the braces: `node="db1",channel="eu"`, already escaped.
///
/// Escaping is paid once: make a block for a node or a channel and share it between all of its samples. Labels keep
/// the order in which they were given. Two blocks are equal when their bytes are.
package struct LabelBlock: Sendable, Hashable {
    /// The escaped text, without braces; empty where there is no label.
    package let bytes: [UInt8]

    /// No label at all.
    package static let empty = LabelBlock([])

    /// Names are taken as they are (see `MetricFamily.problems(in:)`); values may hold anything.
    package init(_ labels: [(name: String, value: String)]) {
        var bytes: [UInt8] = []
        for label in labels { bytes.appendLabel(label.name, label.value) }
        self.bytes = bytes
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// This block and one more label behind it.
    package func appending(_ name: String, _ value: String) -> LabelBlock {
        var bytes = bytes
        bytes.appendLabel(name, value)
        return LabelBlock(bytes: bytes)
    }

    /// This block with all of `other` behind it.
    package func appending(_ other: LabelBlock) -> LabelBlock {
        if other.bytes.isEmpty { return self }
        if bytes.isEmpty { return other }
        return LabelBlock(bytes: bytes + [.comma] + other.bytes)
    }

    /// The labels with the escapes taken back, in order: for checks and tests, not for rendering.
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
        self.init(labels.map { (name: $0.0, value: $0.1) })
    }
}
