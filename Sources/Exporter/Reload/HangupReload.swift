import Monitoring
import ServiceLifecycle
import UnixSignals

/// Reloads the configuration on SIGHUP. Reloads are over when it ends, so it is the first service to end.
struct HangupReload: Service, CustomStringConvertible {
    private let signals: UnixSignalsSequence
    private let live: LiveFleet

    /// From here on, SIGHUP no longer ends the process; those that arrive before there is a fleet are kept.
    static func trap() async -> UnixSignalsSequence { await UnixSignalsSequence(trapping: .sighup) }

    init(_ live: LiveFleet, on signals: UnixSignalsSequence) {
        self.live = live
        self.signals = signals
    }

    /// Shown in the service group's debug log.
    var description: String { "reload on SIGHUP" }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            // The result is in the log, which is where the sender of the signal finds it. Not awaited: further signals are one
            // reload with this one if it has not begun, and the end of the process does not wait for its files.
            await live.requestReload()
        }
        await live.endReloads()
    }
}
