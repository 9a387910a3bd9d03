import Replication

/// What something that only grows was seen to be each time it was looked at, oldest first.
///
/// The looks bracket the time at which anything in it was added, by this machine's steady clock alone: neither the servers' clocks
/// nor the timestamps of events matter. So the age of the oldest part that somebody lacks is known to the time between two looks.
struct Looks<Content: Sendable>: Sendable {
    struct Look: Sendable {
        let content: Content
        /// The first answer that showed this had arrived: all of it had been written by then.
        let shown: FixedInstant
        /// When the last question was sent to which this was still the answer: what follows was written later.
        fileprivate(set) var confirmed: FixedInstant

        init(_ content: Content, shown: FixedInstant, confirmed: FixedInstant) {
            self.content = content
            self.shown = shown
            self.confirmed = confirmed
        }
    }

    /// Looks are merged as they age: the bracket may be this part of the age.
    private static var precision: Double { 0.1 }
    /// Seconds; looks closer together than this are merged at any age.
    private static var resolution: Double { 0.1 }

    /// Never empty.
    private(set) var all: [Look]
    /// When the newest look was last answered.
    private(set) var told: FixedInstant
    /// How many looks were left when they were last thinned.
    private var thinned = 0

    init(_ look: Look) {
        all = [look]
        told = look.shown
    }

    /// The newest look was made once more.
    mutating func confirm(by look: Look) {
        all[all.count - 1].confirmed = max(all[all.count - 1].confirmed, look.confirmed)
        told = max(told, look.shown)
    }

    mutating func append(_ look: Look) {
        all.append(look)
        told = max(told, look.shown)
    }

    mutating func keepLast(_ count: Int) {
        if all.count > count { all.removeFirst(all.count - count) }
    }

    /// Drops looks between others, so that at most `limit` are left; not on every call.
    mutating func thin(limit: Int) {
        guard all.count >= thinned + 16 || all.count > limit else { return }
        var precision = Self.precision
        var kept = thinned(precision)
        while kept.count > limit, precision < 1 {
            precision *= 2
            kept = thinned(precision)
        }
        if kept.count > limit { kept.removeFirst(kept.count - limit) }
        all = kept
        thinned = kept.count
    }

    private func thinned(_ precision: Double) -> [Look] {
        var kept = [all[0]]
        for (look, next) in zip(all.dropFirst(), all.dropFirst(2)) {
            let width = next.shown.seconds(since: kept[kept.count - 1].confirmed)
            let age = told.seconds(since: next.shown)
            if width > max(Self.resolution, precision * age) { kept.append(look) }
        }
        kept.append(all[all.count - 1])
        return kept
    }
}

extension Looks {
    /// Between what the age of the oldest part that somebody lacks must lie.
    /// - Parameters:
    ///   - applied: how many of the looks, from the oldest, show only what that one has.
    ///   - lacking: the oldest look that shows something that it lacks; nil if none is known to.
    func bounds(applied: Int, lacking: Int?, _ read: Reading) -> LagBounds {
        let lower = lacking.map { age(of: $0, read) } ?? 0
        return LagBounds(
            lower: lower,
            upper: applied > 0 ? max(0, FixedInstant(read.told).seconds(since: all[applied - 1].confirmed)) : nil,
            unreceived: nil, isBehind: lacking != nil, likely: lower)
    }

    /// How old what a look shows was at least when somebody was asked.
    func age(of look: Int, _ read: Reading) -> Double {
        max(0, FixedInstant(read.asked).seconds(since: all[look].shown))
    }
}
