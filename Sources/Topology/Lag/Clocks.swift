import Replication

extension NodeFacts {
    /// Seconds; a measured difference that may be off by more than this is of no use.
    private static let tolerance = 1.0

    /// By how much this node's clock is ahead of another's, in seconds; nil if that is not known well enough.
    func clockDifference(to other: NodeFacts?) -> Double? {
        guard let offset = clockOffset, let other, let theirs = other.clockOffset,
            clockError + other.clockError <= Self.tolerance
        else { return nil }
        return offset - theirs
    }

    /// The most by which `clockOffset` can be wrong: the server read its clock at some time between question and answer.
    private var clockError: Double {
        identityRead.map { $0.asked.duration(to: $0.told).seconds / 2 } ?? 0
    }
}

extension Channel {
    /// Makes times that a replica computed from its own clock and its source's right.
    /// - Parameter difference: by how much the replica's clock is ahead; nil if that is not known: then neither are the times.
    mutating func correctTimes(by difference: Double?) {
        func corrected(_ time: Double?) -> Double? {
            guard let time, let difference else { return nil }
            return max(0, time - difference)
        }
        if var times = applierTimes {
            times.applyingAge = corrected(times.applyingAge)
            times.stages[.transport] = corrected(times.stages[.transport])
            applierTimes = times
        }
        for index in workerStates.indices where workerStates[index].applyingAge != nil {
            workerStates[index].applyingAge = corrected(workerStates[index].applyingAge)
        }
    }
}
