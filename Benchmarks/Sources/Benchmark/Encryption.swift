import Foundation
import Sandbox

/// What it takes to connect all nodes over TLS.
struct EncryptionResult: Codable {
    struct Storm: Codable {
        /// Nodes that were up at the end of one scrape of 10 s.
        var up: Int
        /// Seconds; for the first response, from the start of the process.
        var wall: Double
        var cpu: Double
        var serverCPU: Double
    }

    var nodes: Int
    var start: Storm
    /// The first scrape after the servers have closed all connections.
    var loss: Storm
}

struct Encryption {
    let place: Workplace
    let turns: Int
    /// Closes all connections of the exporter's account.
    let kill: () async throws -> Void

    /// Uses the mode that is the configuration's default.
    func run(_ fleet: LoopbackFleet) async throws -> EncryptionResult {
        var fleet = fleet
        fleet.tlsMode = "preferred"
        var starts: [EncryptionResult.Storm] = [], losses: [EncryptionResult.Storm] = []
        for _ in 0..<max(1, turns / 2) {
            let serversBefore = try place.serverSeconds()
            let started = ContinuousClock.now
            let exporter = try await Exporter(fleet, place)
            let up = try exporter.scrape(within: 10).up
            starts.append(
                .init(
                    up: up, wall: started.duration(to: .now) / .seconds(1), cpu: try exporter.usage.cpuSeconds(),
                    serverCPU: try place.serverSeconds() - serversBefore))
            // Catches up on nodes that missed the first scrape, if any.
            for _ in 0..<3 { try exporter.scrape() }
            try await kill()
            let (own, servers) = (try exporter.usage.cpuSeconds(), try place.serverSeconds())
            let again = try exporter.scrape(within: 10)
            losses.append(
                .init(
                    up: again.up, wall: again.wall, cpu: try exporter.usage.cpuSeconds() - own,
                    serverCPU: try place.serverSeconds() - servers))
            await exporter.stop()
        }
        return EncryptionResult(nodes: fleet.nodes.count, start: .median(of: starts), loss: .median(of: losses))
    }
}

extension EncryptionResult.Storm {
    fileprivate static func median(of storms: [Self]) -> Self {
        Self(
            up: storms.map(\.up).min() ?? 0, wall: storms.map(\.wall).median, cpu: storms.map(\.cpu).median,
            serverCPU: storms.map(\.serverCPU).median)
    }
}

/// A self-signed server certificate with the type of key that MySQL generates itself.
struct ServerCertificate {
    let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-days", "2", "-keyout",
            "\(folder)/server.key", "-out", "\(folder)/server.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        guard openssl.terminationStatus == 0 else {
            throw BenchmarkError.failed("openssl did not create a certificate")
        }
        // The servers read it as another user.
        for (path, mode) in [(folder, 0o755), ("\(folder)/server.key", 0o644)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
    }

    var arguments: [String] {
        ["--ssl-ca=\(folder)/server.pem", "--ssl-cert=\(folder)/server.pem", "--ssl-key=\(folder)/server.key"]
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
