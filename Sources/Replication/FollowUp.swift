/// What is worth asking a node once more within the same round, after all have answered.
package enum FollowUp: Sendable, Hashable, CaseIterable {
    /// The files it holds: a replica of it is in another file.
    case binlogIndex
    /// Its transactions: a replica of it seems to have more, which a source asked a moment too early would explain.
    case transactions
}
