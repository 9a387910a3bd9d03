import Collection
import Glibc
import MariaDB
import Replication
import Sandbox

/// floor.c: the least that asking the same nodes the same things can cost.
final class Floor: Contender {
    let name = "floor (C)"
    let usage: ProcessUsage
    private let process: ChildProcess
    private let talk: Int32
    private let nodeCount: Int

    init(_ fleet: LoopbackFleet, _ place: Workplace) async throws {
        nodeCount = fleet.nodes.count
        // The exporter's own statements, so that the two always ask the same.
        guard let version = ServerVersion(place.serverVersion), let dialect = Dialect.of(.mariadb, version) else {
            throw BenchmarkError.failed("there is no dialect for MariaDB \(place.serverVersion)")
        }
        // The batches of a round: for most nodes, and for a node that has replicas.
        var batches: [String] = []
        for withCounters in [false, true] {
            let batch = dialect.inquiry(withCounters: withCounters).batch
            batches += [try place.write(batch.text, to: "batch\(batches.count).sql"), "\(batch.count)"]
        }
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw BenchmarkError.system("make a pair of sockets")
        }
        talk = ends[0]
        process = try ChildProcess.start(
            [
                place.tools.floor, fleet.account.user, try place.write(fleet.targets, to: "targets"),
            ] + batches,
            environment: ChildProcess.neutralEnvironment.merging(["FLOOR_PASSWORD": fleet.account.password]) { $1 },
            group: place.group, output: place.log("floor"), input: ends[1])
        close(ends[1])
        usage = ProcessUsage(pid: process.pid)
        guard try line() == "ready" else {
            throw BenchmarkError.answer("the floor did not connect: see \(place.log("floor"))")
        }
    }

    func scrape() throws {
        guard send(talk, "\n", 1, Int32(MSG_NOSIGNAL)) == 1 else { throw BenchmarkError.system("ask the floor") }
        let complete = try line()
        guard complete == "\(nodeCount)" else {
            throw BenchmarkError.answer("the floor got \(complete) of \(nodeCount) whole answers")
        }
    }

    func scrapeAndCheck() throws { try scrape() }

    private func line() throws -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while recv(talk, &byte, 1, 0) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        throw BenchmarkError.answer("the floor has ended")
    }

    func stop() async {
        close(talk)
        process.signal(SIGTERM)
        await process.ended()
    }
}
