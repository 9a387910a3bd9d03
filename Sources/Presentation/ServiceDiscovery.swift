package import Configuration

/// Targets for Prometheus' `http_sd_config`. The address is a name: relabelling makes it the exporter's own, which only the
/// scraper knows.
package enum ServiceDiscovery {
    /// Every configured node, for relabelling into `/probe?target=`.
    package static func nodes(_ configuration: Configuration) -> JSONText {
        .array(
            configuration.sets.flatMap { set in
                set.nodes.map { node in
                    target(
                        node.name,
                        [
                            ("__meta_mysql_replication_set", set.name), ("__meta_mysql_node", node.name),
                            ("__meta_mysql_address", "\(node.address)"),
                        ])
                }
            })
    }

    /// Every replication set, with the path and the parameter that select it.
    package static func sets(_ configuration: Configuration, telemetryPath: String) -> JSONText {
        .array(
            configuration.sets.map { set in
                target(
                    set.name,
                    [
                        ("__meta_mysql_replication_set", set.name), ("__meta_mysql_nodes", "\(set.nodes.count)"),
                        ("__metrics_path__", telemetryPath), ("__param_replication_set", set.name),
                    ])
            })
    }

    private static func target(_ name: String, _ labels: [(String, String)]) -> JSONText {
        .object([
            ("targets", .array([.string(name)])), ("labels", .object(labels.map { ($0.0, .string($0.1)) })),
        ])
    }
}
