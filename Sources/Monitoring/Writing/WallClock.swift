internal import Glibc

/// The exporter's wall clock, which may be set, unlike the continuous one.
enum WallClock {
    /// Since 1970.
    static func microseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
