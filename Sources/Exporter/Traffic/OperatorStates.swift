import Documents
import Glibc
import Logging
import Synchronization
import Traffic

/// The states that operators have set for nodes: in files of a directory, which outlive the exporter, or in memory.
///
/// A file is named after its node and contains `drain` or `maint`; a node without a file is ready. A file with any other content,
/// or one that may not be read, was put there on purpose, so it counts as `maint`. While the directory itself is gone, or a file cannot
/// be read because of a fault, the state is unknown.
final class OperatorStates: Sendable {
    typealias Failure = DraftedFile.Failure

    private let directory: String?
    private let logger: Logger
    private let remembered = Mutex<[String: OperatorState]>([:])
    /// The nodes whose file is invalid or unreadable, so that this is logged only once; "" for the directory.
    private let unreadable = Mutex<Set<String>>([])
    /// The file systems of the files that keep traffic away from nodes: if one is unmounted, an empty directory in its place
    /// means nothing.
    private let origins = Mutex<[String: dev_t]>([:])

    /// Whether what was being written when an earlier exporter was killed has been removed: before the first file is written, since
    /// that may hang where reading does not.
    private let areDraftsRemoved = Mutex(false)

    /// - Parameter directory: nil to remember in memory only.
    init(directory: String?, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// Nil if it is not known.
    /// - Parameter node: the name of a configured node, which therefore contains no path separators.
    subscript(node: String) -> OperatorState? {
        guard let directory else { return remembered.withLock { $0[node] ?? .ready } }
        return read(node, in: directory)
    }

    /// - Throws: if it cannot be written to the file.
    func set(_ state: OperatorState, of node: String) throws(Failure) {
        if let directory {
            try write(state, of: node, in: directory)
        } else {
            remembered.withLock { $0[node] = state == .ready ? nil : state }
        }
        logger.info("node is set to \(state.rawValue) by an operator", metadata: ["node": "\(node)"])
    }

    /// The file system of the file that keeps traffic away from a node; nil if there is none, or it has not been read.
    func fileSystem(of node: String) -> dev_t? { origins.withLock { $0[node] } }

    private func read(_ node: String, in directory: String) -> OperatorState? {
        // Everything goes through one descriptor, so that a directory that appears or disappears meanwhile is not taken for an
        // empty one.
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            return unknown("", "no node may have traffic: \(directory): \(String(cString: strerror(errno)))")
        }
        defer { close(folder) }
        var status = stat()
        fstat(folder, &status)
        if unreadable.withLock({ $0.remove("") }) != nil {
            logger.info("the states set by operators can be read again")
        }
        let path = "\(directory)/\(node)"
        let descriptor = openat(folder, node, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let error = errno
            // A dangling link was put there on purpose, too.
            var link = stat()
            if error == ENOENT, fstatat(folder, node, &link, AT_SYMLINK_NOFOLLOW) != 0, errno == ENOENT {
                return withoutFile(node, path, on: status.st_dev)
            }
            let why = "\(path): \(String(cString: strerror(error)))"
            // Whoever put it there can be asked.
            let isThere = [ENOENT, EACCES, ELOOP, ENXIO, ENODEV].contains(error)
            return isThere
                ? invalid(node, "its file counts as maint: \(why)") : unknown(node, "it may have no traffic: \(why)")
        }
        defer { close(descriptor) }
        origins.withLock { $0[node] = status.st_dev }
        var count = 0
        let text = String(unsafeUninitializedCapacity: 64) {
            count = Glibc.read(descriptor, $0.baseAddress, $0.count)
            return max(0, count)
        }
        if count < 0, ![EISDIR, EAGAIN, EINVAL].contains(errno) {
            return unknown(node, "it may have no traffic: \(path): \(String(cString: strerror(errno)))")
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let state = OperatorState(rawValue: String(words[0])) else {
            return invalid(node, "its file counts as maint: \(path) contains neither ready, drain nor maint")
        }
        _ = unreadable.withLock { $0.remove(node) }
        if state == .ready { origins.withLock { $0[node] = nil } }
        return state
    }

    private func withoutFile(_ node: String, _ path: String, on fileSystem: dev_t) -> OperatorState {
        guard origins.withLock({ $0[node] == nil || $0[node] == fileSystem }) else {
            return invalid(
                node,
                "it counts as maint: \(path) has disappeared with its file system; mount it, or set the node ready"
            )
        }
        origins.withLock { $0[node] = nil }
        _ = unreadable.withLock { $0.remove(node) }
        return .ready
    }

    private func invalid(_ node: String, _ why: String) -> OperatorState {
        log(node, why)
        return .maintenance
    }

    /// - Parameter node: "" for all nodes.
    private func unknown(_ node: String, _ why: String) -> OperatorState? {
        log(node, why)
        return nil
    }

    private func log(_ node: String, _ why: String) {
        if unreadable.withLock({ $0.insert(node).inserted }) {
            logger.warning(
                "a state set by an operator cannot be read; \(why)", metadata: node.isEmpty ? [:] : ["node": "\(node)"])
        }
    }

    private func removeAbandonedDrafts(in directory: String) {
        let isFirst = areDraftsRemoved.withLock { areRemoved in
            defer { areRemoved = true }
            return !areRemoved
        }
        if isFirst { DraftedFile.removeAbandoned(in: directory) { !$0.isEmpty && !$0.contains("~") } }
    }

    /// The name of the draft file cannot be that of a node.
    private func write(_ state: OperatorState, of node: String, in directory: String) throws(Failure) {
        removeAbandonedDrafts(in: directory)
        let path = "\(directory)/\(node)"
        if state == .ready {
            guard unlink(path) == 0 || errno == ENOENT, Directory.exists(directory) else { throw Failure(path) }
            origins.withLock { $0[node] = nil }
            try DraftedFile.syncDirectory(of: path)
            return
        }
        try DraftedFile.write("\(state.rawValue)\n", to: path, mode: 0o644)
    }
}
