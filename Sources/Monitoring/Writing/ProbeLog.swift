internal import Logging
internal import Synchronization

/// Writes one log line when a probe starts or stops working, and none while nothing changes.
final class ProbeLog: Sendable {
    private enum State: Equatable {
        case working(String)
        case idle(String)
    }

    private let logger: Logger
    private let state = Mutex<State?>(nil)

    /// - Parameter probe: its key in the configuration.
    init(probe: String, logger: Logger) {
        var logger = logger
        logger[metadataKey: "probe"] = "\(probe)"
        self.logger = logger
    }

    func working(on node: String) {
        if changes(to: .working(node)) { logger.info("probe working", metadata: ["node": "\(node)"]) }
    }

    /// - Parameter reason: a sentence for people.
    func idle(_ reason: String) {
        if changes(to: .idle(reason)) { logger.warning("probe idle", metadata: ["reason": "\(reason)"]) }
    }

    private func changes(to new: State) -> Bool {
        state.withLock { state in
            defer { state = new }
            return state != new
        }
    }
}
