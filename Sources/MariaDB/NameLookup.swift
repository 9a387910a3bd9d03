internal import Glibc
internal import Replication

enum NameLookup {
    /// Looks a host up before libmariadb does: if no name server answers (EAI_AGAIN), libmariadb retries with doubling pauses for
    /// twice its connect timeout or longer, and nothing can interrupt it.
    /// - Returns: why the host has no address now, or nil. Numeric addresses cost nothing.
    static func failure(of host: String, deadline: ContinuousClock.Instant) -> MySQLError? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var addresses: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &addresses)
        if let addresses { freeaddrinfo(addresses) }
        let reason: String
        if status == EAI_SYSTEM {
            reason = String(cString: strerror(errno))
        } else if status != 0 {
            reason = String(cString: gai_strerror(status))
        } else if deadline <= .now {
            reason = "it took longer than the node's timeout"
        } else {
            return nil
        }
        return MySQLError(
            phase: .dns, code: ErrorCode.unknownHost, message: "looking up \(host.debugDescription): \(reason)")
    }
}
