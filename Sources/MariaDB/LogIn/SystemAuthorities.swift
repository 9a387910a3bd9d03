internal import CMariaDB
internal import Glibc
internal import Synchronization

/// The certificate authorities that this system trusts, for nodes whose certificates are verified against them.
///
/// libmariadb makes an SSL context for every connection, and if no authorities are set OpenSSL reads its default bundle into
/// each, whether anything is verified or not: about 40 ms of CPU and 0.8 MiB a connection, under a lock that all of them share.
/// So OpenSSL's default bundle is set to an empty one (`SSL_CERT_FILE`, X509_get_default_cert_file_env(3)), and connections that
/// verify against the system's authorities are given their locations: the directories with a link for each authority's hash,
/// from which a file is read only when needed (`openssl rehash`), and the bundle if it holds any that the directories lack.
final class SystemAuthorities: Sendable {
    /// Where a connection finds the authorities.
    struct Sources: Equatable, Sendable {
        /// A file with all authorities; nil if the directories have everything it has.
        var bundle: String?
        /// Separated by colons; empty for none.
        var directories: String
        /// Whether the directories have exactly what the bundle has.
        var isSame: Bool
    }

    private struct State {
        var stamps: [FileStamp] = []
        var sources: Sources?
    }

    private let bundle: String
    private let directories: String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - environment: OpenSSL's `SSL_CERT_FILE` and `SSL_CERT_DIR` take precedence over its defaults.
    ///   - defaultFile, defaultDirectory: OpenSSL's.
    init(environment: (String) -> String?, defaultFile: String, defaultDirectory: String) {
        bundle = environment(Self.fileVariable) ?? defaultFile
        directories = environment(Self.directoryVariable) ?? defaultDirectory
    }

    static let fileVariable = "SSL_CERT_FILE"
    static let directoryVariable = "SSL_CERT_DIR"

    /// Nil if libmariadb does not use OpenSSL: its own defaults apply then.
    static let ofThisSystem: SystemAuthorities? = {
        guard let file = openSSLDefault("X509_get_default_cert_file"),
            let directory = openSSLDefault("X509_get_default_cert_dir")
        else { return nil }
        return SystemAuthorities(
            environment: { getenv($0).map { String(cString: $0) } }, defaultFile: file, defaultDirectory: directory)
    }()

    private static func openSSLDefault(_ function: String) -> String? {
        guard let symbol = dlsym(nil, function) else { return nil }
        typealias Function = @convention(c) () -> UnsafePointer<CChar>?
        return unsafeBitCast(symbol, to: Function.self)().map { String(cString: $0) }
    }

    /// Makes OpenSSL create contexts without authorities. Call it before there are other threads.
    static func keepFromContexts() {
        guard ofThisSystem != nil else { return }
        setenv(fileVariable, "/dev/null", 1)
        setenv(directoryVariable, "/dev/null", 1)
    }

    /// Where the authorities are now: determined again when the bundle or a directory has changed.
    var sources: Sources {
        let folders = directories.split(separator: ":").map(String.init)
        let stamps = ([bundle] + folders).map(FileStamp.init)
        return state.withLock { state in
            if let sources = state.sources, state.stamps == stamps { return sources }
            let sources = Self.sources(bundle, folders, directories)
            state.stamps = stamps
            state.sources = sources
            return sources
        }
    }

    private static func sources(_ bundle: String, _ folders: [String], _ directories: String) -> Sources {
        let whole = PEMCertificates(bundle)
        let hashed = folders.reduce(into: Set<String>()) { $0.formUnion(hashedCertificates(in: $1)) }
        let isNeeded = !whole.bodies.isSubset(of: hashed)
        // OpenSSL reads a default bundle as far as it can; a broken bundle that is given explicitly is an error.
        let isOfUse = !whole.bodies.isEmpty && (whole.areSound || hashed.isEmpty)
        return Sources(
            bundle: isNeeded && isOfUse ? bundle : nil, directories: directories,
            isSame: whole.areSound && whole.bodies == hashed && !hashed.isEmpty)
    }

    /// Makes a connection verify the server against these authorities.
    /// - Parameter file: the configuration's own file of authorities, if any; it may be the bundle.
    func apply(to mysql: UnsafeMutablePointer<MYSQL>, for file: String? = nil) {
        let sources = sources
        if let file, !(sources.isSame && isBundle(file)) {
            mysql_options(mysql, MYSQL_OPT_SSL_CA, file)
            return
        }
        if let bundle = sources.bundle { mysql_options(mysql, MYSQL_OPT_SSL_CA, bundle) }
        // With neither of them set, libmariadb would verify nothing.
        if !sources.directories.isEmpty || sources.bundle == nil {
            mysql_options(
                mysql, MYSQL_OPT_SSL_CAPATH, sources.directories.isEmpty ? "/dev/null" : sources.directories)
        }
    }

    /// Whether a file is the bundle, by whatever name.
    func isBundle(_ file: String) -> Bool {
        let stamp = FileStamp(file)
        return stamp.exists && stamp == FileStamp(bundle)
    }

    /// The certificates that a directory's hash links lead to: the first one of each file.
    private static func hashedCertificates(in directory: String) -> Set<String> {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var bodies: Set<String> = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard isHash(name) else { continue }
            let path = "\(directory)/\(String(decoding: name, as: UTF8.self))"
            bodies.formUnion(PEMCertificates(path, limit: 1).bodies)
        }
        return bodies
    }

    /// Eight hexadecimal digits, a dot and a number.
    private static func isHash(_ name: [UInt8]) -> Bool {
        name.count > 9 && name[8] == UInt8(ascii: ".")
            && name[..<8].allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            && name[9...].allSatisfy { (48...57).contains($0) }
    }
}

/// The attributes by which two states of a file differ (stat(2)).
private struct FileStamp: Equatable, Sendable {
    private var numbers: [Int] = []

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        numbers = [
            Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino),
            Int(truncatingIfNeeded: status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
            status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }

    var exists: Bool { !numbers.isEmpty }
}
