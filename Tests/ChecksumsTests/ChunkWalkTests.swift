import ReplicationTesting
import Testing

@testable import Checksums

@Suite("The way through a table")
struct ChunkWalkTests {
    /// A table whose key consists of two small numbers, as the server sees it.
    private struct Table: KeySource {
        let rows: [[Int]]

        init(_ rows: Set<[Int]>) { self.rows = rows.sorted { $0.lexicographicallyPrecedes($1) } }

        func key(after key: ChunkRange.Boundary?, number: Int) async throws(Never) -> ChunkRange.Boundary? {
            let rest = rows.filter { row in key.map { Self.number($0).lexicographicallyPrecedes(row) } ?? true }
            return rest.count >= number ? rest[number - 1].map(String.init) : nil
        }

        func lastKey(after key: ChunkRange.Boundary) async throws(Never) -> ChunkRange.Boundary? {
            rows.last { Self.number(key).lexicographicallyPrecedes($0) }.map { $0.map(String.init) }
        }

        static func number(_ boundary: ChunkRange.Boundary) -> [Int] { boundary.compactMap(Int.init) }
    }

    /// Whether a key lies in a range, by the meaning of the range's text.
    private static func contains(_ range: ChunkRange, _ key: [Int]) -> Bool {
        if let lower = range.lower.map(Table.number) {
            let isAfter = lower.lexicographicallyPrecedes(key)
            guard isAfter || range.includesLower && lower == key else { return false }
        }
        if let upper = range.upper.map(Table.number) {
            let isBefore = key.lexicographicallyPrecedes(upper)
            guard isBefore || !range.excludesUpper && upper == key else { return false }
        }
        return true
    }

    private static let allKeys = (0..<9).flatMap { a in (0..<9).map { [a, $0] } }

    @Test("Every possible key lies in exactly one chunk, wherever the rows are", arguments: 0..<200)
    func partition(seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        var rows = Set(Self.allKeys.filter { _ in Int.random(in: 0..<10, using: &random) < Int(seed % 11) })
        var walk = ChunkWalk()
        var chunks: [ChunkWalk.Chunk] = []
        while let chunk = await walk.next(rows: Int.random(in: 1...9, using: &random), in: Table(rows)) {
            chunks.append(chunk)
            // Other sessions write meanwhile.
            let key = Self.allKeys.randomElement(using: &random) ?? []
            if Bool.random(using: &random) { rows.insert(key) } else { rows.remove(key) }
        }
        for key in Self.allKeys {
            #expect(chunks.count { Self.contains($0.range, key) } == 1, "\(key) in \(chunks)")
        }
        #expect(chunks.map(\.number) == Array(1...chunks.count))
        #expect(chunks.map(\.isLast) == Array(repeating: false, count: chunks.count - 1) + [true])
    }

    @Test(
        "No chunk of a table at rest has more rows than asked for, and none between the ends fewer", arguments: 1...12)
    func sizes(rows: Int) async {
        let keys = Set(Self.allKeys.prefix(50))
        var walk = ChunkWalk()
        var sizes: [Int] = []
        while let chunk = await walk.next(rows: rows, in: Table(keys)) {
            sizes.append(keys.count { Self.contains(chunk.range, $0) })
        }
        #expect(sizes.reduce(0, +) == 50)
        #expect(sizes.suffix(2) == [0, 0])
        #expect(sizes.dropLast(3).allSatisfy { $0 == rows })
        #expect(sizes.allSatisfy { $0 <= rows })
    }

    @Test("A table that fits is one chunk", arguments: [0, 1, 4, 5])
    func small(count: Int) async {
        var walk = ChunkWalk()
        let table = Table(Set(Self.allKeys.prefix(count)))
        #expect(await walk.next(rows: 5, in: table) == .init(number: 1, range: .whole, isLast: true))
        #expect(await walk.next(rows: 5, in: table) == nil)
    }

    @Test("A resumed walk goes the rest of the same way", arguments: 1...8)
    func resumed(after done: Int) async throws {
        let table = Table(Set(Self.allKeys.prefix(20)))
        var whole = ChunkWalk()
        var chunks: [ChunkWalk.Chunk] = []
        while let chunk = await whole.next(rows: 3, in: table) { chunks.append(chunk) }
        #expect(chunks.count == 9)  // 6 of 3 rows, one of 2, before the first, after the last

        func stored(_ chunk: ChunkWalk.Chunk) -> StoredChunk {
            StoredChunk(index: "PRIMARY", lower: chunk.range.lower, upper: chunk.range.upper, isDone: true)
        }
        let key = ChunkKey(
            name: "PRIMARY", columns: [.init(name: "a", kind: .integer), .init(name: "b", kind: .integer)])
        let point = ResumePoint(
            done: done, rows: 7, first: stored(chunks[0]), before: stored(chunks[max(0, done - 2)]),
            newest: stored(chunks[done - 1]), key: key)
        guard case .after(done, rows: 7, var rest) = point else {
            Issue.record("not resumed: \(point)")
            return
        }
        var resumed: [ChunkWalk.Chunk] = []
        while let chunk = await rest.next(rows: 3, in: table) { resumed.append(chunk) }
        #expect(resumed == Array(chunks.dropFirst(done)))
    }

    @Test("A complete walk, one by another key, and an interrupted one are distinguished")
    func resumePoints() {
        let key = ChunkKey(name: "PRIMARY", columns: [.init(name: "a", kind: .integer)])
        func point(_ newest: StoredChunk, done: Int) -> ResumePoint {
            ResumePoint(
                done: done, rows: 1, first: StoredChunk(index: "PRIMARY", lower: ["1"], upper: ["2"], isDone: true),
                before: StoredChunk(index: "PRIMARY", lower: ["1"], upper: ["2"], isDone: true), newest: newest,
                key: key)
        }
        #expect(point(.init(isDone: true), done: 1) == .complete(chunks: 1, rows: 1))
        #expect(point(.init(index: "PRIMARY", lower: ["9"], isDone: true), done: 5) == .complete(chunks: 5, rows: 1))
        #expect(point(.init(index: "other", lower: ["2"], upper: ["3"], isDone: true), done: 2) == .beginning)
        #expect(point(.init(index: "PRIMARY", lower: ["2"], upper: ["3"], isDone: false), done: 2) == .beginning)
        #expect(point(.init(isDone: true), done: 2) == .beginning)
    }
}

extension StoredChunk {
    fileprivate init(index: String? = nil, lower: ChunkRange.Boundary? = nil, isDone: Bool) {
        self.init(index: index, lower: lower, upper: nil, isDone: isDone)
    }
}
