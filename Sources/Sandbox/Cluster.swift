import MariaDB

/// How the nodes of a sandbox form a cluster.
package enum ClusterKind: String, Sendable, CaseIterable {
    /// MySQL Group Replication.
    case group
    /// Galera, on MariaDB.
    case galera
}

/// The ports, beside that for clients, over which a member talks to the others.
struct ClusterPorts: Sendable {
    let group: LoopbackPort
    /// Galera: for write sets that a joiner has missed, and for a full copy of the data.
    let increments: LoopbackPort
    let copies: LoopbackPort

    init() throws(SandboxError) {
        group = try LoopbackPort()
        increments = try LoopbackPort()
        copies = try LoopbackPort()
    }

    var address: String { "127.0.0.1:\(group.number)" }
}

/// A server's place in the cluster of its sandbox.
struct ClusterPlace: Sendable {
    static let groupName = "5ca1ab1e-0000-4000-8000-000000000001"

    let kind: ClusterKind
    let ports: ClusterPorts
    /// The addresses of all members, this one's among them.
    let seeds: [String]

    /// The server program's options.
    func arguments(name: String, port: UInt16) -> [String] {
        switch kind {
        case .group:
            [
                "--plugin-load-add=group_replication.so",
                "--group-replication-group-name=\(Self.groupName)",
                "--group-replication-start-on-boot=OFF",
                "--group-replication-local-address=\(ports.address)",
                "--group-replication-group-seeds=\(seeds.joined(separator: ","))",
                "--group-replication-recovery-get-public-key=ON",
            ]
        case .galera:
            [
                "--wsrep-on=ON",
                // Loaded by default on MariaDB 11.8, and takes most of the provider's options away.
                "--loose-plugin-wsrep-provider=OFF",
                "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
                "--wsrep-cluster-name=sandbox",
                "--wsrep-node-name=\(name)",
                "--wsrep-cluster-address=gcomm://\(seeds.joined(separator: ","))",
                "--wsrep-node-address=\(ports.address)",
                "--wsrep-node-incoming-address=127.0.0.1:\(port)",
                "--wsrep-sst-method=rsync",
                "--wsrep-sst-receive-address=127.0.0.1:\(ports.copies.number)",
                "--wsrep-provider-options="
                    + [
                        "gmcast.listen_addr=tcp://\(ports.address)",
                        "ist.recv_addr=127.0.0.1:\(ports.increments.number)",
                        "gcache.size=8M",
                    ].joined(separator: ";"),
                "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
            ]
        }
    }
}

extension Sandbox {
    /// Starts the members and makes them a cluster, the first as the one that bootstraps it.
    func bringUpCluster(_ kind: ClusterKind, from template: DataTemplate) async throws {
        for (index, server) in servers.enumerated() {
            try await template.copy(to: server.dataFolder, folder: directory, group: processGroup)
            switch kind {
            case .group:
                try await server.start()
                for statement in try await accounts.statements(for: server) { try await server.sql(statement) }
                try await join(server, bootstrapping: index == 0)
            case .galera:
                // All others are given a copy of the first one's data, accounts included.
                try await server.start(with: index == 0 ? ["--wsrep-new-cluster"] : [], within: .seconds(120))
                if index == 0 {
                    for statement in try await accounts.statements(for: server) { try await server.sql(statement) }
                }
                try await server.waitForStatus("wsrep_local_state_comment", "Synced")
            }
            if index == 0 {
                for statement in SandboxTable.statements { try await server.sql(statement) }
            }
        }
    }

    /// Starts Group Replication on a server that has no transactions of its own.
    private func join(_ server: Server, bootstrapping: Bool) async throws {
        try await server.sql("RESET BINARY LOGS AND GTIDS")
        try await server.sql(
            """
            CHANGE REPLICATION SOURCE TO SOURCE_USER = '\(accounts.replication.user)', \
            SOURCE_PASSWORD = '\(accounts.replication.password)' FOR CHANNEL 'group_replication_recovery'
            """)
        if bootstrapping { try await server.sql("SET GLOBAL group_replication_bootstrap_group = ON") }
        try await server.sql("START GROUP_REPLICATION", within: .seconds(60))
        if bootstrapping { try await server.sql("SET GLOBAL group_replication_bootstrap_group = OFF") }
        try await server.waitUntil("is an online member of its group") { () async throws(SandboxError) in
            try await server.sql(
                """
                SELECT MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid
                """
            ).first?.text("MEMBER_STATE") == "ONLINE"
        }
    }
}

extension Server {
    /// Waits until a status variable has a value.
    package func waitForStatus(_ name: String, _ value: String) async throws(SandboxError) {
        try await waitUntil("has \(name) \(value)") { () async throws(SandboxError) in
            try await sql("SHOW STATUS LIKE '\(name)'").first?.text("Value") == value
        }
    }

    package func waitUntil(
        _ what: String, within time: Duration = .seconds(120),
        _ condition: @Sendable () async throws(SandboxError) -> Bool
    ) async throws(SandboxError) {
        try await eventually("\(name) \(what)", deadline: .now + time, condition: condition)
    }
}
