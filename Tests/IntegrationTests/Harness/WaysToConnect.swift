import Foundation
import Sandbox

/// The options of a server that presents `server.pem` from the sandbox's folder.
func tlsArguments(_ sandbox: Sandbox, authorities: String = "ca") -> [String] {
    // The path as seen by a server under chroot(8).
    let folder = sandbox.folder.dropFirst(sandbox.software.root?.count ?? 0)
    return ["ca=\(folder)/\(authorities).pem", "cert=\(folder)/server.pem", "key=\(folder)/server.key"].map {
        "--ssl-\($0)"
    }
}

/// An exporter that connects to the server db1 in several ways: one node for each of these settings, as written in its
/// configuration. The password is the monitor account's.
func exporter(
    _ sandbox: Sandbox, _ settings: [String: String], environment: [String: String] = [:], launcher: [String] = []
) async throws -> RunningExporter {
    let password = "\(sandbox.folder)/monitor.password"
    try sandbox.accounts.monitor.password.write(toFile: password, atomically: true, encoding: .utf8)
    let port = try sandbox.server("db1").port
    // Within a set, two nodes at one address would be a mistake.
    let sets = settings.sorted { $0.key < $1.key }.map { name, settings in
        // A client on the socket is authenticated without a password.
        let way =
            settings.contains("address:") ? "" : "address: \"127.0.0.1:\(port)\", password_file: \"\(password)\", "
        // Nothing here is about time, and the machine may be busy.
        let timeout = settings.contains("timeout:") ? "" : "timeout: 30s, "
        return "  - {name: \(name), nodes: [{name: \(name), \(timeout)\(way)\(settings)}]}"
    }
    let path = "\(sandbox.folder)/ways.yml"
    try """
    replication_sets:
    \(sets.joined(separator: "\n"))
    """.write(toFile: path, atomically: true, encoding: .utf8)
    return try await RunningExporter.start(
        ["--config.file", path], in: sandbox, environment: environment, launcher: launcher)
}
