import Glibc

/// Detects that a file has changed without reading it. A pipe (`<(decrypt …)`) never changes: it can only be read once.
struct FileStamp: Equatable {
    private let device: dev_t
    private let inode: ino_t
    private let size: off_t
    /// The time of the last status change, nanoseconds since 1970. Unlike the modification time, it cannot be set by `touch`.
    private let changed: Int
    /// Why the file cannot be found; 0 if it can.
    private let error: Int32

    init(path: String) {
        var status = stat()
        error = stat(path, &status) == 0 ? 0 : errno
        if status.st_mode & S_IFMT != S_IFREG { status = stat() }
        device = status.st_dev
        inode = status.st_ino
        size = status.st_size
        changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
    }

    /// Whether a later change would be detected. The kernel's clock for files ticks every few milliseconds, and two changes
    /// within a tick have the same time.
    func isSettled(now: Int) -> Bool { now - changed > 1_000_000_000 }
}
