internal import MariaDB
internal import Replication
internal import Topology

/// The statements of the sentinel. Each run has a row of its own under a unique key, so rows left behind by a run that was cut
/// short do not affect another, whichever nodes they are on.
struct SentinelTable {
    let table: TableName

    /// The values written by `insert` and `update`, which a replica then shows.
    private static let inserted: UInt64 = 1
    private static let updated: UInt64 = 2

    var definition: String { OwnTable.sentinel(table) }

    /// 128 random bits in hexadecimal.
    static func newKey() -> String {
        func text(_ bits: UInt64) -> String {
            let digits = String(bits, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return text(.random(in: .min ... .max)) + text(.random(in: .min ... .max))
    }

    /// - Parameter condition: under which the statement has an effect (`WriteGuard.holds`).
    func statement(_ operation: SentinelOperation, key: String, if condition: String) -> String {
        switch operation {
        case .insert:
            """
            INSERT INTO \(table.quoted) (id, value) SELECT '\(key)', \(Self.inserted) FROM DUAL \
            WHERE \(condition)
            """
        case .update:
            """
            UPDATE \(table.quoted) SET value = \(Self.updated) \
            WHERE id = '\(key)' AND value = \(Self.inserted) AND \(condition)
            """
        case .delete: "DELETE FROM \(table.quoted) WHERE id = '\(key)' AND \(condition)"
        }
    }

    func look(for key: String) -> String { "SELECT value FROM \(table.quoted) WHERE id = '\(key)'" }

    /// Whether the answer to `look` shows that an operation has arrived.
    func shows(_ operation: SentinelOperation, _ answer: ResultTable?) -> Bool {
        let value = answer?.first?.unsigned("value")
        return switch operation {
        case .insert: value == Self.inserted
        case .update: value == Self.updated
        case .delete: answer != nil && value == nil
        }
    }

    /// Selects the keys of rows written more than this many seconds ago, by runs that were cut short.
    func leftovers(olderThan seconds: Int64) -> String {
        """
        SELECT id FROM \(table.quoted) WHERE written < CURRENT_TIMESTAMP - INTERVAL \(seconds) SECOND \
        ORDER BY written LIMIT 16
        """
    }

    /// Selects which of the given rows exist.
    func present(_ keys: [String]) -> String {
        "SELECT id FROM \(table.quoted) WHERE id IN (\(keys.map { "'\($0)'" }.joined(separator: ", ")))"
    }

    /// The keys in an answer that have our format: they go into statements again.
    func keys(_ answer: ResultTable?) -> [String] {
        (answer?.rows.compactMap { $0.text("id") } ?? []).filter { key in
            key.utf8.count == 32 && key.utf8.allSatisfy { Self.digits.contains($0) }
        }
    }

    private static let digits = Set("0123456789abcdef".utf8)
}
