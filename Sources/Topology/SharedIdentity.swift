import Replication

/// A server id or a server UUID that more than one node has.
package struct SharedIdentity: Sendable, Equatable {
    package enum Identity: Sendable, Hashable {
        case id(UInt32)
        case uuid(String)
    }

    package var identity: Identity
    /// By name, in configuration order.
    package var nodes: [String]
    /// They report the same host, port and start time as well: one server, configured more than once.
    package var areOneServer: Bool

    /// Server ids first, then UUIDs. A UUID is left out where it is one server that is configured more than once: its id says so.
    /// - Parameter clusters: Galera nodes of one cluster may have the same server id, and are often given it on purpose. All instances of an
    ///   Aurora cluster have one UUID.
    static func all(in nodes: [ReplicationSetReport.Node], _ clusters: [ClusterFindings]) -> [SharedIdentity] {
        if areAllDifferent(nodes) { return [] }
        var ids: [UInt32: [ReplicationSetReport.Node]] = [:]
        var uuids: [String: [ReplicationSetReport.Node]] = [:]
        for node in nodes {
            guard let identity = node.identity else { continue }
            // 0 is not a server ID: such a server takes no part in replication.
            if let id = identity.serverID, id != 0 { ids[id, default: []].append(node) }
            if let uuid = identity.serverUUID { uuids[uuid, default: []].append(node) }
        }
        let galera = clusters.filter { $0.kind != .group }.map { Set($0.members) }
        let aurora = clusters.filter { $0.kind == .aurora }.map { Set($0.members) }
        let sharedIDs = ids.filter { _, holders in
            let names = holders.map(\.description.name)
            return holders.count > 1 && !galera.contains { cluster in names.allSatisfy(cluster.contains) }
        }.sorted { $0.key < $1.key }.map { id, holders in
            SharedIdentity(.id(id), holders)
        }
        let sharedUUIDs = uuids.filter { _, holders in
            let names = holders.map(\.description.name)
            return holders.count > 1 && !aurora.contains { cluster in names.allSatisfy(cluster.contains) }
        }.sorted { $0.key < $1.key }.map { uuid, holders in
            SharedIdentity(.uuid(uuid), holders)
        }
        return sharedIDs + sharedUUIDs.filter { !$0.areOneServer }
    }

    /// Whether no two nodes have an id or a UUID in common: so it nearly always is, and costs far less to find out.
    private static func areAllDifferent(_ nodes: [ReplicationSetReport.Node]) -> Bool {
        var ids = Set<UInt32>(minimumCapacity: nodes.count)
        var uuids: Set<String> = []
        return nodes.allSatisfy { node in
            guard let identity = node.identity else { return true }
            return identity.serverID.map { $0 == 0 || ids.insert($0).inserted } ?? true
                && identity.serverUUID.map { uuids.insert($0).inserted } ?? true
        }
    }

    private init(_ identity: Identity, _ holders: [ReplicationSetReport.Node]) {
        self.identity = identity
        nodes = holders.map(\.description.name)
        areOneServer = holders.dropFirst().allSatisfy { $0.isSameServer(as: holders[0]) }
    }
}

extension SetFindings {
    package var duplicateServerIDs: [UInt32] {
        duplicates.compactMap { if case .id(let id) = $0.identity { id } else { nil } }
    }

    package var duplicateServerUUIDs: [String] {
        duplicates.compactMap { if case .uuid(let uuid) = $0.identity { uuid } else { nil } }
    }
}

extension SharedIdentity {
    var trouble: Trouble {
        switch identity {
        case .id(let id) where areOneServer:
            Trouble(
                .duplicateServerID,
                "\(nodes.list) are one server (server_id \(id)) under \(nodes.count) names: configure it once, with its other address "
                    + "among the aliases")
        case .id(let id):
            Trouble(.duplicateServerID, "\(nodes.list) have the same server_id \(id)")
        case .uuid(let uuid):
            Trouble(
                .duplicateServerUUID,
                "\(nodes.list) have the same server_uuid \(uuid): delete auto.cnf in the data directory of the copy, and restart it"
            )
        }
    }
}

extension ReplicationSetReport.Node {
    /// A copy of a server's data has its ids, and perhaps its host name on another machine, but did not start at the same time.
    fileprivate func isSameServer(as other: Self) -> Bool {
        guard let mine = report.facts, let theirs = other.report.facts, !mine.identity.hostname.isEmpty,
            mine.identity.hostname == theirs.identity.hostname, mine.identity.port == theirs.identity.port,
            mine.identity.hasIDs(of: theirs.identity),
            let start = mine.startTime, let otherStart = theirs.startTime
        else { return false }
        return abs(start - otherStart) <= 2
    }
}
