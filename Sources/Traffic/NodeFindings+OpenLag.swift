package import Topology

extension NodeFindings {
    /// Whether it is not known how late a channel of it, or its membership in a cluster, is at most. The next look may show it.
    package var hasOpenLag: Bool {
        if let member, member.isInComponent, member.isReceiver, member.lag?.limiting == nil { return true }
        return channels.contains { !$0.isParked && $0.lag?.limiting == nil }
    }
}
