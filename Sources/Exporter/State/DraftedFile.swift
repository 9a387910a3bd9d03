import Glibc

/// A small file that is replaced as a whole: written by way of another file, so that nobody reads half of it.
enum DraftedFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String

        /// By `errno`.
        init(_ path: String) { description = "cannot write \(path): \(String(cString: strerror(errno)))" }
    }

    /// - Parameter mode: the permissions of the file.
    static func write(_ text: String, to path: String, mode: mode_t) throws(Failure) {
        let draft = "\(path)~\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw Failure(draft) }
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
}
