import FaultServer

/// What happens to the replies of one case: most stay as they are, some turn hostile. Determined by the seed.
struct ReplyChange: Sendable {
    private let seed: UInt64
    /// One in this many replies is changed.
    private let rarity: Int
    /// One in this many kinds of statements gets a changed reply every time.
    private let stubbornness: Int

    init(seed: UInt64) {
        self.seed = seed
        var random = SeededGenerator(seed: seed ^ 0x5EED)
        rarity = [3, 10, 30, 100, 1_000_000][random.below(5)]
        stubbornness = [8, 20, 60, 1_000_000][random.below(4)]
    }

    /// - Parameters:
    ///   - kind: what replies to the same question have in common.
    ///   - server: which of the servers answers.
    ///   - number: how many times it has been asked this.
    func changed(_ reply: Reply, kind: String, server: Int, number: Int) -> Reply {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in kind.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var constant = SeededGenerator(seed: hash ^ UInt64(server) << 32)
        if constant.below(stubbornness) == 0 { return Self.changed(reply, &constant) }
        var varying = SeededGenerator(seed: hash ^ UInt64(server) << 32 ^ UInt64(number) &* 0x9E37_79B9)
        return varying.below(rarity) == 0 ? Self.changed(reply, &varying) : reply
    }

    private static func changed(_ reply: Reply, _ random: inout SeededGenerator) -> Reply {
        switch random.below(16) {
        case 0: return refusal(&random)
        case 1: return .steps([.close])
        default: break
        }
        switch reply {
        case .ok, .changed:
            return random.below(8) == 0
                ? .table(columns: ["a"], rows: [["1"]])
                : .changed(HostileValues.affectedRows[random.below(HostileValues.affectedRows.count)])
        case .table(var columns, var rows):
            for _ in 0...random.below(3) { change(&columns, &rows, &random) }
            return columns.isEmpty ? .changed(0) : .table(columns: columns, rows: rows)
        case .refusal: return random.below(2) == 0 ? .ok : refusal(&random)
        case .steps: return reply
        }
    }

    private static func refusal(_ random: inout SeededGenerator) -> Reply {
        let known = HostileValues.errors
        let code =
            random.below(4) == 0 ? UInt16.random(in: 0..<UInt16.max, using: &random) : known[random.below(known.count)]
        return .refusal(code: code, sqlState: "HY000", message: "no: " + name(&random))
    }

    private static func change(
        _ columns: inout [String], _ rows: inout [[String?]], _ random: inout SeededGenerator
    ) {
        guard !rows.isEmpty, !columns.isEmpty else {
            rows.append(columns.map { _ in number(&random) })
            return
        }
        let row = random.below(rows.count)
        let column = random.below(columns.count)
        switch random.below(14) {
        case 0: rows.insert(contentsOf: Array(repeating: rows[row], count: [1, 1, 2, 70][random.below(4)]), at: row)
        case 1: rows.remove(at: row)
        case 2: rows = []
        case 3:
            columns.remove(at: column)
            for index in rows.indices { rows[index].remove(at: column) }
        case 4: rows[row][column] = name(&random)
        case 5: rows[row].swapAt(column, random.below(columns.count))
        case 6:
            for column in numeric(rows[row]) { rows[row][column] = number(&random) }
        case 7:
            let value = number(&random)
            for index in rows.indices { rows[index][column] = value }
        case 8: rows[row][column] = number(&random)
        default:
            let numeric = numeric(rows[row])
            rows[row][numeric.isEmpty ? column : numeric[random.below(numeric.count)]] = number(&random)
        }
    }

    /// The columns of a row that contain numbers.
    private static func numeric(_ row: [String?]) -> [Int] {
        row.indices.filter { row[$0].flatMap(Double.init) != nil }
    }

    private static func number(_ random: inout SeededGenerator) -> String? {
        HostileValues.numbers[random.below(HostileValues.numbers.count)]
    }

    private static func name(_ random: inout SeededGenerator) -> String {
        HostileValues.names[random.below(HostileValues.names.count)]
    }
}
