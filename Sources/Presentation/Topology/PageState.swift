import Topology

/// How a thing stands, for the eye: its colour, its shape and its word. The worst last.
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

    /// For those who do not see shapes and colours.
    var word: String {
        switch self {
        case .ok: "well"
        case .unknown: "unknown"
        case .warning: "warning"
        case .critical: "critical"
        }
    }

    /// Drawn from the page's own shapes.
    var icon: HTML {
        """
        <svg class="icon \(rawValue)" aria-hidden="true"><use href="#\(rawValue)"/></svg>\
        <span class="unseen">\(word): </span>
        """
    }
}

/// Why something is not well, in words.
struct Reason {
    var state: PageState
    var text: String
}

extension Trouble {
    var reason: Reason { Reason(state: severity == .critical ? .critical : .warning, text: text) }
}

extension TreeRow {
    /// Nobody knows that all is well where nobody knows the lag.
    var reasons: [Reason] {
        let reasons = troubles.map(\.reason)
        guard reasons.isEmpty, let channel, channel.lag == nil else { return reasons }
        return [Reason(state: .unknown, text: "nothing tells how late it is")]
    }

    var state: PageState { reasons.map(\.state).max() ?? .ok }
}

extension SetFindings {
    func state(_ rows: [TreeRow]) -> PageState {
        (troubles.map(\.reason.state) + rows.map(\.state)).max() ?? .ok
    }
}
