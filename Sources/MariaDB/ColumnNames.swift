internal import CMariaDB
internal import Glibc
internal import Synchronization

/// The column names of a result, shared by every round and every connection that gets the same ones.
package final class ColumnNames: Sendable {
    package let names: [String]
    private let places: [String: Int]

    package init(_ names: [String]) {
        self.names = names
        places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package var count: Int { names.count }
    package subscript(name: String) -> Int? { places[name] }

    static let none = ColumnNames([])
}

extension ColumnNames {
    /// Those that some connection has seen. All servers of a version give the same ones, some seventy strings for a
    /// replica; without bound would be what a server could think of.
    private static let seen = Mutex<[ColumnNames]>([])
    private static let mostSeen = 100
    private static let mostColumns = 200

    static func of(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> ColumnNames {
        if let known = seen.withLock({ $0.first { $0.are(fields) } }) { return known }
        let names = ColumnNames(fields.map { String(decoding: $0.nameBytes, as: UTF8.self) })
        if fields.count <= mostColumns {
            seen.withLock { if $0.count < mostSeen { $0.append(names) } }
        }
        return names
    }

    /// Whether the fields of a result have these names.
    func are(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> Bool {
        guard fields.count == count else { return false }
        for place in fields.indices {
            var name = names[place]
            let field = fields[place].nameBytes
            let isSame = name.withUTF8 { name in
                guard name.count == field.count else { return false }
                guard let ours = name.baseAddress, let theirs = field.baseAddress else { return name.isEmpty }
                return memcmp(ours, theirs, name.count) == 0
            }
            if !isSame { return false }
        }
        return true
    }
}

extension MYSQL_FIELD {
    fileprivate var nameBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: name, count: name == nil ? 0 : Int(name_length))
    }
}
