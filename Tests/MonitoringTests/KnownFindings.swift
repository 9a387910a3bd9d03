import Monitoring
import Synchronization
import Topology

/// What a probe is told of its set, whenever it asks.
final class KnownFindings: FindingsSource {
    private let findings: Mutex<SetFindings>

    init(_ findings: SetFindings) { self.findings = Mutex(findings) }

    func become(_ later: SetFindings) { findings.withLock { $0 = later } }

    func newest(renewing age: Duration) -> SetView? {
        SetView(findings: findings.withLock(\.self), asked: .now)
    }

    func view(notOlderThan age: Duration) -> SetView? { newest(renewing: age) }
}
