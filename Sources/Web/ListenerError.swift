import Glibc

/// Why the listener cannot listen.
package enum ListenerError: Error, Equatable {
    case malformedAddress(String)
    /// The system refused the address with this `errno`.
    case cannotListen(ListenAddress, errno: Int32)
    /// The address cannot be used for a reason without an `errno`, such as a host name that does not resolve.
    case unusableAddress(ListenAddress, reason: String)
    /// The service manager passed no sockets, or none that are listening.
    case notActivated(reason: String)
    /// A listening socket has closed unexpectedly.
    case stopped
}

extension ListenerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedAddress(let text):
            "\"\(text)\" is not a listen address: use host:port, :port, [IPv6 address]:port or unix:/path"
        case .cannotListen(let address, let errno):
            "cannot listen on \(address): \(String(cString: strerror(errno))) (errno \(errno))\(Self.advice(errno))"
        case .unusableAddress(let address, let reason):
            "cannot listen on \(address): \(reason)"
        case .notActivated(let reason):
            "sockets of systemd: \(reason)"
        case .stopped:
            "a listening socket has closed unexpectedly; restart the exporter and look for network errors in its log"
        }
    }

    private static func advice(_ errno: Int32) -> String {
        switch errno {
        case EADDRINUSE: "; another process uses it: stop that process, or choose another --web.listen-address"
        case EACCES, EPERM:
            "; ports below 1024 need CAP_NET_BIND_SERVICE, a UNIX socket needs write access to its directory"
        case EADDRNOTAVAIL: "; this machine has no such address: use one of its own, or :port for all"
        case EMFILE, ENFILE: "; too many open files: raise LimitNOFILE"
        case ENOENT: "; the socket's directory does not exist: create it"
        default: ""
        }
    }
}
