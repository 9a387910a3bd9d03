import Monitoring
import Synchronization
import Topology

/// Fixed findings about a set, returned whenever a probe asks.
final class KnownFindings: FindingsSource {
    private let findings: Mutex<SetFindings>

    init(_ findings: SetFindings) { self.findings = Mutex(findings) }

    func become(_ later: SetFindings) { findings.withLock { $0 = later } }

    func newest(renewing age: Duration) -> SetView? {
        SetView(findings: findings.withLock(\.self), asked: .now)
    }

    func view(notOlderThan age: Duration) -> SetView? { newest(renewing: age) }
}
