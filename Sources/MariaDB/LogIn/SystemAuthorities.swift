internal import CMariaDB
internal import Glibc

/// The certificate authorities that this system trusts, for nodes that are verified by them.
///
/// libmariadb makes an SSL context for every connection, and where it was told no authorities OpenSSL reads its default bundle into
/// each, whether anything is verified or not: some 40 ms of CPU and 0.8 MiB a connection, under a lock that all of them share.
/// So OpenSSL is told that there is no bundle (`SSL_CERT_FILE`, X509_get_default_cert_file_env(3)), and connections that
/// verify by the system's authorities are told where these are: in a directory with a link for each authority's hash, of which
/// a file is read when it is wanted (`openssl rehash`), or else in the bundle.
struct SystemAuthorities: Equatable, Sendable {
    /// All of them in one file; nil where the directory has all of them.
    let bundle: String?
    /// One file each, found by hash; nil where there is none.
    let directory: String?
    /// The bundle in whose place the directory is used; nil where it is not.
    private let replaced: String?

    /// - Parameters:
    ///   - environment: OpenSSL's `SSL_CERT_FILE` and `SSL_CERT_DIR` come before its defaults.
    ///   - file, directory: OpenSSL's defaults.
    init(environment: (String) -> String?, defaultFile file: String, defaultDirectory: String) {
        let named = environment(Self.fileVariable)
        let bundle = named ?? file
        let hashed = (environment(Self.directoryVariable) ?? defaultDirectory).split(separator: ":").first.map(
            String.init)
        let links = hashed.map(Self.countLinks) ?? 0
        directory = links > 0 ? hashed : nil
        let certificates = Self.countCertificates(bundle)
        // Somebody may have named another one, or added to the one that there is.
        let isNeeded = links < certificates || named.map { Self.resolved($0) != Self.resolved(file) } ?? false
        self.bundle = isNeeded && certificates > 0 ? bundle : nil
        replaced = isNeeded ? nil : Self.resolved(bundle)
    }

    static let fileVariable = "SSL_CERT_FILE"
    static let directoryVariable = "SSL_CERT_DIR"

    /// Nil where libmariadb has no OpenSSL: then it is left to its own ways.
    static let ofThisSystem: SystemAuthorities? = {
        guard let file = openSSLDefault("X509_get_default_cert_file"),
            let directory = openSSLDefault("X509_get_default_cert_dir")
        else { return nil }
        return SystemAuthorities(
            environment: { getenv($0).map { String(cString: $0) } }, defaultFile: file, defaultDirectory: directory)
    }()

    /// Lets contexts be made without authorities. To be called before there are other threads.
    static func keepFromContexts() {
        guard ofThisSystem != nil else { return }
        setenv(fileVariable, "/dev/null", 1)
        setenv(directoryVariable, "/dev/null", 1)
    }

    /// Has a connection verified by these authorities.
    func apply(to mysql: UnsafeMutablePointer<MYSQL>) {
        if let bundle { mysql_options(mysql, MYSQL_OPT_SSL_CA, bundle) }
        if let directory { mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, directory) }
        // Nobody is trusted then, rather than everybody.
        if bundle == nil, directory == nil { mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, "/dev/null") }
    }

    /// Whether a file is the system's bundle, and the directory has all that is in it.
    func cover(_ file: String) -> Bool { replaced != nil && Self.resolved(file) == replaced }

    // MARK: - What there is

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func openSSLDefault(_ function: String) -> String? {
        guard let symbol = dlsym(nil, function) else { return nil }
        typealias Function = @convention(c) () -> UnsafePointer<CChar>?
        return unsafeBitCast(symbol, to: Function.self)().map { String(cString: $0) }
    }

    /// Files named by the hash of an authority: eight hexadecimal digits, a dot and a number.
    private static func countLinks(in directory: String) -> Int {
        guard let stream = opendir(directory) else { return 0 }
        defer { closedir(stream) }
        var count = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            let isLink =
                name.count > 9 && name[8] == UInt8(ascii: ".")
                && name[..<8].allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
                && name[9...].allSatisfy { (48...57).contains($0) }
            if isLink { count += 1 }
        }
        return count
    }

    private static func countCertificates(_ bundle: String) -> Int {
        guard let file = fopen(bundle, "r") else { return 0 }
        defer { fclose(file) }
        var count = 0
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            if let line, strncmp(line, "-----BEGIN ", 11) == 0, strstr(line, "CERTIFICATE-----") != nil { count += 1 }
        }
        return count
    }
}
