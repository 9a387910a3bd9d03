import Topology

/// A page about an alert: what it means, what to look at, what to do.
package struct Runbook: Sendable {
    /// The alert's.
    package let name: String
    let text: String

    /// In alphabetical order.
    package static let all = EmbeddedDocuments.runbooks.filter { $0.name != introduction }.map {
        Runbook(name: $0.name, text: $0.text)
    }

    private static let introduction = "README"

    /// What is common to all of them.
    static var introductoryText: String { EmbeddedDocuments.runbooks.first { $0.name == introduction }?.text ?? "" }

    package static func named(_ name: String?) -> Runbook? { all.first { $0.name == name } }

    /// The page for a trouble; nil if there is none.
    static func name(of kind: Trouble.Kind) -> String? { kind.alert.map { "MySQLReplication\($0)" } }
}

/// What a runbook is read for: the labels of an alert.
package struct RunbookSubject: Equatable, Sendable {
    package var set: String?
    package var node: String?
    package var channel: String?

    package init(set: String? = nil, node: String? = nil, channel: String? = nil) {
        self.set = set
        self.node = node
        self.channel = channel
    }

    /// The page, from the folder that runbooks are in.
    func path(_ runbook: String) -> String {
        let parameters = [("replication_set", set), ("node", node), ("channel", channel)]
        return runbook
            + QueryText.query(parameters.compactMap { name, value in value.map { (name: name, value: $0) } })
    }
}
