import Replication
package import Topology

/// Findings as JSON, for `/topology.json` and `topology --format json`.
package enum TopologyJSON {
    package static func json(_ sets: [SetFindings]) -> JSONText {
        .object([("replication_sets", .array(sets.map(json)))])
    }

    private static func json(_ set: SetFindings) -> JSONText {
        .object([
            ("name", .string(set.name)),
            ("primary", .optional(set.primary.name)),
            ("writers", .array(set.writers.map { .string($0) })),
            ("rivals", .array(set.rivals.map { .string($0) })),
            ("troubles", troubles(set.troubles)),
            ("nodes", .array(set.nodes.map(json))),
            ("clusters", .array(set.clusters.map(json))),
            ("cycles", .array(set.cycles.map { .array($0.map { .string($0) }) })),
        ])
    }

    private static func json(_ node: NodeFindings) -> JSONText {
        let facts = node.report.facts
        let identity = facts?.identity
        return .object([
            ("name", .string(node.description.name)),
            ("address", .string(node.description.address.description)),
            ("up", .bool(node.report.isUp)),
            ("role", .optional(node.role?.rawValue)),
            ("read_only", .optional(facts?.isReadOnly)),
            ("flavor", .optional(identity?.flavor.rawValue)),
            ("version", .optional(identity?.version.text)),
            ("server_id", .optional(identity?.serverID)),
            ("server_uuid", .optional(identity?.serverUUID)),
            ("binlog_file", .optional(facts?.binaryLog?.end?.file.name)),
            ("binlog_position", .optional(facts?.binaryLog?.end?.position)),
            ("troubles", troubles(node.troubles)),
            ("channels", .array(node.channels.map(json))),
            ("member", json(node.member, facts?.cluster)),
        ])
    }

    private static func json(_ cluster: ClusterFindings) -> JSONText {
        func names(_ names: [String]) -> JSONText { .array(names.map { .string($0) }) }
        return .object([
            ("name", .string(cluster.name)),
            ("kind", .string(cluster.kind.rawValue)),
            ("members", names(cluster.members)),
            (
                "components",
                .array(
                    cluster.components.map {
                        .object([
                            ("nodes", names($0.nodes)), ("size", .number(Double($0.view.size))),
                            ("confirmed", .bool($0.isConfirmed)),
                        ])
                    })
            ),
            ("stale", names(cluster.stale)),
            ("silent", names(cluster.silent)),
            ("missing", names(cluster.missing)),
            ("unknown_members", names(cluster.unknown)),
            ("primaries", names(cluster.primaries)),
            ("primaries_agreed", .optional(cluster.arePrimariesAgreed)),
            ("failures_tolerated", .optional(cluster.failuresTolerated)),
        ])
    }

    /// Null for a node that belongs to no cluster.
    private static func json(_ findings: MemberFindings?, _ member: ClusterMember?) -> JSONText {
        guard let findings, let member else { return .null }
        return .object([
            ("cluster", .string(member.cluster)),
            ("state", .string(member.state.rawValue)),
            ("ready", .bool(member.isReady)),
            ("clone_stage", .optional(member.clone?.stage.rawValue)),
            ("clone_copied_bytes", .optional(member.clone?.copied)),
            ("clone_estimated_bytes", .optional(member.clone?.estimated)),
            ("in_component", .bool(findings.isInComponent)),
            ("lag_seconds", .optional(findings.lag?.seconds)),
            ("lag_error_seconds", .optional(findings.lag?.error)),
            ("lag_method", .optional(findings.lag?.method.rawValue)),
            ("missing_transactions", .optional(findings.missing)),
            ("unapplied_transactions", .optional(findings.unapplied)),
            ("errant_transactions", .optional(findings.errant)),
        ])
    }

    private static func json(_ findings: ChannelFindings) -> JSONText {
        let channel = findings.channel
        return .object([
            ("name", .string(channel.name)),
            ("source", .string(channel.source.description)),
            ("source_node", .optional(findings.sourceNode)),
            ("io_thread", .string(channel.ioThread.rawValue)),
            ("sql_thread_running", .bool(channel.isApplierRunning)),
            ("parked", .bool(findings.isParked)),
            ("lag_seconds", .optional(findings.lag?.seconds)),
            ("lag_error_seconds", .optional(findings.lag?.error)),
            ("lag_method", .optional(findings.lag?.method.rawValue)),
            ("read_delta_bytes", .optional(findings.readDelta)),
            ("apply_delta_bytes", .optional(findings.applyDelta)),
            ("missing_transactions", .optional(findings.distance.missing)),
            ("missing_exact", .optional(findings.distance.missing.map { _ in findings.distance.isExact })),
            ("errant_transactions", .optional(findings.errant)),
            ("errant_exact", .optional(findings.errant.map { _ in !findings.isErrantAtLeast })),
            ("errant", .array((findings.errantTransactions?.items ?? []).map(json))),
            ("errant_omitted", .optional(findings.errantTransactions?.omitted)),
            ("configured_delay_seconds", .optional(channel.configuredDelay)),
            ("checks", .object(Check.allCases.map { ($0.rawValue, .optional(findings.checks[$0])) })),
            ("troubles", troubles(findings.troubles)),
        ])
    }

    private static func json(_ item: ErrantList.Item) -> JSONText {
        .object([("gtids", .string(item.gtids)), ("node", .optional(item.node))])
    }

    private static func troubles(_ troubles: [Trouble]) -> JSONText {
        .array(
            troubles.map { .object([("severity", .string($0.severity.rawValue)), ("text", .string($0.text))]) })
    }
}
