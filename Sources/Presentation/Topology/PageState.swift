import Topology

/// A state as the page shows it, by colour, shape and word. The worst last.
enum PageState: String, Comparable {
    case ok, unknown, warning, critical

    static func < (left: PageState, right: PageState) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .ok: 0
        case .unknown: 1
        case .warning: 2
        case .critical: 3
        }
    }

    /// For screen readers.
    var word: String {
        switch self {
        case .ok: "OK"
        case .unknown: "unknown"
        case .warning: "warning"
        case .critical: "critical"
        }
    }

    /// Uses the shapes that the page defines.
    var icon: HTML {
        """
        <svg class="icon \(rawValue)" aria-hidden="true"><use href="#\(rawValue)"/></svg>\
        <span class="unseen">\(word): </span>
        """
    }
}

/// Why something is not OK, in words.
struct Reason {
    var state: PageState
    var text: String
    /// The name of the page about it; nil if there is none.
    var runbook: String?
}

extension Trouble {
    var reason: Reason {
        Reason(state: severity == .critical ? .critical : .warning, text: text, runbook: Runbook.name(of: kind))
    }
}

extension TreeRow {
    /// What is wrong in this row. A channel whose lag is unknown is not known to be OK.
    var reasons: [Reason] {
        let reasons = troubles.map(\.reason)
        guard reasons.isEmpty, let channel, !channel.isParked, channel.lag == nil else { return reasons }
        return [Reason(state: .unknown, text: "the lag cannot be determined")]
    }

    var state: PageState { reasons.map(\.state).max() ?? .ok }
}

extension SetFindings {
    func state(_ rows: [TreeRow]) -> PageState {
        (troubles.map(\.reason.state) + rows.map(\.state)).max() ?? .ok
    }
}
