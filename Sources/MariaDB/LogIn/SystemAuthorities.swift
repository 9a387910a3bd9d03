internal import CMariaDB
internal import Glibc
internal import Synchronization

/// The certificate authorities that this system trusts, for nodes that are verified by them.
///
/// libmariadb makes an SSL context for every connection, and where it was told no authorities OpenSSL reads its default bundle into
/// each, whether anything is verified or not: some 40 ms of CPU and 0.8 MiB a connection, under a lock that all of them share.
/// So OpenSSL is told that there is no bundle (`SSL_CERT_FILE`, X509_get_default_cert_file_env(3)), and connections that
/// verify by the system's authorities are told where these are: in directories with a link for each authority's hash, of which
/// a file is read when it is wanted (`openssl rehash`), and in the bundle where it holds any that these lack.
final class SystemAuthorities: Sendable {
    /// What a connection is told.
    struct Sources: Equatable, Sendable {
        /// A file with all authorities; nil where the directories have what it has.
        var bundle: String?
        /// Separated by colons; empty for none.
        var directories: String
        /// The directories have what the bundle has, and nothing else.
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
    ///   - environment: OpenSSL's `SSL_CERT_FILE` and `SSL_CERT_DIR` come before its defaults.
    ///   - defaultFile, defaultDirectory: OpenSSL's.
    init(environment: (String) -> String?, defaultFile: String, defaultDirectory: String) {
        bundle = environment(Self.fileVariable) ?? defaultFile
        directories = environment(Self.directoryVariable) ?? defaultDirectory
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

    private static func openSSLDefault(_ function: String) -> String? {
        guard let symbol = dlsym(nil, function) else { return nil }
        typealias Function = @convention(c) () -> UnsafePointer<CChar>?
        return unsafeBitCast(symbol, to: Function.self)().map { String(cString: $0) }
    }

    /// Lets contexts be made without authorities. To be called before there are other threads.
    static func keepFromContexts() {
        guard ofThisSystem != nil else { return }
        setenv(fileVariable, "/dev/null", 1)
        setenv(directoryVariable, "/dev/null", 1)
    }

    /// Where the authorities are now: looked at again once the bundle or a directory has changed.
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
        // As a default OpenSSL reads a bundle as far as it can; as one that is named, a broken one is an error.
        let isOfUse = !whole.bodies.isEmpty && (whole.areSound || hashed.isEmpty)
        return Sources(
            bundle: isNeeded && isOfUse ? bundle : nil, directories: directories,
            isSame: whole.areSound && whole.bodies == hashed && !hashed.isEmpty)
    }

    /// Has a connection verified by these authorities.
    /// - Parameter file: where the configuration names a file of them, which may be the bundle.
    func apply(to mysql: UnsafeMutablePointer<MYSQL>, for file: String? = nil) {
        let sources = sources
        if let file, !(sources.isSame && isBundle(file)) {
            mysql_options(mysql, MYSQL_OPT_SSL_CA, file)
            return
        }
        if let bundle = sources.bundle { mysql_options(mysql, MYSQL_OPT_SSL_CA, bundle) }
        // With neither of them libmariadb would verify nothing.
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

    /// The certificates that a directory's links by hash lead to: of each file the first one.
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

/// What tells one state of a file from another (stat(2)).
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
