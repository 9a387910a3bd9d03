package import Replication

/// `2:1-100,3:5`, with short names for UUIDs.
package func gtidSet(_ text: String) -> GTIDSet {
    let sources = text.split(separator: ",").map { part in
        let colon = part.firstIndex(of: ":") ?? part.endIndex
        return uuidText(Int(part[..<colon]) ?? 0) + part[colon...]
    }
    do {
        return try GTIDSet(parsing: sources.joined(separator: ","))
    } catch {
        preconditionFailure("\(error)")
    }
}

package func binlogIndex(_ files: [(String, UInt64)]) -> BinlogIndex {
    BinlogIndex(entries: files.map { (file: BinlogCoordinate("\($0.0):0").file, size: $0.1) })
}

extension BinlogCoordinate: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }

    /// `bin.000003:500`
    package init(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let file = BinlogFile(String(parts[0])), let position = UInt64(parts[1]) else {
            preconditionFailure("\(text) is not a coordinate")
        }
        self.init(file: file, position: position)
    }
}

/// An address as a test writes it: `db1:3306`, `db1`, which has the usual port, or `unix:/run/mysqld/mysqld.sock`.
///
/// Not `Address` itself, as a conformance would be there in every file of a test target, and `Address("db1")` would no longer
/// be the one that throws.
package struct AddressText: ExpressibleByStringLiteral, Sendable {
    package let address: Address

    package init(stringLiteral text: String) { self.init(text) }

    package init(_ text: String) {
        if text.hasPrefix("unix:") {
            address = .unix(path: String(text.dropFirst(5)))
        } else if let colon = text.lastIndex(of: ":") {
            guard let port = UInt16(text[colon...].dropFirst()) else {
                preconditionFailure("\(text) is not an address")
            }
            address = .tcp(host: String(text[..<colon]), port: port)
        } else {
            address = .tcp(host: text, port: 3306)
        }
    }
}
