import Glibc

/// Why the listener cannot listen.
package enum ListenerError: Error, Equatable {
    case malformedAddress(String)
    /// The system refused the address with this `errno`.
    case cannotListen(ListenAddress, errno: Int32)
    /// The address could not be had for a reason that has no `errno`, such as a host name without address.
    case unusableAddress(ListenAddress, reason: String)
    /// No sockets, or none to listen on, came from a service manager.
    case notActivated(reason: String)
    /// A socket that was listening has closed by itself.
    case stopped
}

extension ListenerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedAddress(let text):
            "\"\(text)\" is no address to listen on: write host:port, :port, [IPv6 address]:port or unix:/path"
        case .cannotListen(let address, let errno):
            "cannot listen on \(address): \(String(cString: strerror(errno))) (errno \(errno))\(Self.advice(errno))"
        case .unusableAddress(let address, let reason):
            "cannot listen on \(address): \(reason)"
        case .notActivated(let reason):
            "--web.systemd-socket: \(reason)"
        case .stopped:
            "a listening socket has closed unexpectedly; restart the exporter and look for network errors in its log"
        }
    }

    private static func advice(_ errno: Int32) -> String {
        switch errno {
        case EADDRINUSE: "; another process has it: stop that one, or choose another --web.listen-address"
        case EACCES, EPERM:
            "; ports below 1024 want CAP_NET_BIND_SERVICE, a UNIX socket wants write access to its directory"
        case EADDRNOTAVAIL: "; this machine has no such address: use one of its own, or :port for all"
        case EMFILE, ENFILE: "; too many open files: raise LimitNOFILE"
        case ENOENT: "; the socket's directory does not exist: create it"
        default: ""
        }
    }
}
