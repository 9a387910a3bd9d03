import Replication

/// The first of a node's errant transactions, for people and programs: there may be many.
package struct ErrantList: Sendable, Hashable {
    package struct Item: Sendable, Hashable {
        /// Consecutive transactions of one server, as servers write them; on MariaDB the last of them, and the one before the first.
        package let gtids: String
        /// The name of the node that wrote them; nil if none of the set's nodes did.
        package let node: String?
    }

    package static let limit = 5

    package let items: [Item]
    /// How many intervals were left out.
    package let omitted: Int
    /// MariaDB's numbers do not show how many transactions there are, only the least. Nor do GTIDs that a source has used again.
    package let isCountedAtLeast: Bool

    init(_ excess: ErrantExcess, _ identities: [String: ServerIdentity], mayBeMore: Bool = false) {
        items = excess.intervals(atMost: Self.limit).map { interval in
            let holders = identities.filter { interval.writer.isHeld(by: $0.value) }
            return Item(gtids: interval.text, node: holders.count == 1 ? holders.first?.key : nil)
        }
        omitted = excess.intervalCount - items.count
        isCountedAtLeast = if case .entries = excess { true } else { mayBeMore }
    }
}

extension ErrantExcess.Writer {
    fileprivate func isHeld(by identity: ServerIdentity) -> Bool {
        switch self {
        case .uuid(let uuid): identity.serverUUID == uuid.description
        case .serverID(let id): identity.serverID == id
        }
    }
}

extension ErrantList: CustomStringConvertible {
    /// `00000000-0000-0000-0000-000000000002:5-7 (written on db2), 0-3-9 and 4 more`
    package var description: String {
        let shown = items.map { $0.gtids + ($0.node.map { " (written on \($0))" } ?? "") }.joined(separator: ", ")
        return omitted > 0 ? "\(shown) and \(omitted) more" : shown
    }
}
