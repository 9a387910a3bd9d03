import Replication
import Topology

/// The lag of many channels in a few words. Unknown lags are always mentioned, so that the known ones do not stand for all.
struct LagSummary {
    private var worst: (node: String, seconds: Double)?
    private var unknown = 0

    init(_ nodes: [NodeFindings]) {
        for node in nodes {
            for channel in node.channels where !channel.isParked { note(channel.lag, of: node) }
            if let member = node.member, member.isInComponent, member.isReceiver { note(member.lag, of: node) }
        }
    }

    private mutating func note(_ lag: Lag?, of node: NodeFindings) {
        guard let lag = lag?.seconds else {
            unknown += 1
            return
        }
        if lag > worst?.seconds ?? -1 { worst = (node.description.name, lag) }
    }

    /// - Parameter label: the markup for the name of the node with the worst lag.
    func markup(_ label: (String) -> HTML) -> [HTML] {
        var parts: [HTML] = []
        if let worst, worst.seconds > 0 {
            parts.append("<span>worst lag \(Amount.seconds(worst.seconds)), at \(label(worst.node))</span>")
        } else if worst != nil, unknown == 0 {
            parts.append("<span>no lag</span>")
        }
        if unknown > 0 { parts.append("<span>lag of \(Amount.count(unknown, "channel")) unknown</span>") }
        return parts
    }
}
