import Collection
import Configuration
import MariaDB

/// How many connections to one server the exporter has at most at a time: who opens any counts here.
/// (docs/deployment.md, "Connections to a server".)
struct ConnectionCount: Equatable {
    /// Of one `serve`.
    let serving: Int
    /// Of the commands that may run beside it.
    let commands: Int

    /// - Parameter set: whose server it is; nil for one without probes.
    init(_ set: ReplicationSet? = nil) {
        let collector = NodeCollector.maxConnections
        let probe = Session.maxConnections
        let probes = [set?.heartbeat?.write == true, set?.sentinel != nil, set?.failover != nil].count { $0 }
        serving = collector + probes * probe
        // `check` or `topology`, or `failover-check`; and `checksum`, which looks at the set while it compares.
        let once = collector + (set?.failover == nil ? 0 : probe)
        let checksum = set?.checksums == nil ? 0 : collector + probe
        commands = once + checksum
    }

    /// The account's MAX_USER_CONNECTIONS: one of several exporters may be replaced while the old one still runs.
    func limit(exporters: Int) -> Int { (exporters + 1) * serving + commands }
}
