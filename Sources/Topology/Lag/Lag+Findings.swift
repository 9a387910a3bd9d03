import Replication

extension Lag {
    /// The age of the oldest transaction that the source has and the replica has not applied, as well as the round and the looks
    /// at the source's log allow; nil if every number at hand would be a guess.
    ///
    /// What the servers say is put between what the looks show: "0 s behind" stays when a network stalls or a source freezes, a
    /// statement may carry any timestamp, and clocks differ and jump.
    /// - Parameters:
    ///   - heartbeat: the lag by a heartbeat table.
    ///   - bounds: nil if there are no looks at the source's log, or they say nothing about this channel.
    ///   - isSourceAnswering: the source answered in this round, so that what the replica lacks is known to be all.
    ///   - isEndSeen: it has shown in this round where its log ends: otherwise earlier looks bound the lag, and later ones may be missing.
    ///   - isSourceComparable: it has shown where its log ends, or which transactions it has, or was asked for that and refused.
    ///
    /// No limit is met by a value that nothing bounds, although the source answers, unless the replica has everything.
    init?(
        _ findings: ChannelFindings, heartbeat: Double?, _ bounds: LagBounds?, isSourceAnswering: Bool,
        isEndSeen: Bool, isSourceComparable: Bool, _ thresholds: Thresholds
    ) {
        guard
            let reported = heartbeat.map({ Lag(seconds: $0, method: .heartbeat) })
                ?? Lag(findings, bounds, isSourceComparable: isSourceComparable, thresholds)
        else {
            guard let bounds, let upper = bounds.upper, isSourceAnswering || bounds.isBehind else { return nil }
            self.init(seconds: bounds.lower, method: .observed)
            error = upper - bounds.lower
            limiting = upper
            return
        }
        self = reported
        if findings.hasLost {
            // Shown by a heartbeat, which arrives whatever is missing.
            limiting = nil
            return
        }
        guard let bounds else {
            if isSourceComparable, method != .heartbeat, findings.isCaughtUp != true { limiting = nil }
            return
        }
        seconds = bounds.clamp(reported.seconds)
        error = bounds.upper.map { max(seconds - bounds.lower, $0 - seconds) }
        limiting = seconds
        guard isSourceAnswering else { return }
        if method == .heartbeat {
            // It goes on in a domain of its own while another one stands still.
            if bounds.lower > reported.seconds { limiting = bounds.upper }
            return
        }
        if !isEndSeen, findings.isCaughtUp != true {
            limiting = bounds.upper
        } else if bounds.upper == nil {
            // Nothing seen in the source's log is applied yet. What the servers say counts from what has been received.
            limiting = bounds.unreceived.map { max(seconds, $0) }
        } else if bounds.isLowerUnsure || bounds.likely - reported.seconds > Self.granularity {
            // Looks alone speak where they contradict it.
            limiting = bounds.upper
        } else {
            limiting = max(seconds, bounds.likely)
        }
    }

    /// Servers count whole seconds, and clocks are corrected by about as much.
    private static let granularity = 1.0

    /// By what the servers report. With a stopped thread, or a silent source, time passes that they do not measure.
    private init?(
        _ findings: ChannelFindings, _ bounds: LagBounds?, isSourceComparable: Bool, _ thresholds: Thresholds
    ) {
        let channel = findings.channel
        // In a log that is gone, "0 s behind" says nothing about what the source has now.
        guard channel.isApplierRunning, channel.isTransferring, findings.logLoss == nil, findings.leads.isEmpty else {
            return nil
        }
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
        } else if let behind,
            behind > 0 || bounds?.upper != nil || isCaughtUp == true
                || (!isSourceComparable || bounds?.unreceived != nil) && !findings.hasMore(than: thresholds.bytes)
        {
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
