/// Everything that one run measured.
struct Results: Codable {
    var machine: String
    var server: String
    var peer: String
    var sizes: [SizeResult] = []
    var distances: [DistanceResult] = []
    var encryptions: [EncryptionResult] = []
    var silence: SilenceResult?
    var rendering: RenderingResult?
    var allocations: AllocationResult?
}
