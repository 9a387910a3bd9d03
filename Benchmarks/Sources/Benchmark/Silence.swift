import Glibc
import Sandbox

/// How much longer than its deadline a scrape takes when many nodes are completely silent.
struct SilenceResult: Codable {
    var nodes: Int
    var silent: Int
    /// Seconds.
    var deadline: Double
    var median: Double
    var longest: Double
}

struct Silence {
    let place: Workplace
    let turns: Int
    let deadline = 1.0

    /// Three of ten nodes accept a connection and then stay silent.
    func run(_ fleet: LoopbackFleet) async throws -> SilenceResult {
        let mute = try MuteListener()
        defer { mute.close() }
        let fleet = fleet.silencing({ $0 % 10 >= 7 }, at: mute.port)
        let silent = fleet.nodes.count { $0.port == mute.port }
        let exporter = try await Exporter(fleet, place)
        // Connects; the silent nodes run into their timeout, and are asked again.
        for _ in 0..<2 { try exporter.scrape() }
        var walls: [Double] = []
        for _ in 0..<turns {
            walls.append(try exporter.scrape(within: deadline, expecting: fleet.nodes.count - silent))
        }
        await exporter.stop()
        return SilenceResult(
            nodes: fleet.nodes.count, silent: silent, deadline: deadline, median: walls.median,
            longest: walls.max() ?? .nan)
    }
}

/// Its connections are accepted by the kernel, and never read.
private struct MuteListener {
    let port: UInt16
    private let descriptor: Int32

    init() throws(BenchmarkError) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 65535) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw .system("listen") }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    func close() { Glibc.close(descriptor) }
}
