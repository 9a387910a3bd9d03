internal import Synchronization
package import Topology

/// Findings, and when their round began.
package struct SetView: Sendable {
    package let findings: SetFindings
    package let asked: ContinuousClock.Instant

    package init(findings: SetFindings, asked: ContinuousClock.Instant) {
        self.findings = findings
        self.asked = asked
    }
}

/// Where a probe gets the findings of its set.
package protocol FindingsSource: AnyObject, Sendable {
    /// The newest findings, however old, at once. If they are older than `age`, starts a round for later callers: a probe that
    /// writes four times a second does not wait for a node that hangs.
    func newest(renewing age: Duration) async -> SetView?

    /// Findings no older than `age`, from a new round if necessary.
    func view(notOlderThan age: Duration) async -> SetView?
}

/// A probe's way to the findings of its set. A probe that a reload leaves running keeps it, even if the set has a new monitor.
package final class SetWatch: Sendable {
    private struct Source {
        /// Weak, because the monitor holds its probes. Its fleet is held until they have ended.
        weak var value: (any FindingsSource)?
        var usage: Usage?
    }

    private let source = Mutex(Source())

    package init() {}

    /// Takes findings from `source` from now on.
    /// - Parameter usage: counts the calls to it; its connections must not be closed during one, or its nodes would seem silent.
    package func follow(_ source: any FindingsSource, counting usage: Usage? = nil) {
        self.source.withLock { $0 = Source(value: source, usage: usage) }
    }

    package func newest(renewing age: Duration) async -> SetView? {
        guard let (source, usage) = enter() else { return nil }
        defer { usage?.leave() }
        return await source.newest(renewing: age)
    }

    package func view(notOlderThan age: Duration) async -> SetView? {
        guard let (source, usage) = enter() else { return nil }
        defer { usage?.leave() }
        return await source.view(notOlderThan: age)
    }

    /// Chosen and counted at once: between the two, the source could be replaced and closed.
    private func enter() -> (source: any FindingsSource, usage: Usage?)? {
        source.withLock { source in
            guard let value = source.value else { return nil }
            source.usage?.enter()
            return (value, source.usage)
        }
    }
}
