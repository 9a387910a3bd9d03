internal import CMariaDB

/// libmariadb as a whole.
package enum ClientLibrary {
    /// Such as `3.3.20`.
    package static var version: String {
        mysql_get_client_info().map { String(cString: $0) } ?? ""
    }

    /// Settles what libmariadb and OpenSSL take from the environment. The first connection does it as well, but no other thread
    /// may be reading the environment then (setenv(3)).
    package static func settleEnvironment() { environmentIsSettled }
}
