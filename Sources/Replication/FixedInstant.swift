/// An instant of the steady clock, in a size that the compiler knows. That of `ContinuousClock.Instant` is known when the
/// program runs only: every structure with one in it, however deep, is then copied, passed and looked at by way of the
/// runtime.
package struct FixedInstant: Sendable, Hashable {
    private let sinceOrigin: Duration

    private static let origin = ContinuousClock.now

    package init(_ instant: ContinuousClock.Instant) {
        sinceOrigin = Self.origin.duration(to: instant)
    }

    package var instant: ContinuousClock.Instant { Self.origin + sinceOrigin }
}

extension FixedInstant: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.sinceOrigin < right.sinceOrigin }
}
