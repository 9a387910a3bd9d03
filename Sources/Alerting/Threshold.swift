/// A number in an alert's expression that operators may want to change. The thresholds of lag and bytes are in the exporter's
/// configuration, per replication set.
package enum Threshold: String, Sendable, CaseIterable {
    case clockSkew = "clock_skew"
    case ioThreadChanges = "io_thread_changes"
    case purgeHeadroom = "purge_headroom"
    case sentinelLag = "sentinel_lag"
    case scrapeDuration = "scrape_duration"
    case flowControl = "flow_control"

    package var standard: String {
        switch self {
        case .clockSkew: "2"
        case .ioThreadChanges: "4"
        case .purgeHeadroom: "0.2"
        case .sentinelLag: "1"
        case .scrapeDuration: "6"
        case .flowControl: "0.1"
        }
    }

    /// For the help and the documentation.
    package var meaning: String {
        switch self {
        case .clockSkew: "seconds by which a clock may be off (ClockSkew)"
        case .ioThreadChanges: "changes of the IO thread within 15 minutes (IOThreadFlapping)"
        case .purgeHeadroom: "share of the source's log that the replica has read (PurgeHeadroomLow)"
        case .sentinelLag: "seconds of lag that explain a missing sentinel (SentinelFailing)"
        case .scrapeDuration: "seconds that a scrape may take (ExporterSlow)"
        case .flowControl: "share of the time in which writes may be held back (ClusterFlowControl)"
        }
    }

    private var isShare: Bool { self == .purgeHeadroom || self == .flowControl }

    /// Checks a number given for it. It is written into the expressions as it is, so only plain decimals are accepted.
    func check(_ text: String) throws(RuleOptionError) {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = halves.count <= 2 && halves.allSatisfy { $0.isDecimal && $0.utf8.count <= 9 }
        guard isPlain, let number = Double(text), number > 0 else {
            throw RuleOptionError("\(rawValue)=\(text) is not a number above 0, such as \(standard)")
        }
        guard !isShare || number < 1 else {
            throw RuleOptionError("\(rawValue)=\(text) is not a share between 0 and 1, such as \(standard)")
        }
        guard self != .ioThreadChanges || halves.count == 1 else {
            throw RuleOptionError("\(rawValue)=\(text) is not a whole number, such as \(standard)")
        }
    }
}

extension Substring {
    /// At least one digit, and nothing else.
    var isDecimal: Bool { !isEmpty && utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
}
