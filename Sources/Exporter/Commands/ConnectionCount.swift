import Collection
import Configuration
import MariaDB

/// The maximum number of simultaneous connections to one server. Any code that opens connections must be counted here.
/// (docs/deployment.md, "Connections to a server".)
struct ConnectionCount: Equatable {
    /// Those of one `serve`.
    let serving: Int
    /// Those of the commands that may run at the same time.
    let commands: Int

    /// - Parameter set: the server's set; nil for one without probes.
    init(_ set: ReplicationSet? = nil) {
        let collector = NodeCollector.maxConnections
        let probe = Session.maxConnections
        let probes = [set?.heartbeat?.write == true, set?.sentinel != nil, set?.failover != nil].count { $0 }
        serving = collector + probes * probe
        // `check`, `topology` or `failover-check`; and `checksum`, which also collects from the set while it compares.
        let once = collector + (set?.failover == nil ? 0 : probe)
        let checksum = set?.checksums == nil ? 0 : collector + probe
        commands = once + checksum
    }

    /// For an account that is used by `checksum` alone: a run, and the remains of one that was killed.
    static let checksumAccount = 2 * (NodeCollector.maxConnections + Session.maxConnections)

    /// The account's MAX_USER_CONNECTIONS, with room for an exporter that is started before the one it replaces has ended.
    func limit(exporters: Int) -> Int { (exporters + 1) * serving + commands }
}
