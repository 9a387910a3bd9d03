import Replication
import Topology

/// Whether to go on, by how the servers are.
struct ChecksumThrottle: Sendable {
    enum Verdict: Sendable, Equatable {
        case go
        /// Until it is over; a sentence for people.
        case pause(String)
        /// What was said of the set when the run began does not hold any more.
        case stop(String)
    }

    let scope: ChecksumScope
    /// Seconds; beyond a delay on purpose.
    let maxLag: Double
    /// Threads_running on the primary.
    let maxThreads: UInt64

    /// - Parameter set: nil when the nodes could not be asked.
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

    /// - Parameter threads: nil when the server did not tell.
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
            if channel.channel.ioThread != .running { return "\(name) does not read from \(channel.sourceNode ?? "")" }
            if !channel.channel.isApplierRunning { return "\(name) does not apply" }
            guard let lag = channel.lag else { return "the lag of \(name) is not known" }
            let excess = lag.seconds - (channel.channel.configuredDelay ?? 0)
            if excess > maxLag { return "\(name) lags" }
        }
        return nil
    }
}
