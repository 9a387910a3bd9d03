import Foundation
import Sandbox

/// Programs of others that the tests compare with or run beside: the first in PATH. scripts/test-newer.sh puts newer releases
/// there than this machine has.
enum Peer {
    static let mysqldExporter = path("prometheus-mysqld-exporter")
    static let prometheus = path("prometheus")
    static let tableChecksum = path("pt-table-checksum")

    /// What it answers to `--version`: its first two numbers, as in `[0, 19]`.
    static func release(of path: String) async throws -> [Int] {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("release-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        try await ChildProcess.start([path, "--version"], group: 0, output: output).ended()
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard let numbers = text.firstMatch(of: /(\d+)\.(\d+)/), let major = Int(numbers.1), let minor = Int(numbers.2)
        else { throw Failure("\(path) does not tell its release: \(text)") }
        print("tested with \(text.prefix { $0 != "\n" })")
        return [major, minor]
    }

    /// Whether this is the percona-toolkit that knows MySQL 8.4 and later. Then it no longer knows Debian's MariaDB, whose
    /// `version_comment` does not contain the name.
    static func isToolkitForMySQL() async throws -> Bool {
        guard let tableChecksum else { return false }
        return try await !release(of: tableChecksum).lexicographicallyPrecedes([3, 7])
    }

    private static func path(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first(where: FileManager.default.isExecutableFile)
    }
}

extension Matrix {
    /// The servers that the installed percona-toolkit can work with, one of the flavor.
    static let toolkit: Task<[ServerSoftware], any Error> = Task {
        let flavor: ServerSoftware.Flavor = try await Peer.isToolkitForMySQL() ? .mysql : .mariadb
        let software = try await flavors.value.filter { $0.flavor == flavor }
        if software.isEmpty { print("!!! no server for this percona-toolkit here: it is NOT compared with") }
        return software
    }
}
