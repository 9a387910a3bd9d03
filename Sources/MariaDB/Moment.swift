internal import Glibc

/// A moment by both clocks of this machine: by the steady one, which distances are taken from, and by the wall's, which
/// servers have one like.
package struct Moment: Sendable {
    /// The size of an instant itself is known when the program runs only, and every row of a reply carries moments: they would
    /// be copied by way of the runtime.
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
