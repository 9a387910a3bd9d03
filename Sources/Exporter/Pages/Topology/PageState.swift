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

    init(_ troubles: [Trouble]) {
        self = troubles.map { $0.severity == .critical ? .critical : .warning }.max() ?? .ok
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

extension TreeRow {
    var state: PageState {
        let state = PageState(troubles)
        // Nothing is known to be wrong; but nobody knows that all is well.
        return state == .ok && channel != nil && channel?.lag == nil ? .unknown : state
    }
}

extension SetFindings {
    func state(_ rows: [TreeRow]) -> PageState {
        max(PageState(troubles), rows.map(\.state).max() ?? .ok)
    }
}
