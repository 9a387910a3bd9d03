internal import Glibc

/// Lets the kernel give a connection up whose peer has vanished without a word, as behind a cut cable or a firewall that has
/// forgotten the connection. Without it, a call with a long deadline waits for all of it.
/// (tcp(7): TCP_USER_TIMEOUT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.)
func noticeSilence(of socket: Int32) {
    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // A kernel without the option leaves the deadline, which holds in any case.
        _ = setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
    let tcp = Int32(IPPROTO_TCP)
    // What was sent and is not acknowledged: milliseconds.
    set(tcp, TCP_USER_TIMEOUT, 10_000)
    // While nothing is sent: the first question after 10 s, then every 5 s; TCP_USER_TIMEOUT decides when it is enough.
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
    set(tcp, TCP_KEEPIDLE, 10)
    set(tcp, TCP_KEEPINTVL, 5)
    set(tcp, TCP_KEEPCNT, 3)
}
