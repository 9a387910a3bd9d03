package import Replication

extension SetMemory {
    /// What outlives the process: the nodes' identities, which of them took the writes, and an operator's choice. It
    /// may keep a node from being the writer but does not make one the writer, except that the writer of the last few
    /// minutes remains the writer.
    package struct Record: Sendable, Equatable {
        package struct Node: Sendable, Equatable {
            package var name: String
            /// As in `Address.description`.
            package var address: String
            package var serverID: UInt32?
            package var serverUUID: String?
            package var startTime: Double?

            package init(name: String, address: String, serverID: UInt32?, serverUUID: String?, startTime: Double?) {
                self.name = name
                self.address = address
                self.serverID = serverID
                self.serverUUID = serverUUID
                self.startTime = startTime
            }
        }

        /// A node that an operator has chosen over another one that takes writes as well.
        package struct Decision: Sendable, Hashable {
            package var writer: String
            package var other: String
            /// Nodes that have since followed something other than `other`.
            package var elsewhere: [String]

            package init(writer: String, other: String, elsewhere: [String] = []) {
                self.elsewhere = elsewhere
                self.writer = writer
                self.other = other
            }
        }

        package var nodes: [Node]
        package var writers: [String]
        package var operatorsWord: String?
        /// The nodes that were writable when the operator chose. Empty if that is not known; then the choice does not
        /// outlive the process.
        package var writableThen: [String]
        package var decisions: [Decision] = []
        /// Nodes that took writes alongside the writer.
        package var rivals: [String] = []

        package init(
            nodes: [Node], writers: [String], operatorsWord: String?, writableThen: [String] = [],
            decisions: [Decision] = [], rivals: [String] = []
        ) {
            self.decisions = decisions
            self.rivals = rivals
            self.nodes = nodes
            self.writers = writers
            self.operatorsWord = operatorsWord
            self.writableThen = writableThen
        }
    }

    /// Sorted by name. A writer is not recorded as such while another node may be taking the writes alongside it.
    package var record: Record {
        let contested = conflicts.filter { $0.value.winner == nil }.keys
        return Record(
            nodes: nodes.sorted { $0.key < $1.key }.map { name, node in
                Record.Node(
                    name: name, address: node.address.description, serverID: node.identity.serverID,
                    serverUUID: node.identity.serverUUID, startTime: node.startTime)
            },
            writers: incumbents.filter { name in !contested.contains { $0.contains(name) } }.sorted(),
            operatorsWord: word?.node, writableThen: word?.writable.sorted() ?? [],
            decisions: conflicts.compactMap { pair, state in
                state.decided.map {
                    Record.Decision(writer: $0, other: pair.other(than: $0), elsewhere: state.elsewhere.sorted())
                }
            }.sorted { ($0.writer, $0.other) < ($1.writer, $1.other) },
            rivals: nodes.filter(\.value.wasRival).keys.sorted())
    }

    /// - Parameters:
    ///   - record: what an earlier process left behind.
    ///   - isRecent: its writers were the writers a few minutes ago; otherwise they are no longer known.
    ///   - addresses: the configured addresses of the nodes. What was recorded for another address belongs to another
    ///     server.
    package init(_ record: Record, isRecent: Bool, addresses: [String: Address]) {
        for node in record.nodes {
            guard let address = addresses[node.name], address.description == node.address else { continue }
            var identity = ServerIdentity(flavor: .mysql, version: ServerVersion(0, 0, 0))
            identity.serverID = node.serverID
            identity.serverUUID = node.serverUUID
            nodes[node.name] = NodeMemory(recorded: identity, at: address, startTime: node.startTime)
        }
        if isRecent { incumbents = Set(record.writers.filter { nodes[$0] != nil }) }
        // An operator may have named a node that no process has seen yet.
        let isConfigured = { name in
            addresses[name].map { address in
                record.nodes.allSatisfy { $0.name != name || $0.address == address.description }
            } ?? false
        }
        for decision in record.decisions where isConfigured(decision.writer) && isConfigured(decision.other) {
            let pair = WriterPair(decision.writer, decision.other)
            conflicts[pair, default: .init()].decide(for: decision.writer)
            conflicts[pair]?.elsewhere = Set(decision.elsewhere)
            nodes[decision.other]?.wasRival = true
        }
        for name in record.rivals { nodes[name]?.wasRival = true }
        if let node = record.operatorsWord, isConfigured(node), !record.writableThen.isEmpty {
            word = Word(node: node, writable: Set(record.writableThen))
        }
    }
}
