package import Replication

/// One statement, and how its answer fills a node's facts.
package struct Fact: Sendable {
    package let name: FactName
    package let statement: String
    /// The privileges that the statement needs, as written in a GRANT; empty if none is needed.
    package let privileges: String
    /// The expressions, if the statement is nothing but a SELECT of them: such facts can be merged into one statement.
    let selected: String?
    /// It is a CALL, which has more results than one, and so a batch of its own.
    let isCall: Bool
    package let read: @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void

    package init(
        _ name: FactName, _ statement: String, privileges: String = "", isCall: Bool = false,
        read: @escaping @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        self.statement = statement
        self.privileges = privileges
        self.isCall = isCall
        selected = nil
        self.read = read
    }

    /// - Parameter call: of a procedure of the server's own.
    init(
        _ name: FactName, calling call: String, privileges: String,
        read: @escaping @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.init(name, call, privileges: privileges, isCall: true, read: read)
    }

    /// - Parameter selected: expressions, each with an alias that is unique among all that a dialect selects this way.
    init(
        _ name: FactName, selecting selected: String,
        read: @escaping @Sendable (Answer, inout NodeFacts) throws(FactError) -> Void
    ) {
        self.name = name
        statement = "SELECT \(selected)"
        privileges = ""
        isCall = false
        self.selected = selected
        self.read = read
    }

    /// Whether a node counts as down without this fact.
    package var isEssential: Bool { name == .identity || name == .replicationStatus }

    /// Whether it is not read in every round (`CounterCache`).
    var isCounter: Bool { name == .status || name == .connectedReplicas || name == .clusterSettings }

    /// Whether it reads tables that are empty except on replicas, but cost time everywhere.
    var isOfChannels: Bool { (name == .receiver || name == .applier) && selected == nil }

    /// Whether what a round has shown calls for this fact, which is not read otherwise.
    /// - Parameter isClustered: the server is set up for a cluster, as far as is known from earlier rounds.
    func isCalledFor(by facts: NodeFacts, isClustered: Bool = false) -> Bool {
        switch name {
        case .workerErrors:
            facts.channels?.contains { $0.applierError?.number ?? 0 > 0 } == true
                || facts.groupChannels.contains { $0.workerStates.contains { $0.errorNumber ?? 0 > 0 } }
        case .cluster:
            isClustered || facts.clusterSettings != nil || facts.cluster != nil
                || facts.identity.flavor == .mysql
                    && facts.channels?.contains { $0.areThreadsStopped && !$0.source.isDetached } == true
        case .groupRecovery, .clone: facts.cluster.map { $0.kind == .group && $0.state == .joining } == true
        default: false
        }
    }

    /// Whether the statement is likely to hang for the same reason as another one, such as a full disk or a lock. Variables are
    /// read without waiting; any other statement that is not listed here may hang.
    func mayHang(behind other: FactName) -> Bool {
        switch name {
        // Without these the node is down, so the risk is worth it.
        case .identity, .replicationStatus: false
        // Reading MariaDB's counters, or MySQL's tables, accesses the channels.
        case .status, .receiver, .applier, .workerErrors, .cluster, .groupRecovery, .clone: other == .replicationStatus
        case .transactions, .durability, .connectedReplicas, .clusterSettings, .service: false
        default: selected == nil
        }
    }
}

/// A server's answer could not be interpreted.
package struct FactError: Error, Sendable, CustomStringConvertible {
    package let description: String
    let reason: MissingReason

    package init(_ description: String, reason: MissingReason = .error) {
        self.description = description
        self.reason = reason
    }
}

extension [Fact] {
    func haveNames(of others: [Fact]) -> Bool { elementsEqual(others) { $0.name == $1.name } }
}
