import ReplicationTesting
import Synchronization

@testable import Monitoring

/// Which node the primary is, as probes learn it: the only place of these tests that knows how they do.
///
/// Whenever a probe asks, this is the newest there is, so that nothing depends on how fast a test runs.
final class KnownPrimary: Sendable {
    let watch = SetWatch()
    private let source: KnownFindings
    /// A watch does not keep its source alive.
    private static let sources = Mutex<[KnownFindings]>([])

    /// db1, with db2 as its replica.
    init() {
        let source = KnownFindings(
            findings(node("db1", id: 1, readOnly: false), replica("db2", id: 2, from: channel(from: "db1", id: 1))))
        self.source = source
        Self.sources.withLock { $0.append(source) }
        watch.follow(source)
    }

    static let db1 = WritableNode(name: "db1", serverID: 1)

    /// db2 has been promoted, and db1 follows it.
    func moves() {
        source.become(
            findings(replica("db1", id: 1, from: channel(from: "db2", id: 2)), node("db2", id: 2, readOnly: false)))
    }

    /// Every node is read-only.
    func isUncertain() {
        source.become(findings(node("db1", id: 1, readOnly: true), node("db2", id: 2, readOnly: true)))
    }
}
