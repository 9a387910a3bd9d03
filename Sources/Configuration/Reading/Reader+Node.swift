internal import Documents
internal import Replication

/// A node with the positions of the values that are checked against its neighbours.
struct PlacedNode {
    var name: String
    /// Nil if it has no valid address; its name may still be another node's source.
    var node: Node?
    var addressAt: Position
    var aliasPlaces: [Position]
    /// Channel ("" is the default one), name and position of each source.
    var sources: [(channel: String, name: String, at: Position)]
    /// Whether it is written `source: name`, not as a dictionary.
    var hasScalarSource: Bool
}

extension Reader {
    func node(
        _ item: YAMLValue, set: CommonSettings, defaults: CommonSettings?, names: inout Names
    ) -> PlacedNode? {
        guard let fields = Fields(item, Schema.node, name: "a node", report: report) else { return nil }
        let name = fields.given(Schema.nodeName)
        if let name { names.add(node: name, at: fields.position(of: Schema.nodeName)) }
        if name == IntendedSource.outside {
            report.problem(
                fields.position(of: Schema.nodeName),
                "a node cannot be named 'outside': as a source, that means a server outside the set")
        }
        let address = fields.given(Schema.address)
        let aliases = aliases(fields)
        let sources = sources(fields)
        let parked = parkedChannels(fields)
        let own = settings(fields)
        let tls = merged([own, set, defaults].compactMap(\.self))
        let admitsClearText = own.admitsClearText ?? set.admitsClearText ?? defaults?.admitsClearText ?? false
        if admitsClearText, !isProtected(address, tls) {
            report.problem(fields.at, Node.clearTextNeedsVerification)
        }
        // Without a name, its neighbours cannot refer to it.
        guard let name else { return nil }

        let source: IntendedSource? =
            sources.isScalar
            ? sources.list.first.map { .node($0.name) }
            : sources.list.isEmpty
                ? nil
                : .byChannel(
                    Dictionary(sources.list.map { ($0.channel, $0.name) }) { first, _ in first })
        let node = address.map { address in
            Node(
                name: name, address: address, aliases: aliases.map(\.address), source: source,
                parkedChannels: parked,
                credentials: Credentials(node: own.level, set: set.level, defaults: defaults?.level), tls: tls,
                admitsClearText: admitsClearText,
                timeout: own.timeout ?? set.timeout ?? defaults?.timeout ?? Schema.timeout.defaultValue ?? .seconds(5))
        }
        return PlacedNode(
            name: name, node: node, addressAt: fields.position(of: Schema.address),
            aliasPlaces: aliases.map(\.at), sources: sources.list, hasScalarSource: sources.isScalar)
    }

    /// Whether nobody but the intended server can be at the other end of the connection.
    private func isProtected(_ address: Address?, _ tls: TLSOptions) -> Bool {
        switch address {
        case .tcp: tls.mode == .verifyIdentity
        case .unix: false
        case nil: true  // Reported already.
        }
    }

    private func aliases(_ fields: Fields) -> [(address: Address, at: Position)] {
        (fields.list(Schema.aliases) ?? []).compactMap { item -> (address: Address, at: Position)? in
            guard case .text(let text, _) = item.content else {
                report.problem(item.at, "'aliases' must list addresses, not \(item.kind)")
                return nil
            }
            do throws(Quantity.Malformed) {
                let address = try Address(text)
                if case .unix = address {
                    report.problem(item.at, "'aliases' must list host:port; replicas do not connect through a socket")
                    return nil
                }
                return (address, item.at)
            } catch {
                report.problem(item.at, "'aliases' \(error.description)")
                return nil
            }
        }
    }

    private func parkedChannels(_ fields: Fields) -> [String] {
        (fields.list(Schema.parkedChannels) ?? []).compactMap { item in
            guard case .text(let name, _) = item.content else {
                report.problem(item.at, "'parked_channels' must list names of channels, not \(item.kind)")
                return nil
            }
            return name
        }
    }

    private func sources(
        _ fields: Fields
    ) -> (list: [(channel: String, name: String, at: Position)], isScalar: Bool) {
        guard let value = fields.given(Schema.source) else { return ([], false) }
        switch value.content {
        case .text(let name, _) where !name.isEmpty:
            return ([("", name, value.at)], true)
        case .dictionary(let entries):
            return (
                entries.compactMap { entry in
                    if case .text(let name, _) = entry.value.content, !name.isEmpty {
                        return (entry.key, name, entry.value.at)
                    }
                    report.problem(
                        entry.value.at, "'source' of channel \(shown(entry.key)) must be a node's name")
                    return nil
                }, false
            )
        case .text, .null, .list:
            report.problem(value.at, "'source' must be a node's name, or a dictionary of names by channel")
            return ([], false)
        }
    }
}
