import Foundation

/// The clock of a server's machine, as the server sees it: libfaketime's.
package struct ShiftedClock: Sendable {
    /// Debian's package libfaketime.
    private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

    private let path: String
    /// What precedes the server's command.
    let prefix: [String]

    /// - Parameters:
    ///   - inside: the folder as the server sees it.
    ///   - root: what the server runs in. If it has a libfaketime, that is taken: this machine's may need a newer C library.
    fileprivate init(folder: String, inside: String, root: String?) throws(SandboxError) {
        let own = (root ?? "") + Self.library
        let library = access(own, R_OK) == 0 ? own : Self.library
        path = "\(folder)/clock"
        do {
            if !FileManager.default.fileExists(atPath: "\(folder)/libfaketime.so") {
                try FileManager.default.copyItem(atPath: library, toPath: "\(folder)/libfaketime.so")
            }
        } catch {
            throw .wiring("libfaketime (Debian: apt-get install libfaketime): \(error)")
        }
        prefix = [
            "env", "LD_PRELOAD=\(inside)/libfaketime.so", "FAKETIME_TIMESTAMP_FILE=\(inside)/clock",
            "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1",
        ]
    }

    /// Sets the clock ahead of this machine's by so many seconds, from now on.
    package func set(ahead seconds: Int) throws {
        try "\(seconds < 0 ? "" : "+")\(seconds)\n".write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o644)
    }
}

extension Server {
    /// Restarts the server with a clock that can be set.
    package func restart(clockAhead seconds: Int) async throws -> ShiftedClock {
        let clock = try ShiftedClock(folder: dataFolder, inside: folder.inside(dataFolder), root: software.root)
        try clock.set(ahead: seconds)
        await stop()
        try await start(prefix: clock.prefix)
        return clock
    }
}
