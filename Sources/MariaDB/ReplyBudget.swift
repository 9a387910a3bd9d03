internal import Synchronization

/// What calls under way may read together, beyond what each has for itself. Bytes.
final class ReplyBudget: Sendable {
    /// Of all connections.
    static let all = ReplyBudget(limit: ReplyLimit.shared)

    private let limit: Int
    private let taken = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether there was as much left.
    func borrow(_ count: Int) -> Bool {
        if taken.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        giveBack(count)
        return false
    }

    func giveBack(_ count: Int) {
        taken.wrappingSubtract(count, ordering: .relaxed)
    }
}
