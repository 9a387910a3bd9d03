import Documents
import Glibc
import Logging
import Synchronization
import Traffic

/// The nodes for which HAProxy's agent checks were answered with drain or maint, so that they are answered with "ready" when
/// that has ended, and only then.
///
/// An agent connection does not identify its backend, and several backends may ask for the same node. So "ready" is sent to all
/// of them, for longer than the interval of any. A note beside the operator's file remembers this across restarts: the file may
/// be removed while no exporter is running.
final class MaintenanceNotices: Sendable {
    /// How long "ready" is sent. Agent checks with a longer interval (`agent-inter`) may miss it.
    static let releasePeriod = Duration.seconds(60)

    private enum Notice {
        case given
        /// Being withdrawn since then.
        case ending(since: ContinuousClock.Instant)
    }

    private static let suffix = "~told"

    private let directory: String?
    private let logger: Logger
    private let notices = Mutex<[String: Notice]>([:])
    /// Whether the notes of earlier processes are known.
    private let areNotesRead = Atomic(false)
    /// Nodes whose note could not be written, so that this is logged only once.
    private let unwritten = Mutex<Set<String>>([])

    /// - Parameter directory: the directory of the operators' files; nil to remember in memory only.
    init(directory: String?, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// Learns what earlier processes have told agents, if that is not known yet; blocks as long as the file system does. To be called
    /// before each `turn`: the directory may have been away at the start.
    func readNotes() {
        guard let directory, !areNotesRead.load(ordering: .acquiring), let names = fileNames(in: directory) else {
            return
        }
        notices.withLock { notices in
            for name in names where name.hasSuffix(Self.suffix) {
                let node = String(name.dropLast(Self.suffix.count))
                // What this process has told since counts.
                if notices[node] == nil { notices[node] = .given }
            }
            areNotesRead.store(true, ordering: .releasing)
        }
    }

    /// What has to be done to a node's note.
    enum Note: Sendable, Equatable {
        case written, removed
    }

    /// Records the state that an agent check of a node is about to be answered with, in memory.
    /// - Returns: whether the answer has to say that drain or maint has ended, and what has to be done to the note: written before the
    ///   answer is sent, since without a note the answer would never be withdrawn; and every time, since the note may have
    ///   disappeared, or could not be written before.
    func turn(
        of node: String, _ state: OperatorState, now: ContinuousClock.Instant = .now
    ) -> (endsMaintenance: Bool, note: Note?) {
        notices.withLock { notices in
            guard state == .ready else {
                notices[node] = .given
                return (false, directory == nil ? nil : .written)
            }
            switch notices[node] {
            case nil: return (false, nil)
            case .given: notices[node] = .ending(since: now)
            case .ending(let since) where since.duration(to: now) > Self.releasePeriod:
                notices[node] = nil
                return (false, directory == nil ? nil : .removed)
            case .ending: break
            }
            return (true, nil)
        }
    }

    /// Writes or removes a note; may block. If another check needs a note that is removed meanwhile, the next one writes it again.
    /// - Parameter fileSystem: of the operator's file; nil if that is not known. A note is written on no other: where it was
    ///   mounted, there may be an empty directory now.
    func carryOut(_ note: Note, of node: String, on fileSystem: dev_t? = nil) {
        switch note {
        case .written: write(node, on: fileSystem)
        case .removed: remove(node)
        }
    }

    private func remove(_ node: String) {
        guard let directory else { return }
        let path = "\(directory)/\(node)\(Self.suffix)"
        guard unlink(path) == 0 else { return }
        do throws(DraftedFile.Failure) {
            try DraftedFile.syncDirectory(of: path)
        } catch {
            logger.warning(
                "\(error): after a loss of power, agents may be told once more that a drain or maint has ended",
                metadata: ["node": "\(node)"])
        }
    }

    private func write(_ node: String, on fileSystem: dev_t?) {
        guard let directory else { return }
        do throws(DraftedFile.Failure) {
            var status = stat()
            guard stat(directory, &status) == 0 else { throw DraftedFile.Failure(directory) }
            if let fileSystem, status.st_dev != fileSystem {
                throw DraftedFile.Failure(directory, "its file system is gone")
            }
            let path = "\(directory)/\(node)\(Self.suffix)"
            let isNew = access(path, F_OK) != 0
            close(try DraftedFile.descriptor(writing: path, mode: 0o644))
            if isNew { try DraftedFile.syncDirectory(of: path) }
            _ = unwritten.withLock { $0.remove(node) }
        } catch {
            guard unwritten.withLock({ $0.insert(node).inserted }) else { return }
            logger.warning(
                "\(error); if the exporter is restarted before the drain or maint has ended, HAProxy must be told manually: set server … state ready",
                metadata: ["node": "\(node)"])
        }
    }
}
