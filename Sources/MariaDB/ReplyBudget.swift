internal import Synchronization

/// The bytes that all running calls may read together, beyond what each of them has for itself.
final class ReplyBudget: Sendable {
    /// The budget of all connections.
    static let all = ReplyBudget(limit: ReplyLimit.shared)

    private let limit: Int
    private let taken = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether that much was left.
    func borrow(_ count: Int) -> Bool {
        if taken.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        giveBack(count)
        return false
    }

    func giveBack(_ count: Int) {
        taken.wrappingSubtract(count, ordering: .relaxed)
    }
}
