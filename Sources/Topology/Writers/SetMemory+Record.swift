package import Replication

extension SetMemory {
    /// What outlives the process: who the nodes are, who took the writes, and an operator's word. It may keep a node from being
    /// the writer and makes none of it, except that the writer of the last minutes is the writer until now.
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

        /// A node that an operator has named over another, which takes writes as well.
        package struct Decision: Sendable, Hashable {
            package var writer: String
            package var other: String
            /// Nodes that have followed something else than the other one since.
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
        /// The nodes that were writable when it was given. Empty where that is not known: then it does not outlive the process.
        package var writableThen: [String]
        package var decisions: [Decision] = []
        /// Those that took writes beside the writer.
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

    /// In the order of names. A writer beside which another may take the writes is not written down as the writer.
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
    ///   - isRecent: its writers were the writers some minutes ago; else they are not known any more.
    ///   - addresses: of the nodes as they are configured now. What is recorded of another address is of another server.
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
