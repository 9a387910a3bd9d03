extension Address {
    /// The address in one spelling: host names are case-insensitive and may end with a dot, and IPv6 addresses have many forms. A
    /// server's own address stays as it is written, since certificates and the choice of a protocol depend on that.
    package var canonical: Address {
        guard case .tcp(let host, let port) = self else { return self }
        if host.isPlain { return self }
        return .tcp(host: IPv6Groups(host).map(\.text) ?? host.lowercasedName, port: port)
    }

    /// Whether both are the address of the same server, however they are written. Two addresses of one server (a name and its
    /// number) still differ.
    package func isSame(as other: Address) -> Bool { self == other || canonical == other.canonical }
}

extension String {
    /// Whether it has one spelling only, as most configured hosts have.
    fileprivate var isPlain: Bool {
        utf8.allSatisfy {
            $0 < 0x80 && $0 != UInt8(ascii: ":") && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
        }
            && utf8.last != UInt8(ascii: ".")
    }

    fileprivate var lowercasedName: String {
        let name = lowercased()
        return name.utf8.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}

/// The number that an IPv6 address stands for.
private struct IPv6Groups {
    private let groups: [UInt16]
    /// The interface of a link-local address, with its `%`.
    private let zone: Substring

    /// Nil for anything else.
    init?(_ text: String) {
        guard text.contains(":") else { return nil }
        let end = text.firstIndex(of: "%") ?? text.endIndex
        zone = text[end...]
        let halves = text[..<end].split(separator: "::", omittingEmptySubsequences: false)
        guard let first = halves.first.flatMap({ Self.groups(in: $0, isLast: halves.count == 1) }) else { return nil }
        switch halves.count {
        case 1:
            guard first.count == 8 else { return nil }
            groups = first
        case 2:
            guard let last = Self.groups(in: halves[1], isLast: true), first.count + last.count < 8 else { return nil }
            groups = first + Array(repeating: 0, count: 8 - first.count - last.count) + last
        default: return nil
        }
    }

    /// An IPv4 address that is written as an IPv6 address is the same server's.
    var text: String {
        if groups.starts(with: [0, 0, 0, 0, 0, 0xFFFF]) {
            return groups.suffix(2).flatMap { [$0 >> 8, $0 & 0xFF] }.map { "\($0)" }.joined(separator: ".")
        }
        return groups.map { String($0, radix: 16) }.joined(separator: ":") + zone
    }

    /// - Parameter isLast: whether the address ends here, perhaps with four decimal numbers.
    private static func groups(in text: Substring, isLast: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains(".") {
                let numbers = part.split(separator: ".", omittingEmptySubsequences: false)
                let bytes = numbers.compactMap { $0.first == "+" ? nil : UInt8($0) }
                guard numbers.count == 4, bytes.count == 4 else { return nil }
                groups += [UInt16(bytes[0]) << 8 | UInt16(bytes[1]), UInt16(bytes[2]) << 8 | UInt16(bytes[3])]
            } else {
                guard part.utf8.count <= 4, part.first != "+", let group = UInt16(part, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
