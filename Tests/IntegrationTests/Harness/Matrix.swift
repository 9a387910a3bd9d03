import Foundation
import Sandbox
import Testing

/// All tests here start servers; one after the other, so that they do not compete for the machine.
@Suite("Integration", .serialized)
enum IntegrationSuite {}

/// The server software that the tests run on: this machine's MariaDB, without which they fail, and of the roots of other
/// releases (scripts/server-root.sh) the newest of each flavor; with `make test-all` every one. The selection is printed.
enum Matrix {
    static let all: Task<[ServerSoftware], any Error> = Task {
        var all = [try await ServerSoftware.find("mariadb")]
        // MARIADBD selects another program for "mariadb"; MYSQLD adds one.
        if ProcessInfo.processInfo.environment["MYSQLD"] != nil { all.append(try await ServerSoftware.find("mysql")) }
        var roots: [ServerSoftware] = []
        for name in await ServerSoftware.available() where name.contains("-") {
            roots.append(try await ServerSoftware.find(name))
        }
        // The oldest supported MariaDB takes as long as the others.
        for root in roots {
            let isNewest = !roots.contains {
                $0.flavor == root.flavor && $0.version.compare(root.version, options: .numeric) == .orderedDescending
            }
            if isNewest || ProcessInfo.processInfo.environment["TEST_ALL"] != nil {
                all.append(root)
            } else {
                print("!!! the tests on \(root) are SKIPPED; make test-all runs them")
            }
        }
        print("integration tests run against: \(all.map(\.description).joined(separator: ", "))")
        return all
    }
}

extension Matrix {
    /// One of each flavor, for what does not depend on the version.
    static let flavors: Task<[ServerSoftware], any Error> = Task {
        var seen: Set<ServerSoftware.Flavor> = []
        return try await all.value.filter { seen.insert($0.flavor).inserted }
    }

    /// All with `make test-all`, otherwise one of each flavor.
    static let thorough: Task<[ServerSoftware], any Error> = Task {
        try await ProcessInfo.processInfo.environment["TEST_ALL"] == nil ? flavors.value : all.value
    }
}

/// Servers that replicate as wired, and an exporter that monitors them.
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
