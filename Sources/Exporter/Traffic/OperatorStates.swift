import Glibc
import Logging
import Synchronization
import Traffic

/// What operators have said of nodes: in files of a directory, which outlive the exporter, or else in memory.
///
/// A file is named like its node and holds `drain` or `maint`; a node without a file is ready. A file that says anything else,
/// or cannot be read, was put there to say something: it counts as `maint`.
final class OperatorStates: Sendable {
    typealias Failure = DraftedFile.Failure

    private let directory: String?
    private let logger: Logger
    private let remembered = Mutex<[String: OperatorState]>([:])
    /// Files that make no sense, to say so once.
    private let unreadable = Mutex<Set<String>>([])

    /// - Parameter directory: nil to remember in memory alone.
    init(directory: String?, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// - Parameter node: the name of a configured node, and so no path.
    subscript(node: String) -> OperatorState {
        guard let directory else { return remembered.withLock { $0[node] ?? .ready } }
        return read("\(directory)/\(node)", of: node)
    }

    /// - Throws: when it cannot be written down.
    func set(_ state: OperatorState, of node: String) throws(Failure) {
        if let directory {
            try write(state, to: "\(directory)/\(node)")
        } else {
            remembered.withLock { $0[node] = state == .ready ? nil : state }
        }
        logger.info("node is set to \(state.rawValue) by an operator", metadata: ["node": "\(node)"])
    }

    private func read(_ path: String, of node: String) -> OperatorState {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .ready }
            return nonsense(node, "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let text = String(unsafeUninitializedCapacity: 64) { max(0, Glibc.read(descriptor, $0.baseAddress, $0.count)) }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let state = OperatorState(rawValue: String(words[0])) else {
            return nonsense(node, "\(path) holds neither ready, drain nor maint")
        }
        _ = unreadable.withLock { $0.remove(node) }
        return state
    }

    private func nonsense(_ node: String, _ why: String) -> OperatorState {
        if unreadable.withLock({ $0.insert(node).inserted }) {
            logger.warning("a node's file makes no sense and counts as maint: \(why)", metadata: ["node": "\(node)"])
        }
        return .maintenance
    }

    /// The name of a draft is no node's.
    private func write(_ state: OperatorState, to path: String) throws(Failure) {
        if state == .ready {
            guard unlink(path) == 0 || errno == ENOENT else { throw Failure(path) }
            return
        }
        try DraftedFile.write("\(state.rawValue)\n", to: path, mode: 0o644)
    }
}
