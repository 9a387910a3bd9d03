/// An address to listen on.
package enum ListenAddress: Sendable, Hashable {
    /// `host` is `nil` for all addresses of the machine; port 0 lets the kernel choose.
    case tcp(host: String?, port: Int)
    /// The path of a UNIX socket; a leftover socket at that path is replaced.
    case unix(path: String)
    /// A socket that is listening already, by its descriptor; see `ActivatedSockets`.
    case activated(descriptor: Int32)

    /// Reads `:19104`, `127.0.0.1:0`, `[::1]:19104`, `db-monitor:19104`, `unix:/run/exporter.sock`.
    ///
    /// - Throws: `ListenerError.malformedAddress`.
    package init(_ text: String) throws(ListenerError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            // On Linux, 108 bytes including the NUL.
            guard path.hasPrefix("/"), path.utf8.count < 108 else { throw .malformedAddress(text) }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst()) else {
            throw .malformedAddress(text)
        }
        var host = text[..<colon]
        if host.first == "[" {
            guard host.last == "]", host.count > 2 else { throw .malformedAddress(text) }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .malformedAddress(text)
        }
        self = .tcp(host: host.isEmpty ? nil : String(host), port: Int(port))
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port):
            guard let host else { return ":\(port)" }
            return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): return "unix:\(path)"
        case .activated(let descriptor): return "descriptor \(descriptor)"
        }
    }
}
