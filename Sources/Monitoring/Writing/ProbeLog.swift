internal import Logging
internal import Synchronization

/// One log line when a probe begins to work or ceases to, and none while it stays as it is.
final class ProbeLog: Sendable {
    private enum State: Equatable {
        case working(String)
        case resting(String)
    }

    private let logger: Logger
    private let state = Mutex<State?>(nil)

    /// - Parameter probe: its key in the configuration.
    init(probe: String, logger: Logger) {
        var logger = logger
        logger[metadataKey: "probe"] = "\(probe)"
        self.logger = logger
    }

    func works(on node: String) {
        if changes(to: .working(node)) { logger.info("probe works", metadata: ["node": "\(node)"]) }
    }

    /// - Parameter reason: a sentence for people.
    func rests(_ reason: String) {
        if changes(to: .resting(reason)) { logger.warning("probe rests", metadata: ["reason": "\(reason)"]) }
    }

    private func changes(to new: State) -> Bool {
        state.withLock { state in
            defer { state = new }
            return state != new
        }
    }
}
