import Collection
import Exposition
import Foundation
import MariaDB
import Metrics
import Replication
import Sandbox
import Topology

internal import CAllocations
internal import CZlib

/// The cost of turning a round's answers into a page.
struct RenderingResult: Codable {
    struct Level: Codable {
        var level: Int32
        var bytes: Int
        /// CPU time.
        var seconds: Double
    }

    var nodes: Int
    /// The size of the page in plain text 0.0.4.
    var bytes: Int
    /// CPU seconds, the minimum of many runs: comparing the nodes, turning findings into samples, writing these as
    /// text.
    var comparing: Double
    var sampling: Double
    var writing: Double
    /// Text written per second of `writing`.
    var megabytesPerSecond: Double { Double(bytes) / 1e6 / writing }
    /// Calls of malloc and its relatives for sampling and for writing.
    var samplingAllocations: Int
    var writingAllocations: Int
    var gzip: [Level]
}

/// Asks the fleet once from this process itself, and works on the answers.
struct Rendering {
    let fleet: LoopbackFleet

    func run() async throws -> RenderingResult {
        let reports = try await collect()
        var findings: [SetFindings] = []
        let comparing = leastCPU { findings = reports.map { SetFindings($0) } }
        var families: [MetricFamily] = []
        let sampling = leastCPU {
            var all = Families()
            for set in findings { all.add(set) }
            families = all.all
        }
        var page: [UInt8] = []
        let writing = leastCPU {
            page = []
            Exposition.render(families, format: .text004, into: &page)
        }
        return RenderingResult(
            nodes: fleet.nodes.count, bytes: page.count, comparing: comparing, sampling: sampling, writing: writing,
            samplingAllocations: allocations {
                var all = Families()
                for set in findings { all.add(set) }
                families = all.all
            },
            writingAllocations: allocations {
                var page: [UInt8] = []
                Exposition.render(families, format: .text004, into: &page)
            },
            gzip: ([1, 2, 3, 4, 5, 6, 9] as [Int32]).map { level in
                var bytes = 0
                let seconds = leastCPU(of: 3) { bytes = compressedSize(page, level: level) }
                return RenderingResult.Level(level: level, bytes: bytes, seconds: seconds)
            })
    }

    private func collect() async throws -> [ReplicationSetReport] {
        var sets: [String: [NodeCollector]] = [:]
        for node in fleet.nodes {
            let thread = try SessionThread(name: node.name)
            let options = ConnectionOptions(
                address: .tcp(host: node.host, port: node.port), user: fleet.account.user,
                password: fleet.account.password)
            sets[node.source ?? node.name, default: []].append(
                NodeCollector(
                    NodeDescription(
                        name: node.name, address: .tcp(host: node.host, port: node.port),
                        intendedSources: node.source.map { ["": $0] } ?? [:]),
                    timeout: .seconds(10), on: thread
                ) { () throws(NodeFailure) in options })
        }
        var reports: [ReplicationSetReport] = []
        for (name, nodes) in sets.sorted(by: { $0.key < $1.key }) {
            let set = SetCollector(
                name: "set of \(name)", thresholds: Thresholds(), nodes: nodes, followUps: followUps(of:))
            for turn in 0..<2 {
                let deadline = Deadline(.now + .seconds(20))
                let round = set.round()
                await round.done(by: deadline)
                if turn == 1 { reports.append(await round.report()) }
            }
            await set.close()
        }
        let up = reports.flatMap(\.nodes).count { $0.report.isUp }
        guard up == fleet.nodes.count else {
            throw BenchmarkError.answer("\(up) of \(fleet.nodes.count) nodes answered")
        }
        return reports
    }
}

/// The minimum CPU time of this thread that `work` takes in several runs: noise only ever makes it slower.
private func leastCPU(of runs: Int = 15, _ work: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    return (0..<runs).map { _ in
        let before = now()
        work()
        return now() - before
    }.min() ?? 0
}

private func allocations(_ work: () -> Void) -> Int {
    let before = allocations_so_far().calls
    work()
    return Int(allocations_so_far().calls - before)
}

/// Compresses as the exporter's listener does, at a given level.
private func compressedSize(_ body: [UInt8], level: Int32) -> Int {
    var stream = z_stream()
    guard
        deflateInit2_(
            &stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return 0 }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(body.count)))
    return [UInt8](unsafeUninitializedCapacity: bound) { output, written in
        body.withUnsafeBufferPointer { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(bound)
            deflate(&stream, Z_FINISH)
        }
        written = Int(stream.total_out)
    }.count
}
