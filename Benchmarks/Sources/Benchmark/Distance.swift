import Foundation
import Sandbox

/// How long a scrape takes when every node is far away.
struct DistanceResult: Codable {
    var nodes: Int
    /// Seconds.
    var roundTrip: Double
    /// Medians per scrape. Seconds.
    var exporter: Double
    var peer: Double
    /// The exporter's, with nearby nodes.
    var exporterNearBy: Double
}

/// The same scrapes through delay.c.
struct Distance {
    let place: Workplace
    let turns: Int
    /// One way. Milliseconds.
    let delay = 50

    func run(size: Int, source: UInt16, replica: UInt16, account: Accounts.Account) async throws -> DistanceResult {
        let farSource = try await Proxy(to: source, delay: delay, place)
        let farReplica = try await Proxy(to: replica, delay: delay, place)
        let near = try await Exporter(
            LoopbackFleet(size: size, source: source, replica: replica, account: account), place)
        let farFleet = LoopbackFleet(size: size, source: farSource.port, replica: farReplica.port, account: account)
        let far = try await Exporter(farFleet, place)
        let peer = try await Peer(farFleet, place)
        for _ in 0..<3 {
            try near.scrapeAndCheck()
            try far.scrapeAndCheck()
        }
        try peer.findConcurrency()
        var walls: (near: [Double], far: [Double], peer: [Double]) = ([], [], [])
        for _ in 0..<turns {
            walls.near.append(try seconds(near.scrape))
            walls.far.append(try seconds(far.scrape))
            walls.peer.append(try seconds(peer.scrape))
        }
        try far.scrapeAndCheck()
        for contender in [near, far, peer] as [any Contender] { await contender.stop() }
        await farSource.stop()
        await farReplica.stop()
        return DistanceResult(
            nodes: size, roundTrip: Double(2 * delay) / 1000, exporter: walls.far.median, peer: walls.peer.median,
            exporterNearBy: walls.near.median)
    }
}

/// A running delay.c.
private final class Proxy {
    let port: UInt16
    private let process: ChildProcess

    init(to target: UInt16, delay: Int, _ place: Workplace) async throws {
        port = try freePort()
        process = try ChildProcess.start(
            [place.tools.delay, "\(port)", "\(target)", "\(delay)"], group: place.group,
            output: place.log("delay-\(port)"))
        let log = place.log("delay-\(port)")
        try await eventually("the proxy listens") { try String(contentsOfFile: log, encoding: .utf8) == "ready\n" }
    }

    func stop() async {
        process.signal(SIGTERM)
        await process.ended()
    }
}
