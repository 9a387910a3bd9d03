internal import CMariaDB
internal import Glibc
internal import Replication

/// No LOCAL INFILE, which the library's default flags include; several statements per packet only where batches are sent.
func clientFlags(for options: ConnectionOptions) -> UInt {
    UInt(options.sendsBatches ? CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS : CLIENT_MULTI_RESULTS)
}

/// The authentication plugins that a server may ask for. A rogue server would ask for `mysql_clear_password` and get the
/// password; `dialog` asks for it just as openly. (Connector/C manual, MARIADB_OPT_RESTRICTED_AUTH.)
let allowedPlugins =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,auth_gssapi_client"

/// Bytes. Enough for the longest row of a replica's status; the library's default is 8 KiB.
let networkBuffer = 4096

/// The library's own timeout in seconds; only a backstop to the deadline.
private let backstop: UInt32 = 60

/// Overrides what libmariadb and OpenSSL would take from the environment.
let environmentIsSettled: Void = {
    // If this were set, Connector/C 3.4 would verify nothing, whatever the configuration says.
    unsetenv("MARIADB_TLS_DISABLE_PEER_VERIFICATION")
    SystemAuthorities.keepFromContexts()
}()

/// Neither `mysql_library_init` nor the list of callbacks is thread-safe; every connection passes through here.
let libraryIsInitialised: Bool = {
    _ = environmentIsSettled
    let isInitialised = mysql_server_init(0, nil, nil) == 0
    // A connection's buffer; it grows when a packet needs more.
    withUnsafePointer(to: networkBuffer) { _ = mysql_options(nil, MYSQL_OPT_NET_BUFFER_LENGTH, $0) }
    let status = ma_pvio_register_callback(1) { mode, mysql, bytes, length in
        let isRead = mode == 0
        guard isRead, length > 0 else { return }  // −1 for a read that failed
        inspect(bytes, count: length, of: mysql)
        noteReceived(length)
    }
    return isInitialised && status == 0
}()

/// Sets all of the library's options before it connects. It never reads an option file: libmariadb would do so inside
/// `mysql_real_connect` and let it override what was set here, `local-infile` included.
func apply(
    _ options: ConnectionOptions, to mysql: UnsafeMutablePointer<MYSQL>, deadline: ContinuousClock.Instant
) {
    func set<Value>(_ option: mysql_option, _ value: Value) {
        _ = withUnsafePointer(to: value) { mysql_options(mysql, option, $0) }
    }
    // How long it retries the look-up of a name that has no address for now; rounded up, so that the deadline comes first.
    let remaining = ContinuousClock.now.duration(to: deadline).components.seconds
    set(MYSQL_OPT_CONNECT_TIMEOUT, UInt32(clamping: max(1, remaining + 1)))
    set(MYSQL_OPT_READ_TIMEOUT, backstop)
    set(MYSQL_OPT_WRITE_TIMEOUT, backstop)
    set(MYSQL_OPT_LOCAL_INFILE, UInt32(0))
    set(MYSQL_OPT_RECONNECT, Int8(0))
    set(MYSQL_OPT_MAX_ALLOWED_PACKET, ReplyLimit.packet)
    mysql_options(mysql, MARIADB_OPT_RESTRICTED_AUTH, options.plugins)
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4")
    mysql_options(mysql, MARIADB_OPT_IO_WAIT, unsafeBitCast(waitHook, to: UnsafeRawPointer.self))
    mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "mysql-replication-exporter")
    // Without it, a unix socket's path is taken for a TCP address if the host is not "localhost".
    switch options.address {
    case .tcp: set(MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_TCP)
    case .unix: set(MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_SOCKET)
    }
    applyTLS(of: options, to: mysql)
}

/// Verification is always set explicitly: by default, Connector/C 3.3 leaves it off and 3.4 turns it on.
private func applyTLS(of options: ConnectionOptions, to mysql: UnsafeMutablePointer<MYSQL>) {
    var verify: Int8 = options.wantsTLS && options.tls == .verifyIdentity ? 1 : 0
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify)
    guard options.wantsTLS else { return }
    var enforce: Int8 = 1
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce)
    // In the other modes it would verify the signature with Connector/C 3.3 and nothing with 3.4.
    if options.tls == .verifyIdentity {
        if let system = SystemAuthorities.ofThisSystem {
            system.apply(to: mysql, for: options.certificateAuthority)
        } else if let certificateAuthority = options.certificateAuthority {
            mysql_options(mysql, MYSQL_OPT_SSL_CA, certificateAuthority)
        }
    }
    if let certificate = options.certificate { mysql_options(mysql, MYSQL_OPT_SSL_CERT, certificate) }
    if let key = options.key { mysql_options(mysql, MYSQL_OPT_SSL_KEY, key) }
}

extension ConnectionOptions {
    /// The first of its files that cannot be read: the library would report why, but not which one.
    var unreadableFile: MySQLError? {
        guard wantsTLS else { return nil }
        let files = [
            ("ca", tls == .verifyIdentity ? certificateAuthority : nil), ("cert", certificate), ("key", key),
        ]
        for case (let name, let path?) in files where access(path, R_OK) != 0 {
            let reason = String(cString: strerror(errno))
            return MySQLError(phase: .configuration, code: 0, message: "tls.\(name) \(path): \(reason)")
        }
        return nil
    }
}
