import Documents
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
    /// Nodes whose note could not be written, to say so once.
    private let unwritten = Mutex<Set<String>>([])

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
        if state != .ready {
            // Before it is said: what is said and not noted would never be taken back. Each time: the note may have vanished,
            // or it can be written only now.
            write(node)
            notices.withLock { $0[node] = .given }
            return false
        }
        let (isEnding, isOver) = notices.withLock { notices -> (Bool, Bool) in
            switch notices[node] {
            case nil: return (false, false)
            case .given: notices[node] = .ending(since: now)
            case .ending(let since) where since.duration(to: now) > Self.releasePeriod:
                notices[node] = nil
                return (false, true)
            case .ending: break
            }
            return (true, false)
        }
        // A disk that hangs holds up nobody who asks for other nodes. A note that another agent makes necessary meanwhile is
        // written again with the next question.
        if isOver, let directory { unlink("\(directory)/\(node)\(Self.suffix)") }
        return isEnding
    }

    private func write(_ node: String) {
        guard let directory else { return }
        do throws(DraftedFile.Failure) {
            close(try DraftedFile.descriptor(writing: "\(directory)/\(node)\(Self.suffix)", mode: 0o644))
            _ = unwritten.withLock { $0.remove(node) }
        } catch {
            guard unwritten.withLock({ $0.insert(node).inserted }) else { return }
            logger.warning(
                "\(error); if the exporter is restarted before the drain or maint has ended, HAProxy has to be told by hand: set server … state ready",
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
