package import Documents
internal import Glibc
package import Replication

extension Address {
    /// Reads `host:port`, `host`, `[IPv6]:port`, `[IPv6]` or `unix:/path`.
    package init(_ text: String) throws(Quantity.Malformed) {
        if text.hasPrefix("unix:") {
            self = try Self.socket(text.dropFirst("unix:".count))
            return
        }
        // A password given as user:password@host must not end up in a log.
        guard !text.contains("@") else {
            throw .init(description: "must not contain '@': an address cannot include a user or password")
        }
        guard !text.isEmpty else { throw .init(description: "is empty") }
        if text.hasPrefix("/") { throw .init(description: "must be written unix:\(text) for a socket") }
        if text.contains("://") { throw .init(description: "must be host:port without a scheme, not \(shown(text))") }

        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw .init(description: "has no ']' after the IPv6 address: \(shown(text))")
            }
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard Self.isIPv6(host) else { throw .init(description: "is not an IPv6 address: \(shown(text))") }
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw .init(description: "has something other than a port after ']': \(shown(text))")
            }
            self = .tcp(host: String(host), port: try Self.port(rest.isEmpty ? nil : rest.dropFirst()))
            return
        }
        guard text.count(where: { $0 == ":" }) <= 1 else {
            throw .init(
                description: "needs brackets around an IPv6 address, as in [::1]:3306, not \(shown(text))")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty else {
            throw .init(description: "has no host: \(shown(text))")
        }
        guard host.utf8.count <= 253, host.utf8.allSatisfy(Self.isHostCharacter), host.first != "-" else {
            throw .init(description: "is not a host name: \(shown(String(host)))")
        }
        // `getaddrinfo` would read 10.0.1 as 10.0.0.1, and look up 10.0.0.300 as a name.
        let isNumeric = host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || isDigit($0) }
        guard !isNumeric || Self.isIPv4(host) else {
            throw .init(description: "is not an IPv4 address: \(shown(String(host)))")
        }
        self = .tcp(host: String(host), port: try Self.port(parts.count > 1 ? parts[1] : nil))
    }

    private static func socket(_ path: Substring) throws(Quantity.Malformed) -> Address {
        guard path.hasPrefix("/") else {
            throw .init(description: "must be an absolute path, as in unix:/run/mysqld/mysqld.sock")
        }
        // `unix:///run/x` is the spelling of URLs.
        let path = "/" + path.drop { $0 == "/" }
        // sockaddr_un holds 108 bytes, the last of them NUL.
        guard path.utf8.count <= 107, path.utf8.count > 1 else {
            throw .init(description: "must be a socket's path of at most 107 bytes")
        }
        return .unix(path: path)
    }

    private static func port(_ text: Substring?) throws(Quantity.Malformed) -> UInt16 {
        guard let text else { return defaultPort }
        guard text.utf8.allSatisfy(isDigit), let port = UInt16(text), port > 0
        else {
            throw .init(description: "must have a port from 1 to 65535, not \(shown(String(text)))")
        }
        return port
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        var storage = in_addr()
        return inet_pton(AF_INET, String(text), &storage) == 1
    }

    private static func isIPv6(_ text: Substring) -> Bool {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let isZoneValid = parts.count == 1 || (!parts[1].isEmpty && parts[1].utf8.allSatisfy(isHostCharacter))
        var storage = in6_addr()
        return isZoneValid && inet_pton(AF_INET6, String(parts[0]), &storage) == 1
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
