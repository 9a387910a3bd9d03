import Glibc

/// The file of a UNIX socket that this process listens on.
struct UnixSocketFile {
    private let path: String
    private let device: dev_t
    private let number: ino_t

    /// - Parameter path: where the socket was bound.
    /// - Returns: nil if there is no file any more.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.path = path
        device = status.st_dev
        number = status.st_ino
    }

    /// Removes the file unless another one has taken its place: that is another process's.
    func remove() {
        guard let now = UnixSocketFile(path), now.device == device, now.number == number else { return }
        unlink(path)
    }

    /// Only a file that no process listens on may be replaced.
    /// - Throws: if one does, or if that cannot be found out.
    static func refuseIfServed(_ path: String, as address: ListenAddress) throws(ListenerError) {
        let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(AF_UNIX, Int32(type), 0)
        guard descriptor >= 0 else { throw .cannotListen(address, errno: errno) }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let isShort = withUnsafeMutableBytes(of: &name.sun_path) { bytes in
            // The rest is zero, and one zero must be left.
            guard path.utf8.count < bytes.count else { return false }
            bytes.copyBytes(from: path.utf8)
            return true
        }
        guard isShort else { throw .malformedAddress(path) }
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        switch status == 0 ? 0 : errno {
        case ENOENT, ECONNREFUSED: return
        // With its queue full, there is a listener all the same.
        case 0, EAGAIN: throw .cannotListen(address, errno: EADDRINUSE)
        case let error: throw .cannotListen(address, errno: error)
        }
    }
}
