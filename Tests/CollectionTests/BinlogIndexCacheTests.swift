import Replication
import Testing

@testable import Collection

@Suite("Kept lists of binary logs")
struct BinlogIndexCacheTests {
    private let now = ContinuousClock.now
    private let server = ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0), serverUUID: "a")
    private var cache = BinlogIndexCache()

    private func log(_ files: [(String, UInt64)]?, end: String) throws -> BinaryLog {
        var log = BinaryLog(
            isEnabled: true, end: BinlogCoordinate(file: try #require(BinlogFile(end)), position: 4))
        if let files {
            log.index = BinlogIndex(
                entries: try files.map { (file: try #require(BinlogFile($0.0)), size: $0.1) })
            log.isIndexFresh = true
        }
        return log
    }

    private func complete(
        _ cache: inout BinlogIndexCache, _ log: inout BinaryLog, server: ServerIdentity? = nil, startTime: Double? = 10,
        after: Duration = .zero
    ) throws {
        cache.complete(
            &log, end: try #require(log.end), server: server ?? self.server, startTime: startTime, at: now + after)
    }

    @Test("A list that was read is added in the following rounds, and is not fresh there")
    func kept() throws {
        var cache = cache
        var first = try log([("bin.1", 100), ("bin.2", 50)], end: "bin.2")
        try complete(&cache, &first)
        #expect(first.isIndexFresh)
        var second = try log(nil, end: "bin.2")
        try complete(&cache, &second)
        #expect(second.index?.totalBytes == 150)
        #expect(!second.isIndexFresh)
    }

    @Test(
        "It is not added for a server that writes another file, for another server, or after a restart",
        arguments: [
            ("bin.3", "a", 10), ("bin.2", "b", 10), ("bin.2", "a", 5), ("bin.2", "a", 20),
        ] as [(String, String, Double)])
    func outdated(end: String, uuid: String, startTime: Double) throws {
        var cache = cache
        var first = try log([("bin.1", 100), ("bin.2", 50)], end: "bin.2")
        try complete(&cache, &first)
        var second = try log(nil, end: end)
        var identity = server
        identity.serverUUID = uuid
        try complete(&cache, &second, server: identity, startTime: startTime)
        #expect(second.index == nil)
    }

    @Test("It is due at once, and then a minute after it was read")
    func due() throws {
        var cache = cache
        #expect(cache.isDue(at: now))
        var first = try log([("bin.1", 100)], end: "bin.1")
        try complete(&cache, &first)
        #expect(!cache.isDue(at: now + .seconds(60)))
        #expect(cache.isDue(at: now + .seconds(61)))
    }

    @Test("Facts that already have the kept list do not make it look just read")
    func carried() throws {
        var cache = cache
        var first = try log([("bin.1", 100)], end: "bin.1")
        try complete(&cache, &first)
        var second = try log(nil, end: "bin.1")
        try complete(&cache, &second, after: .seconds(50))
        try complete(&cache, &second, after: .seconds(50))  // as after a follow-up within a round
        #expect(!second.isIndexFresh)
        #expect(cache.isDue(at: now + .seconds(61)))
    }
}
