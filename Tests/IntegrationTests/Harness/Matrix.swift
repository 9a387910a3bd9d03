import Foundation
import Sandbox
import Testing

/// All tests here start servers; one after the other, so that they do not fight for the machine.
@Suite("Integration", .serialized)
enum IntegrationSuite {}

/// The server software that the tests run on: this machine's MariaDB, without which they fail, and the roots of other
/// releases that are there (scripts/server-root.sh). What takes part is printed.
enum Matrix {
    static let all: Task<[ServerSoftware], any Error> = Task {
        var all = [try await ServerSoftware.find("mariadb")]
        // MARIADBD names another program for "mariadb"; MYSQLD adds one.
        if ProcessInfo.processInfo.environment["MYSQLD"] != nil { all.append(try await ServerSoftware.find("mysql")) }
        for name in await ServerSoftware.available() where name.contains("-") {
            all.append(try await ServerSoftware.find(name))
        }
        print("integration tests run against: \(all.map(\.description).joined(separator: ", "))")
        return all
    }
}

extension Matrix {
    /// One of each flavor, for what no version does differently.
    static let flavors: Task<[ServerSoftware], any Error> = Task {
        var seen: Set<ServerSoftware.Flavor> = []
        return try await all.value.filter { seen.insert($0.flavor).inserted }
    }
}

/// Servers wired up, and an exporter that watches them.
func withExporter(
    of wiring: Wiring, software: ServerSoftware, settings: ServerSettings = ServerSettings(),
    _ body: (Sandbox, RunningExporter) async throws -> Void
) async throws {
    try await withSandbox(wiring, software: software, settings: settings) { sandbox in
        let exporter = try await RunningExporter.start(try sandbox.writeExporterConfiguration(), in: sandbox)
        try await body(sandbox, exporter)
        #expect(await exporter.stop() == .exited(0))
    }
}
