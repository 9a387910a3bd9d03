extension Sandbox {
    /// Writes a configuration for the exporter into the sandbox's folder, as replication set `demo`, with the wiring as
    /// the intended sources and the password in a file of its own.
    /// - Parameter keys: lines of YAML that are added to the replication set, such as `checksums: {}`.
    /// - Returns: the configuration file's path.
    package func writeExporterConfiguration(adding keys: String...) throws(SandboxError) -> String {
        let password = try directory.write(accounts.monitor.password + "\n", to: "exporter.password")
        let further = keys.map { "    \($0)\n" }.joined()
        return try directory.write(exporterConfiguration(passwordFile: password) + further, to: "exporter.yml")
    }

    private func exporterConfiguration(passwordFile: String) -> String {
        let nodes = servers.map { server in
            let source = Self.source(of: server.node.links).map { ", source: \($0)" } ?? ""
            return "      - {name: \(server.name), address: \"127.0.0.1:\(server.port)\"\(source)}"
        }
        return """
            defaults:
              user: \(accounts.monitor.user)
              password_file: "\(passwordFile)"
              timeout: 2s
            replication_sets:
              - name: demo
                nodes:
            \(nodes.joined(separator: "\n"))
            """ + "\n"
    }

    /// One name, or one name per channel if channels are named.
    private static func source(of links: [Wiring.Link]) -> String? {
        if links.isEmpty { return nil }
        if links.count == 1, links[0].channel.isEmpty { return links[0].source }
        return "{" + links.map { "\"\($0.channel)\": \($0.source)" }.joined(separator: ", ") + "}"
    }
}
