import Documents
import Glibc
import Logging
import Synchronization
import Traffic

/// What operators have said of nodes: in files of a directory, which outlive the exporter, or else in memory.
///
/// A file is named like its node and holds `drain` or `maint`; a node without a file is ready. A file that says anything else,
/// or cannot be read, was put there to say something: it counts as `maint`. So does every node while the directory itself is
/// gone, and so nobody knows what its files say.
final class OperatorStates: Sendable {
    typealias Failure = DraftedFile.Failure

    private let directory: String?
    private let logger: Logger
    private let remembered = Mutex<[String: OperatorState]>([:])
    /// What makes no sense, by node, to say so once; "" for the directory.
    private let unreadable = Mutex<Set<String>>([])
    /// The file systems on which nodes have files that keep traffic from them: where one is unmounted, what is left of the directory says nothing.
    private let origins = Mutex<[String: dev_t]>([:])

    /// - Parameter directory: nil to remember in memory alone.
    init(directory: String?, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// - Parameter node: the name of a configured node, and so no path.
    subscript(node: String) -> OperatorState {
        guard let directory else { return remembered.withLock { $0[node] ?? .ready } }
        return read(node, in: directory)
    }

    /// - Throws: when it cannot be written down.
    func set(_ state: OperatorState, of node: String) throws(Failure) {
        if let directory {
            try write(state, of: node, in: directory)
        } else {
            remembered.withLock { $0[node] = state == .ready ? nil : state }
        }
        logger.info("node is set to \(state.rawValue) by an operator", metadata: ["node": "\(node)"])
    }

    private func read(_ node: String, in directory: String) -> OperatorState {
        // All by way of one descriptor, so that a directory which comes or goes meanwhile is not taken for an empty one.
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            return nonsense("", "every node counts as maint: \(directory): \(String(cString: strerror(errno)))")
        }
        defer { close(folder) }
        var status = stat()
        fstat(folder, &status)
        if unreadable.withLock({ $0.remove("") }) != nil {
            logger.info("what operators have said can be read again")
        }
        let path = "\(directory)/\(node)"
        let descriptor = openat(folder, node, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let error = errno
            // A link to nowhere is no file, and was put there all the same.
            var link = stat()
            if error == ENOENT, fstatat(folder, node, &link, AT_SYMLINK_NOFOLLOW) != 0, errno == ENOENT {
                return withoutFile(node, path, on: status.st_dev)
            }
            return nonsense(node, "its file counts as maint: \(path): \(String(cString: strerror(error)))")
        }
        defer { close(descriptor) }
        origins.withLock { $0[node] = status.st_dev }
        let text = String(unsafeUninitializedCapacity: 64) { max(0, Glibc.read(descriptor, $0.baseAddress, $0.count)) }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let state = OperatorState(rawValue: String(words[0])) else {
            return nonsense(node, "its file counts as maint: \(path) holds neither ready, drain nor maint")
        }
        _ = unreadable.withLock { $0.remove(node) }
        if state == .ready { origins.withLock { $0[node] = nil } }
        return state
    }

    private func withoutFile(_ node: String, _ path: String, on fileSystem: dev_t) -> OperatorState {
        guard origins.withLock({ $0[node] == nil || $0[node] == fileSystem }) else {
            return nonsense(
                node,
                "it counts as maint: \(path) was there, and has gone with its file system; mount it, or set the node ready"
            )
        }
        origins.withLock { $0[node] = nil }
        _ = unreadable.withLock { $0.remove(node) }
        return .ready
    }

    /// - Parameter node: "" where it is said of all.
    private func nonsense(_ node: String, _ why: String) -> OperatorState {
        if unreadable.withLock({ $0.insert(node).inserted }) {
            logger.warning(
                "what operators have said cannot be read; \(why)", metadata: node.isEmpty ? [:] : ["node": "\(node)"])
        }
        return .maintenance
    }

    /// The name of a draft is no node's.
    private func write(_ state: OperatorState, of node: String, in directory: String) throws(Failure) {
        let path = "\(directory)/\(node)"
        if state == .ready {
            guard unlink(path) == 0 || errno == ENOENT, Directory.exists(directory) else { throw Failure(path) }
            origins.withLock { $0[node] = nil }
            return
        }
        try DraftedFile.write("\(state.rawValue)\n", to: path, mode: 0o644)
    }
}
