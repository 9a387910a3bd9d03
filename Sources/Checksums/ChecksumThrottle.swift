import Replication
import Topology

/// Whether to continue, given the state of the servers.
struct ChecksumThrottle: Sendable {
    enum Verdict: Sendable, Equatable {
        case go
        /// Until the condition is over; a sentence says what it is.
        case pause(String)
        /// What was determined about the set at the start of the run no longer holds.
        case stop(String)
    }

    let scope: ChecksumScope
    /// Seconds, in addition to a configured delay.
    let maxLag: Double
    /// Threads_running on the primary.
    let maxThreads: UInt64

    /// - Parameter set: nil if the nodes could not be asked.
    func verdict(_ set: SetFindings?) -> Verdict {
        guard let set else { return .pause("the nodes could not be asked") }
        switch set.primary {
        case .node(scope.primary): break
        case .node(let other): return .stop("\(other) takes the writes now, not \(scope.primary)")
        case .unknown(let reason): return .pause(reason)
        }
        for name in scope.replicas {
            guard let node = set.node(named: name) else { continue }
            if let reason = reason(against: node) { return .pause(reason) }
        }
        return .go
    }

    /// - Parameter threads: nil if the server did not report it.
    func verdict(threadsRunning threads: UInt64?) -> Verdict {
        guard let threads, threads > maxThreads else { return .go }
        return .pause("\(scope.primary) has \(threads) threads running")
    }

    private func reason(against node: NodeFindings) -> String? {
        let name = node.description.name
        guard node.report.isUp else { return "\(name) is down" }
        guard node.isUnfiltered else { return "\(name) has a replication filter" }
        let channels = node.channels.filter { $0.sourceNode != nil }
        if channels.isEmpty { return "\(name) replicates from no node of the set" }
        for channel in channels {
            if channel.channel.ioThread != .running { return "\(name) is not reading from \(channel.sourceNode ?? "")" }
            if !channel.channel.isApplierRunning { return "\(name) is not applying" }
            guard let lag = channel.lag else { return "the lag of \(name) is not known" }
            let excess = lag.seconds - (channel.channel.configuredDelay ?? 0)
            if excess > maxLag { return "\(name) lags" }
        }
        return nil
    }
}
