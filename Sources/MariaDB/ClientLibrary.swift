internal import CMariaDB

/// libmariadb as a whole.
package enum ClientLibrary {
    /// For example `3.3.20`.
    package static var version: String {
        mysql_get_client_info().map { String(cString: $0) } ?? ""
    }

    /// Sets what libmariadb and OpenSSL read from the environment. The first connection does it as well, but by then no other
    /// thread may be reading the environment (setenv(3)).
    package static func settleEnvironment() { environmentIsSettled }
}
