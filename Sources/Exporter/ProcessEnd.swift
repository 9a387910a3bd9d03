import Glibc

/// How the process ends: its files written, and nothing else.
///
/// Threads that wait for servers are left behind at the end, and may be within libmariadb and OpenSSL. What these libraries have
/// registered with atexit(3) would take their locks and tables away from under them, and the process would end by a signal.
enum ProcessEnd {
    /// From now on exit(3) skips what libraries have left to do. What was registered last comes first: called right before the end.
    static func skipTeardown() {
        on_exit(
            { status, _ in
                fflush(nil)
                _exit(status)
            }, nil)
    }
}
