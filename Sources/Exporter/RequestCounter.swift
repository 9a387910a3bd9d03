import Metrics
import Synchronization
import Web

/// Counts responses by route and status code, since the start.
final class RequestCounter: Sendable {
    private struct Key: Hashable {
        let route: String
        let code: Int
    }

    private let counts: Mutex<[Key: UInt64]>

    /// - Parameter routes: the known routes, whose counts start at 0.
    init(routes: [String]) {
        counts = Mutex(Dictionary(routes.map { (Key(route: $0, code: 200), 0) }, uniquingKeysWith: { $1 }))
    }

    func count(route: String, code: Int) {
        counts.withLock { $0[Key(route: route, code: code), default: 0] += 1 }
    }

    var requests: [ExporterStatistics.Requests] {
        counts.withLock { $0 }.map { .init(route: $0.key.route, code: $0.key.code, count: $0.value) }
            .sorted { ($0.route, $0.code) < ($1.route, $1.code) }
    }
}
