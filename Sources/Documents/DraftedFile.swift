package import Glibc

/// A small file that is replaced as a whole: written by way of another file, so that nobody reads half of it.
package enum DraftedFile {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(_ path: String, _ why: String) { description = "cannot write \(path): \(why)" }

        /// By `errno`.
        package init(_ path: String) { self.init(path, String(cString: strerror(errno))) }
    }

    /// - Parameter mode: the permissions of the file.
    package static func write(_ text: String, to path: String, mode: mode_t) throws(Failure) {
        let draft = "\(path)~\(getpid())"
        let descriptor = try Self.descriptor(writing: draft, O_TRUNC, mode: mode)
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        var failure = isWritten ? nil : Failure(draft)
        close(descriptor)
        if isWritten, rename(draft, path) != 0 { failure = Failure(path) }
        if let failure {
            unlink(draft)
            throw failure
        }
    }

    /// Opens a file, which is made where there is none. What else has its name is refused: to open a pipe would wait until
    /// somebody reads from it.
    package static func descriptor(writing path: String, _ flags: Int32 = 0, mode: mode_t) throws(Failure) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, mode)
        guard descriptor >= 0 else { throw Failure(path) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return descriptor }
        close(descriptor)
        throw Failure(path, "it is no regular file")
    }
}
