package import Glibc

/// A small file that is replaced atomically by way of a temporary file, so that it is never read half-written. When it is written, it is
/// on the disk: neither a crash of the machine nor a loss of power brings the old content back, or leaves an empty file.
package enum DraftedFile {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ path: String, _ why: String) { description = "cannot write \(path): \(why)" }

        /// With the reason from `errno`.
        package init(_ path: String) { self.init(path, String(cString: strerror(errno))) }
    }

    /// Between the name of a file and the number of the process that writes it.
    private static let mark: Character = "~"

    /// Removes the drafts that processes have left in a directory because they were killed. To be called before anything is written
    /// there: a draft with this process's own number is taken for that of an earlier one.
    /// - Parameter isOurs: whether a file of that name may be drafted there. Nothing else is touched.
    package static func removeAbandoned(in directory: String, of isOurs: (_ name: Substring) -> Bool) {
        for name in fileNames(in: directory) ?? [] {
            guard let end = name.lastIndex(of: mark), isOurs(name[..<end]),
                let process = pid(name[name.index(after: end)...]), !isRunning(process)
            else { continue }
            // If it cannot be removed, it does no harm.
            unlink("\(directory)/\(name)")
        }
    }

    /// Nil unless it is written as `write` does.
    private static func pid(_ text: Substring) -> pid_t? {
        pid_t(text).flatMap { $0 > 0 && "\($0)" == text ? $0 : nil }
    }

    /// Whether another process has the number.
    private static func isRunning(_ process: pid_t) -> Bool {
        process != getpid() && (kill(process, 0) == 0 || errno != ESRCH)
    }

    /// Waits until the content of a file, or the entries of a directory, are on the disk; -1 and `errno` if that fails.
    package typealias Sync = @Sendable (_ descriptor: Int32) -> Int32

    package static let sync: Sync = { fsync($0) }

    /// - Parameters:
    ///   - mode: the permissions of the file.
    ///   - sync: nil if the file need not be on the disk.
    package static func write(
        _ text: String, to path: String, mode: mode_t, sync: Sync? = DraftedFile.sync
    ) throws(Failure) {
        let draft = "\(path)\(mark)\(getpid())"
        let descriptor = try Self.descriptor(writing: draft, O_TRUNC, mode: mode)
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && sync?(descriptor) ?? 0 == 0
        var failure = isWritten ? nil : Failure(draft)
        close(descriptor)
        if isWritten, rename(draft, path) != 0 { failure = Failure(path) }
        if let failure {
            unlink(draft)
            throw failure
        }
        if let sync { try syncDirectory(of: path, sync) }
    }

    /// Waits until it is on the disk that a file was created, renamed or removed.
    package static func syncDirectory(of path: String, _ sync: Sync = DraftedFile.sync) throws(Failure) {
        let directory = path.lastIndex(of: "/").map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path) }
        defer { close(descriptor) }
        // Some network file systems cannot do that for directories.
        guard sync(descriptor) == 0 || errno == EINVAL else { throw Failure(path) }
    }

    /// Opens a file, creating it if it is missing. Anything but a regular file is refused: opening a pipe would block until
    /// it has a reader.
    package static func descriptor(writing path: String, _ flags: Int32 = 0, mode: mode_t) throws(Failure) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, mode)
        guard descriptor >= 0 else { throw Failure(path) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return descriptor }
        close(descriptor)
        throw Failure(path, "it is not a regular file")
    }
}
