internal import Glibc

/// A moment by both clocks of this machine: by the steady one, which distances are taken from, and by the wall's, which
/// servers have one like.
package struct Moment: Sendable {
    package let instant: ContinuousClock.Instant
    /// Epoch seconds.
    package let wall: Double

    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(instant: .now, wall: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }
}
