internal import CMariaDB
internal import Glibc
internal import Synchronization

/// The column names of a result, shared by every round and every connection that gets the same ones.
///
/// A scrape looks some seventy of them up for each node. Their hash is a cheap one, of few of their bytes, and they lie side
/// by side; a server that meant to could make many names alike for it, so that this goes for as many as a server has use for.
package final class ColumnNames: Sendable {
    package let names: [String]
    /// UTF-8 of the names, one after the other, and where each ends.
    private let bytes: [UInt8]
    private let ends: [Int]
    /// By hash, with the next free slot for a name that finds its own taken: places, or −1. Twice as many as names at least.
    private let slots: [Int]
    /// Of more names than usual, in place of `slots`.
    private let places: [String: Int]

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
            places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            return
        }
        places = [:]
        var size = 8
        while size < 2 * names.count { size *= 2 }
        var slots = [Int](repeating: -1, count: size)
        for place in names.indices {
            let name = Self.span(of: place, ends)
            bytes.withUnsafeBytes { bytes in
                let slot = Self.slot(of: UnsafeRawBufferPointer(rebasing: bytes[name]), in: slots, bytes, ends)
                // Of two columns with one name the first counts.
                if slots[slot] < 0 { slots[slot] = place }
            }
        }
        self.slots = slots
    }

    package var count: Int { names.count }

    package subscript(name: String) -> Int? {
        if slots.isEmpty { return places[name] }
        var name = name
        return name.withUTF8 { name in
            bytes.withUnsafeBytes { bytes in
                let place = slots[Self.slot(of: UnsafeRawBufferPointer(name), in: slots, bytes, ends)]
                return place < 0 ? nil : place
            }
        }
    }

    /// The slot of a name, or the free one where it would stand.
    private static func slot(
        of name: UnsafeRawBufferPointer, in slots: [Int], _ bytes: UnsafeRawBufferPointer, _ ends: [Int]
    ) -> Int {
        let mask = slots.count - 1
        var slot = hash(name) & mask
        while case let place = slots[slot], place >= 0 {
            if isSame(UnsafeRawBufferPointer(rebasing: bytes[span(of: place, ends)]), name) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private static func span(of place: Int, _ ends: [Int]) -> Range<Int> {
        (place == 0 ? 0 : ends[place - 1])..<ends[place]
    }

    /// Of the length, the first eight bytes and the last eight.
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
    /// Those that some connection has seen. All servers of a version give the same ones, some seventy strings for a
    /// replica; without bound would be what a server could think of.
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
            for place in fields.indices {
                let name = UnsafeRawBufferPointer(rebasing: bytes[start..<ends[place]])
                if !isSame(name, fields[place].nameBytes) { return false }
                start = ends[place]
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
