import Documents
import Foundation
import Glibc
import Logging
import Synchronization
import Testing
import Traffic

@testable import Exporter

@Suite("Operator states in files")
struct OperatorStatesTests {
    private let log = Log()

    @Test("A node without a file is ready; a file with any other content counts as maint")
    func files() throws {
        try withFolder { folder in
            let states = OperatorStates(directory: folder, logger: log.logger)
            #expect(states["db1"] == .ready)
            for (text, state) in [
                ("drain\n", .drain), (" maint ", .maintenance), ("ready", .ready), ("", .maintenance),
                ("drian", .maintenance),
            ] as [(String, OperatorState)] {
                try text.write(toFile: "\(folder)/db1", atomically: true, encoding: .utf8)
                #expect(states["db1"] == state, "\(text)")
            }
            try states.set(.drain, of: "db2")
            #expect(states["db2"] == .drain)
            try states.set(.ready, of: "db2")
            #expect(states["db2"] == .ready)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/db2"))
        }
    }

    @Test("Without the directory, every node is in maintenance, which is logged once; its return restores the states")
    func gone() throws {
        try withFolder { folder in
            let states = OperatorStates(directory: folder, logger: log.logger)
            try states.set(.drain, of: "db2")
            for _ in 0..<2 {
                #expect(states["db1"] == .ready)
                #expect(states["db2"] == .drain)
                let lines = log.lines.count
                try FileManager.default.moveItem(atPath: folder, toPath: "\(folder)-away")
                for _ in 0..<3 {
                    #expect(states["db1"] == .maintenance)
                    #expect(states["db2"] == .maintenance)
                }
                #expect(log.lines.count == lines + 1)
                #expect(log.lines.last?.contains("every node counts as maint: \(folder): ") == true)
                #expect(throws: DraftedFile.Failure.self) { try states.set(.ready, of: "db2") }
                #expect(throws: DraftedFile.Failure.self) { try states.set(.drain, of: "db1") }
                try FileManager.default.moveItem(atPath: "\(folder)-away", toPath: folder)
            }
            #expect(states["db2"] == .drain)
        }
    }

    @Test("A file in place of the directory counts as a missing directory")
    func replaced() throws {
        try withFolder { folder in
            let states = OperatorStates(directory: "\(folder)/states", logger: log.logger)
            try "".write(toFile: "\(folder)/states", atomically: true, encoding: .utf8)
            #expect(states["db1"] == .maintenance)
        }
    }

    @Test("A link counts as the file it leads to, and as maint if it is dangling")
    func link() throws {
        try withFolder { folder in
            let states = OperatorStates(directory: folder, logger: log.logger)
            try #require(symlink("\(folder)/said", "\(folder)/db1") == 0)
            #expect(states["db1"] == .maintenance)
            #expect(states["db1"] == .maintenance)
            #expect(log.lines.count == 1)
            try "drain".write(toFile: "\(folder)/said", atomically: true, encoding: .utf8)
            #expect(states["db1"] == .drain)
            try states.set(.ready, of: "db1")
            #expect(states["db1"] == .ready)
        }
    }

    @Test("A state on a file system that is no longer mounted holds until it is revoked")
    func unmounted() throws {
        try withFolder { folder in
            // Two file systems, mounted one after the other at the same path.
            let (mounted, bare) = ("/dev/shm/states-\(UUID().uuidString)", "\(folder)/bare")
            for directory in [mounted, bare] {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            }
            defer { try? FileManager.default.removeItem(atPath: mounted) }
            try #require(Self.fileSystem(mounted) != Self.fileSystem(bare), "a temporary directory outside of /dev/shm")
            let link = "\(folder)/states"
            func put(_ directory: String) throws {
                unlink(link)
                try #require(symlink(directory, link) == 0)
            }
            try put(mounted)
            let states = OperatorStates(directory: link, logger: log.logger)
            try states.set(.drain, of: "db1")
            #expect(states["db1"] == .drain)
            #expect(states["db2"] == .ready)
            try put(bare)
            #expect(states["db1"] == .maintenance)
            #expect(states["db2"] == .ready)
            try put(mounted)
            #expect(states["db1"] == .drain)
            try put(bare)
            #expect(states["db1"] == .maintenance)
            try states.set(.ready, of: "db1")
            #expect(states["db1"] == .ready)
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("states-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func fileSystem(_ path: String) -> dev_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_dev : 0
    }
}

/// Records logged warnings.
private final class Log: Sendable {
    private struct Handler: LogHandler {
        let log: Log
        var logLevel = Logger.Level.warning
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.kept.withLock { $0.append("\(event.message)") }
        }
    }

    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }
}
