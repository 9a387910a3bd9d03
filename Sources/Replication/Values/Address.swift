/// Where a server listens.
package enum Address: Sendable, Hashable, CustomStringConvertible {
    /// A host name or an IP address (IPv6 without brackets), and a port from 1.
    ///
    /// libmariadb takes the host `localhost` for "the Unix socket" unless told to use TCP.
    case tcp(host: String, port: UInt16)
    /// The absolute path of a Unix socket.
    case unix(path: String)

    /// MySQL's port when an address names none.
    package static let defaultPort: UInt16 = 3306

    /// As it is written in the configuration: `db1:3306`, `[::1]:3306`, `unix:/run/mysqld/mysqld.sock`.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
