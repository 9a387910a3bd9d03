package import Replication

/// One statement, and how its answer fills a node's facts.
package struct Fact: Sendable {
    package let name: FactName
    package let statement: String
    /// The privileges that the statement needs, as they stand in a GRANT; empty where none is needed.
    package let privileges: String
    /// What is selected, where the statement is nothing but that: facts of this kind can be asked for in one statement.
    let selected: String?
    package let read: @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void

    package init(
        _ name: FactName, _ statement: String, privileges: String = "",
        read: @escaping @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        self.statement = statement
        self.privileges = privileges
        selected = nil
        self.read = read
    }

    /// - Parameter selected: expressions, each with a name of its own among all that a dialect selects like this.
    init(
        _ name: FactName, selecting selected: String,
        read: @escaping @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        statement = "SELECT \(selected)"
        privileges = ""
        self.selected = selected
        self.read = read
    }

    /// Without these a node is not up.
    package var isEssential: Bool { name == .identity || name == .replicationStatus }

    /// Looked at now and then only (`CounterCache`).
    var isCounter: Bool { name == .status || name == .connectedReplicas }

    /// Tables that are empty but on replicas, and cost all the same.
    var isOfChannels: Bool { (name == .receiver || name == .applier) && selected == nil }

    /// Whether the statement may hang for the same reason as another one: where a disk is full or a lock is held, others wait
    /// behind it. Variables are read without waiting; of what is not listed here, nothing is assumed.
    func mayHang(behind other: FactName) -> Bool {
        switch name {
        // Without these a node is not up, so that the risk is worth it.
        case .identity, .replicationStatus: false
        // MariaDB's counters, and MySQL's tables, look at the channels.
        case .status, .receiver, .applier: other == .replicationStatus
        case .transactions, .durability, .connectedReplicas: false
        default: true
        }
    }
}

/// A server answered, and the answer makes no sense.
package struct FactError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension [Fact] {
    func haveNames(of others: [Fact]) -> Bool { elementsEqual(others) { $0.name == $1.name } }
}
