internal import CMariaDB
internal import Glibc
internal import Synchronization

/// The column names of a result, shared by all rounds and connections that receive the same ones.
///
/// A scrape looks up about seventy of them for each node, so the names are stored contiguously and hashed cheaply, from a few
/// of their bytes. A malicious server could make many names collide, so this is used only up to a realistic number of columns.
package final class ColumnNames: Sendable {
    package let names: [String]
    /// The names in UTF-8, concatenated, and where each ends.
    private let bytes: [UInt8]
    private let ends: [Int]
    /// Hash table with linear probing: indices of names, or −1 for a free slot. At least twice as many slots as names.
    private let slots: [Int]
    /// Used instead of `slots` when there are more names than usual.
    private let indexByName: [String: Int]

    fileprivate static let mostUsual = 200

    package init(_ names: [String]) {
        self.names = names
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for name in names {
            bytes.append(contentsOf: name.utf8)
            ends.append(bytes.count)
        }
        (self.bytes, self.ends) = (bytes, ends)
        if names.count > Self.mostUsual {
            slots = []
            indexByName = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            return
        }
        indexByName = [:]
        var size = 8
        while size < 2 * names.count { size *= 2 }
        var slots = [Int](repeating: -1, count: size)
        for index in names.indices {
            let name = Self.span(of: index, ends)
            bytes.withUnsafeBytes { bytes in
                let slot = Self.slot(of: UnsafeRawBufferPointer(rebasing: bytes[name]), in: slots, bytes, ends)
                // If two columns share a name, the first one counts.
                if slots[slot] < 0 { slots[slot] = index }
            }
        }
        self.slots = slots
    }

    package var count: Int { names.count }

    package subscript(name: String) -> Int? {
        if slots.isEmpty { return indexByName[name] }
        var name = name
        return name.withUTF8 { name in
            bytes.withUnsafeBytes { bytes in
                let index = slots[Self.slot(of: UnsafeRawBufferPointer(name), in: slots, bytes, ends)]
                return index < 0 ? nil : index
            }
        }
    }

    /// The slot of a name, or the free one where it would go.
    private static func slot(
        of name: UnsafeRawBufferPointer, in slots: [Int], _ bytes: UnsafeRawBufferPointer, _ ends: [Int]
    ) -> Int {
        let mask = slots.count - 1
        var slot = hash(name) & mask
        while case let index = slots[slot], index >= 0 {
            if isSame(UnsafeRawBufferPointer(rebasing: bytes[span(of: index, ends)]), name) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private static func span(of index: Int, _ ends: [Int]) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// A hash of the length, the first eight bytes and the last eight.
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hash = UInt64(name.count)
        if name.count >= 8 {
            let first = name.loadUnaligned(as: UInt64.self)
            let last = name.loadUnaligned(fromByteOffset: name.count - 8, as: UInt64.self)
            hash ^= first &* 0x9E37_79B9_7F4A_7C15 ^ (last << 31 | last >> 33)
        } else {
            for byte in name { hash = hash << 8 ^ UInt64(byte) }
        }
        return Int(truncatingIfNeeded: (hash &* 0xD6E8_FEB8_6659_FD93) >> 40)
    }

    static let none = ColumnNames([])
}

private func isSame(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    guard first.count == second.count else { return false }
    guard let one = first.baseAddress, let other = second.baseAddress else { return first.isEmpty }
    return memcmp(one, other, first.count) == 0
}

extension ColumnNames {
    /// Those that any connection has received so far. All servers of a version return the same ones, about seventy strings for
    /// a replica; the limit is there because a server could make up any number of them.
    private static let seen = Mutex<[ColumnNames]>([])
    private static let mostSeen = 100

    static func of(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> ColumnNames {
        if let known = seen.withLock({ $0.first { $0.are(fields) } }) { return known }
        let names = ColumnNames(fields.map { String(decoding: $0.nameBytes, as: UTF8.self) })
        if fields.count <= mostUsual {
            seen.withLock { if $0.count < mostSeen { $0.append(names) } }
        }
        return names
    }

    /// Whether the fields of a result have these names.
    func are(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> Bool {
        guard fields.count == count else { return false }
        return bytes.withUnsafeBytes { bytes in
            var start = 0
            for index in fields.indices {
                let name = UnsafeRawBufferPointer(rebasing: bytes[start..<ends[index]])
                if !isSame(name, fields[index].nameBytes) { return false }
                start = ends[index]
            }
            return true
        }
    }
}

extension MYSQL_FIELD {
    fileprivate var nameBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: name, count: name == nil ? 0 : Int(name_length))
    }
}
