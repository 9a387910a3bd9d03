import Replication

extension Lag {
    /// The best estimate that the round allows; nil if every number at hand would be a guess or wrong.
    ///
    /// With a stopped thread, or a silent source, time passes that nothing measures: a frozen source leaves "0 s
    /// behind" standing.
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
            // An event's time is recorded when the event begins: behind a lock the difference stays 0 (seen on 11.8.6),
            // and the server's own count is more informative.
            self.init(seconds: difference, method: .eventTimes)
        } else if let behind, behind > 0 || !findings.hasMore(than: thresholds.bytes) {
            // A slow network or a replica that has just started reports 0 s with much left to read or apply.
            self.init(seconds: behind, method: .secondsBehindSource)
        } else {
            return nil
        }
        guard seconds.isFinite else { return nil }
    }
}

extension ChannelFindings {
    /// More bytes are left to read or apply than two looks at slightly different times explain.
    fileprivate func hasMore(than bytes: UInt64) -> Bool {
        readDelta ?? 0 > bytes || applyDelta ?? 0 > bytes
    }

    /// Everything that the source has is applied. Nil if the source's positions are not known.
    var isCaughtUp: Bool? {
        distance.missing.map { $0 == 0 } ?? applyDelta.map { $0 == 0 }
    }
}

extension Channel.ApplierTimes {
    /// The transaction being applied now shows its age. An idle applier has applied all that it received; only a
    /// comparison shows that it has received everything. The last transaction applied is history, and says nothing
    /// about what is on its way.
    fileprivate func lag(isCaughtUp: Bool?) -> Double? {
        applyingAge ?? (isCaughtUp == true ? 0 : nil)
    }
}

extension Channel {
    /// The IO thread is connected, and something has arrived from the source within two of its heartbeat periods.
    var isTransferring: Bool {
        guard ioThread == .running else { return false }
        guard let silence = sourceSilence, let period = heartbeatPeriod, period > 0 else { return true }
        return silence <= 2 * period
    }
}
