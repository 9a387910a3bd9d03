import Replication

/// Remembers for each channel which source it was last seen to be connected to.
///
/// MariaDB goes on showing the server ID of the source before (Master_Server_Id) until it has reached a new one, so while a channel
/// is not connected, the ID belongs to its source only if the address is still the one at which it was last connected.
struct SourceWatch {
    private struct Endpoint: Equatable {
        let host: String
        let port: UInt16
    }

    private var reached: [String: Endpoint] = [:]

    /// Leaves out server IDs that may be another source's.
    mutating func note(_ facts: inout NodeFacts) {
        guard facts.identity.flavor == .mariadb, let channels = facts.channels else { return }
        for (index, channel) in channels.enumerated() {
            let endpoint = Endpoint(host: channel.source.host, port: channel.source.port)
            if channel.ioThread == .running {
                if reached[channel.name] != endpoint { reached[channel.name] = endpoint }
            } else if channel.source.serverID != nil, !isReached(endpoint, channel) {
                facts.channels?[index].source.serverID = nil
            }
        }
        if reached.count > channels.count {
            let names = Set(channels.map(\.name))
            reached = reached.filter { names.contains($0.key) }
        }
    }

    /// A channel that was not seen to be connected has been, since its address was set, if it has a position although it uses
    /// GTIDs: CHANGE MASTER empties that, and only the source names a file again.
    private func isReached(_ endpoint: Endpoint, _ channel: Channel) -> Bool {
        if let known = reached[channel.name] { return known == endpoint }
        return channel.usesGTID == true && channel.readPosition != nil
    }
}
