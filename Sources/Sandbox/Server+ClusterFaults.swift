import MariaDB

/// What happens to members of clusters. A server of another kind refuses the statement.
extension Server {
    // MARK: - Group Replication

    package func leaveGroup() async throws(SandboxError) {
        try await sql("STOP GROUP_REPLICATION", within: .seconds(60))
    }

    package func joinGroup() async throws(SandboxError) {
        try await sql("START GROUP_REPLICATION", within: .seconds(60))
    }

    /// Every member takes writes.
    package func useSeveralPrimaries() async throws(SandboxError) {
        try await sql("DO group_replication_switch_to_multi_primary_mode()", within: .seconds(60))
    }

    /// This member is the only primary from now on.
    package func becomePrimary() async throws(SandboxError) {
        let row = try await sql(
            """
            SELECT @@server_uuid AS uuid, @@group_replication_single_primary_mode AS hasOnePrimary
            """
        ).first
        let call =
            row?.text("hasOnePrimary") == "1"
            ? "group_replication_set_as_primary" : "group_replication_switch_to_single_primary_mode"
        try await sql("DO \(call)('\(row?.text("uuid") ?? "")')", within: .seconds(60))
    }

    // MARK: - Galera

    /// Takes the node out of flow control, as before a backup: it may fall behind.
    package func desynchronise(_ isDesynchronised: Bool) async throws(SandboxError) {
        try await sql("SET GLOBAL wsrep_desync = \(isDesynchronised ? "ON" : "OFF")")
    }

    /// Cuts the node off from the others, but not from its clients.
    package func isolate(_ isIsolated: Bool) async throws(SandboxError) {
        try await sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=\(isIsolated ? 1 : 0)'")
    }

    /// Makes the nodes that still see each other a primary component; beside another one, the cluster is split.
    package func bootstrapComponent() async throws(SandboxError) {
        try await sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1'")
    }

    package func rejectQueries(_ isRejecting: Bool) async throws(SandboxError) {
        try await sql("SET GLOBAL wsrep_reject_queries = \(isRejecting ? "ALL" : "NONE")")
    }
}
