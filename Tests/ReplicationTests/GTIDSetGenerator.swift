import Replication
import ReplicationTesting

/// One transaction, spelled out: the naive model of a GTID set is a `Set` of these.
struct Transaction: Hashable {
    let uuid: String
    let tag: String
    let number: Int64
}

/// Random small GTID sets as text, and as the transactions that the text stands for.
///
/// The text is as disorderly as the server allows: any order, overlaps, repeated UUIDs and tags, empty intervals, upper
/// case, white space. There are few UUIDs, tags and numbers, so that sets often overlap.
struct GTIDSetGenerator {
    private var random: SeededGenerator

    /// Without tags, servers before MySQL 8.3 accept the text too.
    var usesTags = true

    static let uuids = [
        "3e11fa47-71ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa9429563",
        "00000000-0000-0000-0000-000000000001",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "2c256447-3f0d-431b-9a12-575bb20c1507",
    ]
    static let tags = ["", "a", "_b", "backup_1", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func next() -> (text: String, transactions: Set<Transaction>) {
        var groups: [String] = []
        var transactions: Set<Transaction> = []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let uuid = pick(Self.uuids)
            var group = cased(uuid)
            var tag = ""
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                if usesTags, Int.random(in: 0..<3, using: &random) == 0 {
                    tag = pick(Self.tags.filter { !$0.isEmpty })
                    group += blank() + ":" + blank() + cased(tag)
                }
                let first = Int64.random(in: 1...30, using: &random)
                if Bool.random(using: &random) {
                    group += blank() + ":" + blank() + "\(first)"
                    transactions.insert(Transaction(uuid: uuid, tag: tag, number: first))
                } else {
                    // Now and then last < first: no transaction.
                    let last = max(0, first + Int64.random(in: -2...8, using: &random))
                    group += blank() + ":" + blank() + "\(first)" + blank() + "-" + "\(last)"
                    for number in stride(from: first, through: last, by: 1) {
                        transactions.insert(Transaction(uuid: uuid, tag: tag, number: number))
                    }
                }
            }
            groups.append(group + blank())
        }
        return (blank() + groups.joined(separator: "," + blank()), transactions)
    }

    private mutating func pick(_ from: [String]) -> String {
        from[Int.random(in: 0..<from.count, using: &random)]
    }

    private mutating func cased(_ text: String) -> String {
        Bool.random(using: &random) ? text : text.uppercased()
    }

    private mutating func blank() -> String {
        pick(["", "", "", " ", "\n", " \t\r\n"])
    }
}

extension GTIDSet {
    /// The transactions, one by one.
    var spelledOut: Set<Transaction> {
        var transactions: Set<Transaction> = []
        for source in sources {
            for interval in source.intervals {
                for number in interval.first...interval.last {
                    transactions.insert(
                        Transaction(uuid: source.tsid.uuid.description, tag: source.tsid.tag, number: number))
                }
            }
        }
        return transactions
    }

    /// Whether the set is in canonical form, in which equal sets are equal values: sorted, joined, nothing empty.
    var isCanonical: Bool {
        zip(sources, sources.dropFirst()).allSatisfy { $0.tsid < $1.tsid }
            && sources.allSatisfy { source in
                !source.intervals.isEmpty
                    && source.intervals.allSatisfy { 1 <= $0.first && $0.first <= $0.last }
                    && zip(source.intervals, source.intervals.dropFirst()).allSatisfy { $0.last + 1 < $1.first }
            }
    }
}
