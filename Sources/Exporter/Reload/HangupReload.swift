import Monitoring
import ServiceLifecycle
import UnixSignals

/// Reloads the configuration on every SIGHUP.
struct HangupReload: Service, CustomStringConvertible {
    private let signals: UnixSignalsSequence
    private let live: LiveFleet

    /// From here on, SIGHUP no longer ends the process.
    init(_ live: LiveFleet) async {
        self.live = live
        signals = await UnixSignalsSequence(trapping: .sighup)
    }

    /// Shown in the service group's debug log.
    var description: String { "reload on SIGHUP" }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            // A refusal has already been logged, which is where the sender of the signal finds it.
            try? await live.reload()
        }
    }
}
