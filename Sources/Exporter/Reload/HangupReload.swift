import Monitoring
import ServiceLifecycle
import UnixSignals

/// Reads the configuration anew on every SIGHUP.
struct HangupReload: Service, CustomStringConvertible {
    private let signals: UnixSignalsSequence
    private let live: LiveFleet

    /// From here on SIGHUP ends the process no more.
    init(_ live: LiveFleet) async {
        self.live = live
        signals = await UnixSignalsSequence(trapping: .sighup)
    }

    /// The lifecycle's debug log shows it.
    var description: String { "reload on SIGHUP" }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            // A refusal has been logged; whoever sent the signal reads it there.
            try? await live.reload()
        }
    }
}
