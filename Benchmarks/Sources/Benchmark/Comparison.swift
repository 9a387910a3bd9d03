import Foundation
import Sandbox

/// What one contender needed for fleets of one size.
struct Measured: Codable {
    /// Medians per scrape. Seconds.
    var wall: Double
    var cpu: Double
    /// What the servers used meanwhile.
    var serverCPU: Double
    /// After the last scrape. Bytes.
    var resident: Int
}

/// All contenders side by side, for fleets of one size.
struct SizeResult: Codable {
    var nodes: Int
    var exporter: Measured
    var peer: Measured
    var floor: Measured
    /// The number of concurrent requests to the peer.
    var peerConcurrency: Int
    /// Nodes of the exporter's last scrape that took more than one round trip.
    var nodesAskedAgain: Int
}

/// Scrapes all contenders in turn, so that whatever else the machine does affects all of them.
struct Comparison {
    let place: Workplace
    /// How many times each of them is measured.
    let turns: Int

    func run(_ fleet: LoopbackFleet) async throws -> SizeResult {
        let floor = try await Floor(fleet, place)
        let exporter = try await Exporter(fleet, place)
        let peer = try await Peer(fleet, place)
        let contenders: [any Contender] = [exporter, peer, floor]
        // The first scrapes connect, list binary logs and fill caches.
        for contender in contenders {
            for _ in 0..<3 { try contender.scrapeAndCheck() }
        }
        try peer.findConcurrency()

        // Small scrapes are measured many at a time, because the clocks would dominate otherwise.
        let repeats = max(1, 200 / fleet.nodes.count)
        var walls = [[Double]](repeating: [], count: contenders.count)
        var cpus = walls
        var serverCPUs = walls
        for _ in 0..<turns {
            for (number, contender) in contenders.enumerated() {
                let before = (own: try contender.usage.cpuSeconds(), servers: try place.serverSeconds())
                let wall = try seconds { for _ in 0..<repeats { try contender.scrape() } }
                walls[number].append(wall / Double(repeats))
                cpus[number].append((try contender.usage.cpuSeconds() - before.own) / Double(repeats))
                serverCPUs[number].append((try place.serverSeconds() - before.servers) / Double(repeats))
            }
        }
        let measured = try contenders.enumerated().map { number, contender in
            Measured(
                wall: walls[number].median, cpu: cpus[number].median, serverCPU: serverCPUs[number].median,
                resident: try contender.usage.residentBytes())
        }
        let nodesAskedAgain = try exporter.roundTrips().filter { $0.key != "1" }.values.reduce(0, +)
        for contender in contenders {
            try contender.scrapeAndCheck()
            await contender.stop()
        }
        return SizeResult(
            nodes: fleet.nodes.count, exporter: measured[0], peer: measured[1], floor: measured[2],
            peerConcurrency: peer.concurrency, nodesAskedAgain: nodesAskedAgain)
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        let middle = count / 2
        return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
