import Sandbox

internal import CAllocations

/// How much a warm scrape allocates, from the request to the response.
struct AllocationResult: Codable {
    var nodes: Int
    /// Per scrape.
    var calls: Double
    var bytes: Double
}

extension AllocationResult {
    static func measure(_ fleet: LoopbackFleet, _ place: Workplace) async throws -> AllocationResult {
        let counts = "\(place.folder)/allocations"
        let exporter = try await Exporter(
            fleet, place, environment: ["LD_PRELOAD": place.tools.allocations, "ALLOCATIONS": counts])
        for _ in 0..<3 { try exporter.scrapeAndCheck() }
        let scrapes = 5
        let before = allocations_in(counts)
        for _ in 0..<scrapes { try exporter.scrape() }
        let after = allocations_in(counts)
        await exporter.stop()
        guard after.calls > before.calls else {
            throw BenchmarkError.failed("the exporter's allocations were not counted")
        }
        return AllocationResult(
            nodes: fleet.nodes.count, calls: Double(after.calls - before.calls) / Double(scrapes),
            bytes: Double(after.bytes - before.bytes) / Double(scrapes))
    }
}
