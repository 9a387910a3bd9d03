import Configuration
import Logging
import MariaDB
import Monitoring
import Presentation
import Web

/// Divides the limit on open files between connections to nodes and connections from clients.
///
/// The limit must never be reached: libdispatch aborts a process that has no descriptors left.
struct OpenFiles: Sendable, Equatable {
    struct TooFew: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// For event loops, the log, and files that are read in passing.
    private static let reserve = 80
    /// The library's descriptor, and its duplicate (`Interrupter`).
    private static let perConnection = 2
    /// With fewer, a listener could be filled by its slow clients alone.
    private static let fewestClients = 8

    private let limit: Int
    /// The maximum number of clients of each listener.
    let clients: Int
    /// The descriptors left for connections to nodes.
    let room: Int

    /// - Parameters:
    ///   - addresses: the number of addresses of each listener; 0 for a listener that is not used.
    ///   - clients: the number of clients that a listener should have if the limit allows it.
    /// - Throws: `TooFew` if the limit is too low for the nodes and a few clients.
    init(
        limit: Int, _ configuration: Configuration, addresses: [Int],
        clients wanted: Int = ListenerOptions(addresses: []).maxConnections
    ) throws(TooFew) {
        let listeners = addresses.count { $0 > 0 }
        let sockets = addresses.reduce(0, +)
        let nodes = Self.descriptors(toNodesOf: configuration)
        let least = listeners * Self.descriptors(forClients: Self.fewestClients)
        let free = limit - Self.reserve - sockets
        guard free >= nodes + least else {
            let names = Amount.count(configuration.nodes.count, "node")
            let needed = Self.reserve + sockets + nodes + least
            throw TooFew(
                description: "the limit on open files is \(limit), and \(names) with probes and a few clients need "
                    + "\(needed): \(Self.advice), or configure fewer nodes")
        }
        // If possible, reserve twice what the nodes need: during a reload, changed nodes are briefly connected twice, and a
        // reload may add nodes.
        let share = max(least, free - 2 * nodes) / max(1, listeners)
        clients = min(wanted, Self.clients(within: share))
        room = free - listeners * Self.descriptors(forClients: clients)
        self.limit = limit
    }

    /// Checks whether another configuration may take effect while clients keep their share.
    /// - Parameter earlier: the configurations whose connections may still be open, oldest first; the last is in effect.
    /// - Throws: `TooFew` if it may not.
    func check(_ configuration: Configuration, after earlier: [Configuration]) throws(TooFew) {
        // Each connection is counted once: where the next configuration no longer uses it.
        let left = zip(earlier, earlier.dropFirst() + [configuration]).map { before, after in
            Self.descriptors(toNodesOf: before, beyond: after)
        }
        let needed = Self.descriptors(toNodesOf: configuration) + left.reduce(0, +)
        guard needed <= room else {
            let closing = left.reduce(0, +) > 0 ? ", some of them until earlier connections are closed" : ""
            throw TooFew(
                description: "the limit on open files, \(limit), leaves \(room) for connections to nodes, but "
                    + "\(needed) are needed\(closing): restart the exporter so that it admits fewer clients, or "
                    + Self.advice)
        }
    }

    /// Logs a warning if the limit allows fewer clients than there should be.
    func warn(_ logger: Logger, clients wanted: Int = ListenerOptions(addresses: []).maxConnections) {
        guard clients < wanted else { return }
        logger.warning(
            "the limit on open files is low, so fewer clients can be connected at a time; \(Self.advice)",
            metadata: ["limit": "\(limit)", "clients": "\(clients)"])
    }

    private static let advice = "raise it (ulimit -n, systemd LimitNOFILE=, docker --ulimit nofile=)"

    /// Scrapes have one connection to each node, which is closed before another is opened. A probe may have a second one
    /// while the first hangs; the sentinel connects to each node, the other probes to one.
    /// - Parameter successor: does not count what this configuration goes on using.
    private static func descriptors(
        toNodesOf configuration: Configuration, beyond successor: Configuration? = nil
    ) -> Int {
        let kept = successor?.nodes(unchangedSince: configuration) ?? []
        let connections = configuration.sets.map { set in
            let later = successor?.set(named: set.name)
            let isSentinelOpen = set.sentinel != nil && later?.keepsSentinel(of: set) != true
            let toOne = [
                set.heartbeat?.write == true && later?.keepsHeartbeat(of: set) != true,
                set.failover != nil && later?.keepsFailover(of: set) != true,
            ].count { $0 }
            return set.nodes.count { !kept.contains($0.name) }
                + Session.maxConnections * (toOne + (isSentinelOpen ? set.nodes.count : 0))
        }
        return connections.reduce(0, +) * perConnection
    }

    /// `Connections` allows an eighth more and one for connections that are about to end or are being refused, and another
    /// one may arrive at the same time.
    private static func descriptors(forClients clients: Int) -> Int { clients + clients / 8 + 2 }

    private static func clients(within descriptors: Int) -> Int {
        // Eight ninths, without overflow: there may be no limit at all.
        let (ninths, rest) = max(0, descriptors - 2).quotientAndRemainder(dividingBy: 9)
        return ninths * 8 + rest * 8 / 9
    }
}
