internal import Synchronization
package import Topology

/// Findings, and when the round began that they are of.
package struct SetView: Sendable {
    package let findings: SetFindings
    package let asked: ContinuousClock.Instant

    package init(findings: SetFindings, asked: ContinuousClock.Instant) {
        self.findings = findings
        self.asked = asked
    }
}

/// What tells a probe about its set.
package protocol FindingsSource: AnyObject, Sendable {
    /// The newest findings, however old, at once. Where they are older than `age` a round begins, for the next caller: a probe
    /// that writes four times a second does not wait for a node that hangs.
    func newest(renewing age: Duration) async -> SetView?

    /// Findings no older than `age`, of a new round if need be.
    func view(notOlderThan age: Duration) async -> SetView?
}

/// A probe's way to the findings of its set. A probe that a reload leaves as it is keeps it, whoever monitors the set then.
package final class SetWatch: Sendable {
    private struct Source {
        /// The monitor holds its probes.
        weak var value: (any FindingsSource)?
    }

    private let source = Mutex(Source())

    package init() {}

    /// From now on `source` is asked.
    package func follow(_ source: any FindingsSource) {
        self.source.withLock { $0.value = source }
    }

    package func newest(renewing age: Duration) async -> SetView? {
        await source.withLock { $0.value }?.newest(renewing: age)
    }

    package func view(notOlderThan age: Duration) async -> SetView? {
        await source.withLock { $0.value }?.view(notOlderThan: age)
    }
}
