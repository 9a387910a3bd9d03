/// The formats that can be rendered.
package enum ExpositionFormat: Sendable, Hashable {
    /// Prometheus text 0.0.4, which everything reads.
    case text004
    /// OpenMetrics 1.0.0.
    case openMetrics100

    fileprivate var mediaType: String {
        switch self {
        case .text004: "text/plain"
        case .openMetrics100: "application/openmetrics-text"
        }
    }

    fileprivate var version: String {
        switch self {
        case .text004: "0.0.4"
        case .openMetrics100: "1.0.0"
        }
    }
}

/// A format, and how to announce it.
package struct NegotiatedFormat: Sendable, Hashable {
    package var format: ExpositionFormat
    /// The client named an escaping scheme. Our names need no escaping, so the output is the same under any scheme; the
    /// response announces `underscores`.
    package var isEscapingAsked: Bool

    package init(_ format: ExpositionFormat, isEscapingAsked: Bool = false) {
        self.format = format
        self.isEscapingAsked = isEscapingAsked
    }

    /// The value of the response's Content-Type.
    package var contentType: String {
        "\(format.mediaType); version=\(format.version); charset=utf-8"
            + (isEscapingAsked ? "; escaping=underscores" : "")
    }

    /// The format that a request's `Accept` prefers, per RFC 9110: each format has the weight of the most specific
    /// range that matches it; the higher weight wins, then the more specific match, then the one named first. Text
    /// 0.0.4 if nothing matches or the header cannot be read, as in Prometheus' own exporters.
    package static func negotiate(accept: String?) -> NegotiatedFormat {
        guard let accept else { return NegotiatedFormat(.text004) }
        let ranges = MediaRange.list(accept)
        let text = ranges.offer(of: .text004)
        let openMetrics = ranges.offer(of: .openMetrics100)
        guard let openMetrics, openMetrics.range.weight > 0, openMetrics.isBetter(than: text) else {
            return NegotiatedFormat(.text004, isEscapingAsked: text?.range.parameters["escaping"] != nil)
        }
        return NegotiatedFormat(.openMetrics100, isEscapingAsked: openMetrics.range.parameters["escaping"] != nil)
    }
}

/// The range of an Accept header that matches a format.
private struct Offer {
    var range: MediaRange
    var specificity: Int
    var index: Int

    func isBetter(than other: Offer?) -> Bool {
        guard let other else { return true }
        if range.weight != other.range.weight { return range.weight > other.range.weight }
        if specificity != other.specificity { return specificity > other.specificity }
        return index < other.index
    }
}

extension [MediaRange] {
    fileprivate func offer(of format: ExpositionFormat) -> Offer? {
        var best: Offer?
        for (index, range) in enumerated() {
            guard let specificity = range.specificity(for: format) else { continue }
            if let best, best.specificity >= specificity { continue }
            best = Offer(range: range, specificity: specificity, index: index)
        }
        return best
    }
}

extension MediaRange {
    /// How closely the range matches the format: 0 `*/*`, 1 `type/*`, 2 the type, 3 the type and version; nil if it
    /// does not match.
    fileprivate func specificity(for format: ExpositionFormat) -> Int? {
        if type == "*/*" { return 0 }
        if type == format.mediaType {
            guard let version = parameters["version"] else { return 2 }
            return version == format.version ? 3 : nil
        }
        return type.hasSuffix("/*") && format.mediaType.hasPrefix(type.dropLast()) ? 1 : nil
    }
}
