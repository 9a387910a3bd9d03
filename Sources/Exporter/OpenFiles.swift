import Configuration
import Logging
import MariaDB
import Monitoring
import Presentation
import Web

/// How the limit on open files is shared out among the connections to nodes and those of clients.
///
/// It must never be reached: libdispatch ends a process that has none left.
struct OpenFiles: Sendable, Equatable {
    struct TooFew: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// For event loops, the log, and files that are read on the way.
    private static let reserve = 80
    /// The library's, and its duplicate (`Interrupter`).
    private static let perConnection = 2
    /// A listener that admits fewer would be full with the slow ones among its clients.
    private static let fewestClients = 8

    private let limit: Int
    /// How many clients each of the listeners may have.
    let clients: Int
    /// What is left for the connections to nodes.
    let room: Int

    /// - Parameters:
    ///   - addresses: how many each listener has; one without any is none.
    ///   - clients: how many a listener should have if the limit allows it.
    /// - Throws: `TooFew` when the nodes and a few clients are too many.
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
        // Where there is as much, nodes have it twice: those that change are connected twice for a moment of a reload, and
        // a reload may add some.
        let share = max(least, free - 2 * nodes) / max(1, listeners)
        clients = min(wanted, Self.clients(within: share))
        room = free - listeners * Self.descriptors(forClients: clients)
        self.limit = limit
    }

    /// Whether another configuration may take effect while clients have what they were given.
    /// - Throws: `TooFew` when it may not.
    func check(_ configuration: Configuration, after before: Configuration) throws(TooFew) {
        let changed = before.nodes.count - configuration.nodes(unchangedSince: before).count
        let needed = Self.descriptors(toNodesOf: configuration) + changed * Self.perConnection
        guard needed <= room else {
            throw TooFew(
                description: "of the limit on open files, \(limit), \(room) are left for connections to nodes, and "
                    + "\(needed) are needed: restart the exporter, which then admits fewer clients, or \(Self.advice)")
        }
    }

    /// Says so if the limit lets in fewer clients than there should be.
    func warn(_ logger: Logger, clients wanted: Int = ListenerOptions(addresses: []).maxConnections) {
        guard clients < wanted else { return }
        logger.warning(
            "the limit on open files is low, and fewer clients may be connected at a time; \(Self.advice)",
            metadata: ["limit": "\(limit)", "clients": "\(clients)"])
    }

    private static let advice = "raise it (ulimit -n, systemd LimitNOFILE=, docker --ulimit nofile=)"

    /// A scrape's connection to each node, which is closed before there is another. A probe may have a second one while the
    /// first hangs; the sentinel's go to each node, and those of the others to one.
    private static func descriptors(toNodesOf configuration: Configuration) -> Int {
        let probe = Session.maxConnections
        let connections = configuration.sets.map { set in
            let toOne = [set.heartbeat?.write == true, set.failover != nil].count { $0 }
            return set.nodes.count * (1 + (set.sentinel == nil ? 0 : probe)) + toOne * probe
        }
        return connections.reduce(0, +) * perConnection
    }

    /// An eighth more and one are about to end, or are being told that there are too many (`Connections`), and another one
    /// may come at the same time.
    private static func descriptors(forClients clients: Int) -> Int { clients + clients / 8 + 2 }

    private static func clients(within descriptors: Int) -> Int {
        // Eight ninths. There may be no limit at all.
        let (ninths, rest) = max(0, descriptors - 2).quotientAndRemainder(dividingBy: 9)
        return ninths * 8 + rest * 8 / 9
    }
}
