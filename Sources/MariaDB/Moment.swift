internal import Glibc

/// A moment by both clocks of this machine: the monotonic one, for measuring durations, and the wall clock, for comparison with
/// the servers' clocks.
package struct Moment: Sendable {
    /// Not an instant, whose size is known only at run time: every row of a reply carries moments, and copying them would go
    /// through the Swift runtime.
    private let sinceOrigin: Duration
    /// Epoch seconds.
    package let wall: Double

    private static let origin = ContinuousClock.now

    package var instant: ContinuousClock.Instant { Self.origin + sinceOrigin }

    private init(sinceOrigin: Duration, wall: Double) {
        self.sinceOrigin = sinceOrigin
        self.wall = wall
    }

    package init(_ instant: ContinuousClock.Instant, wall: Double) {
        self.init(sinceOrigin: Self.origin.duration(to: instant), wall: wall)
    }

    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(
            sinceOrigin: origin.duration(to: .now), wall: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }
}
