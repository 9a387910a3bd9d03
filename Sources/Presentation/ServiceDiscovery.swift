package import Configuration

/// The configured nodes for Prometheus' `http_sd_config`: one target each, which relabelling turns into `/probe?target=`.
package enum ServiceDiscovery {
    package static func json(_ configuration: Configuration) -> JSONText {
        .array(
            configuration.sets.flatMap { set in
                set.nodes.map { node in
                    .object([
                        ("targets", .array([.string(node.name)])),
                        (
                            "labels",
                            .object([
                                ("__meta_mysql_replication_set", .string(set.name)),
                                ("__meta_mysql_node", .string(node.name)),
                                ("__meta_mysql_address", .string("\(node.address)")),
                            ])
                        ),
                    ])
                }
            })
    }
}
