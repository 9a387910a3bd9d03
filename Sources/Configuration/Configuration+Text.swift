internal import Documents
internal import Replication

extension Configuration {
    /// The effective configuration in the format of the file: defaults filled in, literal passwords masked.
    ///
    /// Comments are lost, and `tls` and `timeout` are merged across levels. Meant for people (`/config`); reading it back
    /// gives the same configuration, except for the masked passwords.
    package var text: String {
        var lines = YAMLLines()
        let nodes = nodes
        if let defaults = nodes.lazy.compactMap(\.credentials.defaults).first, !defaults.isEmpty {
            lines.section("defaults") { $0.add(defaults) }
        }
        lines.section("replication_sets") { lines in
            for set in sets { lines.item { $0.add(set) } }
        }
        lines.section("metrics") { lines in
            let names = metrics.compatibility.map(\.rawValue).sorted()
            if !names.isEmpty { lines.add(Schema.compatibility, list: names) }
            lines.add(Schema.workers, "\(metrics.workers)")
            lines.add(Schema.gtidDomains, "\(metrics.gtidDomains)")
        }
        return lines.text
    }
}

/// Block-style YAML, line by line.
private struct YAMLLines {
    private(set) var text = ""
    private var depth = 0
    /// Whether the next line is the first of a list item and gets its dash.
    private var dash = false

    private mutating func line(_ content: String) {
        let indentation = String(repeating: "  ", count: dash ? depth - 1 : depth)
        text += indentation + (dash ? "- " : "") + content + "\n"
        dash = false
    }

    mutating func section(_ name: String, _ body: (inout YAMLLines) -> Void) {
        line(name + ":")
        depth += 1
        body(&self)
        depth -= 1
    }

    mutating func item(_ body: (inout YAMLLines) -> Void) {
        depth += 1
        dash = true
        body(&self)
        depth -= 1
    }

    mutating func add<Value>(_ key: Key<Value>, _ value: String?) {
        if let value { line("\(key.name): \(yamlScalar(value))") }
    }

    mutating func add<Value>(_ key: Key<Value>, _ duration: Duration) {
        add(key, Quantity.text(duration: duration))
    }

    mutating func add<Value>(_ key: Key<Value>, list: [String]) {
        line("\(key.name): [\(list.map(yamlScalar).joined(separator: ", "))]")
    }

    mutating func add<Value>(_ key: Key<Value>, dictionary: [String: String]) {
        let entries = dictionary.sorted { $0.key < $1.key }.map { "\(yamlScalar($0.key)): \(yamlScalar($0.value))" }
        line("\(key.name): {\(entries.joined(separator: ", "))}")
    }
}

extension YAMLLines {
    mutating func add(_ level: Credentials.Level) {
        add(Schema.user, level.user)
        switch level.password {
        case .literal: add(Schema.password, "<secret>")
        case .environment(let name): add(Schema.password, "${\(name)}")
        case .files(let paths):
            if paths.count == 1 { add(Schema.passwordFile, paths[0]) } else { add(Schema.passwordFile, list: paths) }
        case .optionFile(let path): add(Schema.optionFile, path)
        case .command(let command):
            section("password_command") { lines in
                lines.add(Schema.commandRun, list: command.arguments)
                lines.add(Schema.commandExpiry, command.expiry)
                lines.add(Schema.commandTimeout, command.timeout)
            }
        case nil: break
        }
    }

    mutating func add(_ set: ReplicationSet) {
        add(Schema.setName, set.name)
        if let level = set.nodes.first?.credentials.set { add(level) }
        section("nodes") { lines in
            for node in set.nodes { lines.item { $0.add(node) } }
        }
        section("thresholds") { lines in
            lines.add(Schema.thresholdLag, set.thresholds.lag)
            lines.add(Schema.thresholdBytes, Quantity.text(bytes: set.thresholds.bytes))
        }
        if let heartbeat = set.heartbeat {
            section("heartbeat") { lines in
                lines.add(Schema.heartbeatTable, heartbeat.table.description)
                lines.add(Schema.heartbeatInterval, heartbeat.interval)
                lines.add(Schema.heartbeatWrite, "\(heartbeat.write)")
            }
        }
        if let sentinel = set.sentinel {
            section("sentinel") { lines in
                lines.add(Schema.sentinelTable, sentinel.table.description)
                lines.add(Schema.sentinelInterval, sentinel.interval)
            }
        }
        if let failover = set.failover {
            section("failover") { lines in
                lines.add(Schema.failoverPreferred, failover.preferred)
                lines.add(Schema.failoverStandby, failover.standby)
                lines.add(Schema.failoverTable, failover.table.description)
                lines.add(Schema.failoverMaxGap, failover.maxGap)
                lines.add(Schema.failoverMaxLag, failover.maxLag)
            }
        }
        if let checksums = set.checksums {
            section("checksums") { $0.add(Schema.checksumsTable, checksums.table.description) }
        }
        if !set.errantAllowed.servers.isEmpty { add(Schema.errantAllowed, list: set.errantAllowed.servers) }
    }

    private mutating func add(_ node: Node) {
        add(Schema.nodeName, node.name)
        add(Schema.address, node.address.description)
        if !node.aliases.isEmpty { add(Schema.aliases, list: node.aliases.map(\.description)) }
        switch node.source {
        case .node(let name): add(Schema.source, name)
        case .byChannel(let names): add(Schema.source, dictionary: names)
        case nil: break
        }
        if !node.parkedChannels.isEmpty { add(Schema.parkedChannels, list: node.parkedChannels) }
        if let level = node.credentials.node { add(level) }
        if node.tls != TLSOptions() {
            section("tls") { lines in
                lines.add(Schema.tlsMode, node.tls.givenMode?.rawValue)
                lines.add(Schema.tlsCA, node.tls.ca)
                lines.add(Schema.tlsCert, node.tls.cert)
                lines.add(Schema.tlsKey, node.tls.key)
            }
        }
        add(Schema.timeout, node.timeout)
    }
}

extension Credentials.Level {
    fileprivate var isEmpty: Bool { user == nil && password == nil }
}
