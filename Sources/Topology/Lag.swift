import Replication

extension Lag {
    /// The best estimate that the round allows; nil where every number at hand would be a guess or a lie.
    ///
    /// With a stopped thread, or with a source that has fallen silent, time passes that nobody measures: a frozen source
    /// leaves "0 s behind" standing.
    init?(_ findings: ChannelFindings, _ thresholds: Thresholds) {
        let channel = findings.channel
        guard channel.isApplierRunning, channel.isTransferring else { return nil }
        let isCaughtUp = findings.isCaughtUp
        let behind = channel.secondsBehindSource.flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
        if let seconds = channel.applierTimes?.lag(isCaughtUp: isCaughtUp) {
            self.init(seconds: seconds, method: .applierTimestamps)
        } else if let difference = channel.eventTimes?.difference, difference >= 0,
            isCaughtUp == true || difference >= behind ?? 0
        {
            // The time of an event counts when it is begun: behind a lock the difference stays 0 (seen on 11.8.6), and
            // the server's own count tells more.
            self.init(seconds: difference, method: .eventTimes)
        } else if let behind, behind > 0 || !findings.hasMore(than: thresholds.bytes) {
            // 0 s with much to read or to apply is what a slow network and a replica just started say.
            self.init(seconds: behind, method: .secondsBehindSource)
        } else {
            return nil
        }
        guard seconds.isFinite else { return nil }
    }
}

extension ChannelFindings {
    /// More bytes are to be read or applied than two looks at slightly different times explain.
    fileprivate func hasMore(than bytes: UInt64) -> Bool {
        readDelta ?? 0 > bytes || applyDelta ?? 0 > bytes
    }

    /// Everything that the source has is applied. Nil where the source's positions are not known.
    var isCaughtUp: Bool? {
        distance.missing.map { $0 == 0 } ?? applyDelta.map { $0 == 0 }
    }
}

extension Channel.ApplierTimes {
    /// What is being applied now tells its age. An applier at rest has applied all that it got; that it has all is known
    /// only by comparison. What it applied last is history, and says nothing of what is on its way.
    fileprivate func lag(isCaughtUp: Bool?) -> Double? {
        applyingAge ?? (isCaughtUp == true ? 0 : nil)
    }
}

extension Channel {
    /// The IO thread is connected, and the source has been heard of within two of the periods in which it promised to be.
    var isTransferring: Bool {
        guard ioThread == .running else { return false }
        guard let silence = sourceSilence, let period = heartbeatPeriod, period > 0 else { return true }
        return silence <= 2 * period
    }
}
