import Glibc
import Logging
import Synchronization
import Traffic

/// Of which nodes HAProxy's agents were told drain or maint, so that they are told "ready" when that has ended, and only then.
///
/// A connection of an agent does not say whose it is, and several backends may ask for the same node. So "ready" is said to
/// all of them, for longer than any waits between two questions. A note beside the operator's file keeps that in mind over a
/// restart: the file may be removed while no exporter runs.
final class MaintenanceNotices: Sendable {
    /// How long "ready" is said. Agents that ask less often than this (`agent-inter`) may miss it.
    static let releasePeriod = Duration.seconds(60)

    private enum Notice {
        case given
        /// Being taken back since then.
        case ending(since: ContinuousClock.Instant)
    }

    private static let suffix = "~told"

    private let directory: String?
    private let logger: Logger
    private let notices: Mutex<[String: Notice]>

    /// - Parameter directory: of the operators' files; nil to remember in memory alone.
    init(directory: String?, logger: Logger) {
        self.directory = directory
        self.logger = logger
        notices = Mutex(
            Dictionary(Self.nodes(notedIn: directory).map { ($0, .given) }, uniquingKeysWith: { first, _ in first }))
    }

    /// Notes what an agent is about to be told of a node.
    /// - Returns: whether it has to be told that drain or maint has ended.
    func endsMaintenance(of node: String, _ state: OperatorState, now: ContinuousClock.Instant = .now) -> Bool {
        notices.withLock { notices in
            if state != .ready {
                if case .given = notices[node] { return false }
                // Before it is said: what is said and not noted would never be taken back.
                if notices[node] == nil { write(node) }
                notices[node] = .given
                return false
            }
            switch notices[node] {
            case nil: return false
            case .given: notices[node] = .ending(since: now)
            case .ending(let since) where since.duration(to: now) > Self.releasePeriod:
                notices[node] = nil
                if let directory { unlink("\(directory)/\(node)\(Self.suffix)") }
                return false
            case .ending: break
            }
            return true
        }
    }

    private func write(_ node: String) {
        guard let directory else { return }
        let path = "\(directory)/\(node)\(Self.suffix)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor >= 0 {
            close(descriptor)
        } else {
            logger.warning(
                "cannot write \(path): \(String(cString: strerror(errno))); if the exporter is restarted before the drain or maint has ended, HAProxy has to be told by hand: set server … state ready",
                metadata: ["node": "\(node)"])
        }
    }

    private static func nodes(notedIn directory: String?) -> [String] {
        guard let directory, let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var nodes: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(suffix) { nodes.append(String(name.dropLast(suffix.count))) }
        }
        return nodes
    }
}
