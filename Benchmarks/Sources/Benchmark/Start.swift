import Sandbox

/// What a process needs from its start to its first complete response.
struct StartResult: Codable {
    struct Taken: Codable {
        /// Medians. Seconds.
        var wall: Double
        var cpu: Double
        /// After the response. Bytes.
        var resident: Int
    }

    var nodes: Int
    var exporter: Taken
    var peer: Taken
}

/// Starts both programs in turn.
struct Start {
    let place: Workplace
    let turns: Int

    func run(_ fleet: LoopbackFleet) async throws -> StartResult {
        var exporter: [StartResult.Taken] = []
        var peer: [StartResult.Taken] = []
        for _ in 0..<turns {
            exporter.append(try await taken { try await Exporter(fleet, place) })
            peer.append(try await taken { try await Peer(fleet, place) })
        }
        return StartResult(nodes: fleet.nodes.count, exporter: .median(of: exporter), peer: .median(of: peer))
    }

    private func taken(_ start: () async throws -> some Contender) async throws -> StartResult.Taken {
        let started = ContinuousClock.now
        let contender = try await start()
        try contender.scrape()
        let wall = started.duration(to: .now) / .seconds(1)
        let taken = StartResult.Taken(
            wall: wall, cpu: try contender.usage.cpuSeconds(), resident: try contender.usage.residentBytes())
        try contender.scrapeAndCheck()
        await contender.stop()
        return taken
    }
}

extension StartResult.Taken {
    fileprivate static func median(of runs: [Self]) -> Self {
        Self(
            wall: runs.map(\.wall).median, cpu: runs.map(\.cpu).median,
            resident: Int(runs.map { Double($0.resident) }.median))
    }
}
