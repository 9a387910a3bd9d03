import MariaDB
import Topology

/// Checks the servers periodically while tables are compared, and waits as long as they are busy.
///
/// Used only by the one task that compares.
final class ChecksumPulse {
    private let sessions: ChecksumSessions
    private let throttle: ChecksumThrottle
    private let look: ChecksumRun.Look
    private let tell: @Sendable (ChecksumEvent) -> Void
    private var lookedAt: ContinuousClock.Instant?

    private static let interval = Duration.seconds(1)

    init(
        _ sessions: ChecksumSessions, _ throttle: ChecksumThrottle, look: @escaping ChecksumRun.Look,
        tell: @escaping @Sendable (ChecksumEvent) -> Void
    ) {
        self.sessions = sessions
        self.throttle = throttle
        self.look = look
        self.tell = tell
    }

    /// Returns when the servers are ready for another chunk.
    /// - Returns: false if the task was cancelled and the run is to end.
    /// - Throws: if another node has become the primary, or another run has taken over the lock.
    func holdOn() async throws(ChecksumRefusal) -> Bool {
        var told: String?
        while !Task.isCancelled {
            if let lookedAt, lookedAt.duration(to: .now) < Self.interval { return true }
            let verdict = try await verdict()
            switch verdict {
            case .go:
                lookedAt = .now
                if told != nil { tell(.goesOn) }
                return true
            case .stop(let reason): throw ChecksumRefusal(reason)
            case .pause(let reason):
                if reason != told { tell(.paused(reason)) }
                told = reason
                // The loop checks for cancellation.
                try? await Task.sleep(for: Self.interval)
            }
        }
        return false
    }

    private func verdict() async throws(ChecksumRefusal) -> ChecksumThrottle.Verdict {
        do throws(MySQLError) {
            // Asked while pausing too: it keeps the session from timing out.
            let threads = try await sessions.primary(["SHOW GLOBAL STATUS LIKE 'Threads_running'"])[0].first?
                .unsigned("Value")
            let load = throttle.verdict(threadsRunning: threads)
            if load != .go { return load }
        } catch {
            try sessions.refuse(error)
            return .pause("\(sessions.scope.primary): \(error.message)")
        }
        return throttle.verdict(await look())
    }
}
