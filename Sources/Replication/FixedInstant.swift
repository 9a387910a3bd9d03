/// An instant of the steady clock with a size known at compile time. The size of `ContinuousClock.Instant` is known
/// only at run time, so every structure that contains one, however deep, is copied, passed and accessed through the
/// runtime.
package struct FixedInstant: Sendable, Hashable {
    private let sinceOrigin: Duration

    private static let origin = ContinuousClock.now

    package init(_ instant: ContinuousClock.Instant) {
        sinceOrigin = Self.origin.duration(to: instant)
    }

    package func seconds(since earlier: FixedInstant) -> Double { (sinceOrigin - earlier.sinceOrigin).seconds }

    package var instant: ContinuousClock.Instant { Self.origin + sinceOrigin }
}

extension FixedInstant: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.sinceOrigin < right.sinceOrigin }
}
