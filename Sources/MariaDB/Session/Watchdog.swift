internal import Synchronization

/// Ends calls that outlive their deadline. A read ends at its deadline by itself (`Interrupter.wait`), but a peer that sends
/// without end never makes the library wait.
///
/// One task for all calls of the process; it lives while a call is running.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    /// How long after its deadline a call is ended at the latest, on a machine that is not busy.
    static let slowest = Duration.milliseconds(100)

    private struct Watched {
        weak var interrupter: Interrupter?
    }

    private struct State {
        var watched: [ObjectIdentifier: Watched] = [:]
        var isWatching = false
    }

    private let state = Mutex(State())

    func add(_ interrupter: Interrupter) {
        state.withLock { $0.watched[ObjectIdentifier(interrupter)] = Watched(interrupter: interrupter) }
    }

    /// - Parameter identity: of an interrupter that is being deinitialised.
    func remove(_ identity: ObjectIdentifier) {
        _ = state.withLock { $0.watched.removeValue(forKey: identity) }
    }

    /// Starts watching, unless it is already. Called when a call begins and no other is running.
    func wake() {
        let starts = state.withLock { state in
            defer { state.isWatching = true }
            return !state.isWatching
        }
        guard starts else { return }
        Task { await watch() }
    }

    private func watch() async {
        while true {
            try? await Task.sleep(for: Self.slowest)
            let interrupters = state.withLock { state -> [Interrupter]? in
                // A call that begins after this check wakes the watchdog again.
                if !Interrupter.isAnyCallUnderWay {
                    state.isWatching = false
                    return nil
                }
                return state.watched.values.compactMap(\.interrupter)
            }
            guard let interrupters else { return }
            for interrupter in interrupters { interrupter.interruptIfOverdue() }
        }
    }
}
