/// What speaks the protocol at a node's address and is no server of either flavor: a proxy, whose answers are those of whichever server
/// it asked, or another product, whose replication is not theirs. Nothing that it says is to be believed.
///
/// They name themselves in the greeting's version (Vitess, TiDB, OceanBase and its proxy, MaxScale, MySQL Router, ShardingSphere, Readyset,
/// MatrixOne) or in `version_comment` (Dolt, SingleStore, Doris, StarRocks, TiDB), unless they are set up not to. ProxySQL answers one spelling
/// of the question for that comment itself, and passes all others on.
package enum Lookalike: String, Sendable, CaseIterable {
    case vitess, tidb, oceanBase, oceanBaseProxy, maxScale, router, shardingSphere, readySet, matrixOne, proxySQL, dolt,
        singleStore, doris,
        starRocks

    /// By the version in the handshake; nil for a server.
    package init?(greeting: String) {
        if greeting.hasSuffix("-router") {
            self = .router
            return
        }
        guard let name = Self.first(in: greeting, of: Self.greetings) else { return nil }
        self = name
    }

    /// By `version_comment`; nil for a server.
    package init?(comment: String) {
        guard let name = Self.first(in: comment, of: Self.comments) else { return nil }
        self = name
    }

    private static func first(in text: String, of names: [(part: String, name: Self)]) -> Self? {
        let text = text.lowercased()
        return names.first { text.firstRange(of: $0.part) != nil }?.name
    }

    private static let greetings: [(part: String, name: Self)] = [
        ("vitess", .vitess), ("tidb", .tidb), ("obproxy", .oceanBaseProxy), ("oceanbase", .oceanBase),
        ("maxscale", .maxScale), ("shardingsphere", .shardingSphere), ("readyset", .readySet),
        ("matrixone", .matrixOne),
    ]

    private static let comments: [(part: String, name: Self)] = [
        ("proxysql", .proxySQL), ("dolt", .dolt), ("singlestore", .singleStore), ("memsql", .singleStore),
        ("doris version", .doris), ("starrocks", .starRocks), ("tidb server", .tidb), ("oceanbase", .oceanBase),
    ]

    /// The spelling of the question for `version_comment` that ProxySQL answers itself, if it comes alone.
    /// (ProxySQL's source: lib/MySQL_Session.cpp, SELECT_VERSION_COMMENT.)
    package static let proxyQuestion = "SELECT @@version_comment LIMIT 1"

    package var title: String {
        switch self {
        case .vitess: "Vitess (vtgate)"
        case .tidb: "TiDB"
        case .oceanBase: "OceanBase"
        case .oceanBaseProxy: "OceanBase's proxy"
        case .maxScale: "MaxScale"
        case .router: "MySQL Router"
        case .shardingSphere: "ShardingSphere-Proxy"
        case .readySet: "Readyset"
        case .matrixOne: "MatrixOne"
        case .proxySQL: "ProxySQL"
        case .dolt: "Dolt"
        case .singleStore: "SingleStore"
        case .doris: "Doris"
        case .starRocks: "StarRocks"
        }
    }

    /// What to configure instead.
    package var remedy: String {
        switch self {
        case .vitess: "configure the MySQL server of each tablet as a node (its mysqld, not vtgate or vttablet)"
        case .maxScale, .router, .proxySQL, .shardingSphere, .readySet:
            "its answers are those of whichever server it asked: configure the servers behind it as nodes"
        case .tidb, .oceanBase, .oceanBaseProxy, .matrixOne, .dolt, .singleStore, .doris, .starRocks:
            "it does not replicate as MySQL and MariaDB do: take it out of the replication set"
        }
    }
}
