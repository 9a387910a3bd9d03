import Configuration
import Glibc

/// The end of the process: flushes its files, ends the commands that still run for a password, and skips everything else.
///
/// Threads that wait for servers still run at the end, and may be inside libmariadb or OpenSSL. The handlers that these
/// libraries have registered with atexit(3) would free locks and tables that the threads use, and crash the process.
enum ProcessEnd {
    /// From now on, exit(3) skips the libraries' handlers. The last registered handler runs first, so call this right before
    /// the end.
    static func skipTeardown() {
        on_exit(
            { status, _ in
                fflush(nil)
                PasswordCommands.shared.end()
                _exit(status)
            }, nil)
    }
}
