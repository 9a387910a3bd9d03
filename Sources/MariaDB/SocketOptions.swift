internal import Glibc

/// Makes the kernel give up a connection whose peer has vanished silently, as behind a cut cable or a firewall that has
/// forgotten the connection. Without it, a call with a long deadline would wait until the deadline.
/// (tcp(7): TCP_USER_TIMEOUT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.)
func noticeSilence(of socket: Int32) {
    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // On a kernel without the option, the deadline still applies.
        _ = setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
    let tcp = Int32(IPPROTO_TCP)
    // For data sent and not acknowledged: milliseconds.
    set(tcp, TCP_USER_TIMEOUT, 10_000)
    // While nothing is sent: the first probe after 10 s, then every 5 s; TCP_USER_TIMEOUT decides when to give up.
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
    set(tcp, TCP_KEEPIDLE, 10)
    set(tcp, TCP_KEEPINTVL, 5)
    set(tcp, TCP_KEEPCNT, 3)
}
