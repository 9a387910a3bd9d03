import Glibc

/// What tells that a file has changed, without reading it. A pipe (`<(decrypt …)`) never has: it can be read but once.
struct FileStamp: Equatable {
    private let device: dev_t
    private let inode: ino_t
    private let size: off_t
    /// Nanoseconds since 1970. Nobody sets this one back, as `touch` does with the time of modification.
    private let changed: Int
    /// Why there is no such file; 0 if there is.
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

    /// Whether a change since then would show. The kernel's clock for files ticks every few milliseconds: two changes
    /// within a tick have the same time.
    func isSettled(now: Int) -> Bool { now - changed > 1_000_000_000 }
}
