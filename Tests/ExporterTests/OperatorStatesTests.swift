import Documents
import Foundation
import Glibc
import Logging
import ReplicationTesting
import Testing
import Traffic

@testable import Exporter

@Suite("Operator states in files")
struct OperatorStatesTests {
    private let log = CapturedLog(level: .warning)

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

    @Test("Without the directory, no state is known, which is logged once; its return restores the states")
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
                    #expect(states["db1"] == nil)
                    #expect(states["db2"] == nil)
                }
                #expect(log.lines.count == lines + 1)
                #expect(log.lines.last?.contains("no node may have traffic: \(folder): ") == true)
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
            #expect(states["db1"] == nil)
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

    @Test("Without a directory, a state is kept in memory until it is revoked; each change is logged")
    func memory() throws {
        let log = CapturedLog()
        let states = OperatorStates(directory: nil, logger: log.logger)
        #expect(states["db1"] == .ready)
        try states.set(.maintenance, of: "db1")
        #expect(states["db1"] == .maintenance && states["db2"] == .ready)
        try states.set(.drain, of: "db1")
        #expect(states["db1"] == .drain)
        try states.set(.ready, of: "db1")
        #expect(states["db1"] == .ready)
        #expect(
            log.lines == ["maint", "drain", "ready"].map { "info node is set to \($0) by an operator" })
        #expect(log.entries.allSatisfy { $0.metadata["node"] == "db1" })
    }

    @Test("A state is one word in a file that others may read, and no other file is left")
    func written() throws {
        try withFolder { folder in
            let states = OperatorStates(directory: folder, logger: log.logger)
            for state in [OperatorState.drain, .maintenance] {
                try states.set(state, of: "db1")
                #expect(try String(contentsOfFile: "\(folder)/db1", encoding: .utf8) == "\(state.rawValue)\n")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["db1"])
            }
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/db1")[.posixPermissions] as? Int
            #expect((mode ?? 0) & 0o444 == 0o444)
        }
    }

    /// What may exist in place of a node's file.
    enum Oddity: CaseIterable {
        case directory, pipe, loop, long, twoWords, zero
    }

    @Test("Anything but a file of one word counts as maint, and blocks nothing", arguments: Oddity.allCases)
    func odd(oddity: Oddity) throws {
        try withFolder { folder in
            let path = "\(folder)/db1"
            switch oddity {
            case .directory: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            case .pipe: try #require(mkfifo(path, 0o600) == 0)
            case .loop: try #require(symlink(path, path) == 0)
            case .long: try Data(repeating: UInt8(ascii: "r"), count: 1 << 20).write(to: URL(filePath: path))
            case .twoWords: try Data("ready drain".utf8).write(to: URL(filePath: path))
            case .zero: try Data("ready\0".utf8).write(to: URL(filePath: path))
            }
            let states = OperatorStates(directory: folder, logger: log.logger)
            for _ in 0..<2 { #expect(states["db1"] == .maintenance) }
            #expect(log.entries.count == 1)
            #expect(states["db2"] == .ready)
        }
    }

    @Test(
        "What an exporter that was killed has left half-written is removed before the first state is written, and nothing else"
    )
    func drafts() throws {
        try withFolder { folder in
            let others = ["db1", "db1~", "db1~told", "~4194305", "a~b~4194305"]
            for name in others + ["db1~4194305", "db1~\(getpid())"] {
                try "drain".write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            }
            let states = OperatorStates(directory: folder, logger: log.logger)
            #expect(states["db1"] == .drain)
            try states.set(.drain, of: "db2")
            #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder)) == Set(others + ["db2"]))
        }
    }

    @Test("A state that cannot be written or removed is an error, and the node stays as it was")
    func stuck() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/db1", withIntermediateDirectories: false)
            let log = CapturedLog()
            let states = OperatorStates(directory: folder, logger: log.logger)
            for state in [OperatorState.ready, .drain] {
                #expect(throws: DraftedFile.Failure.self) { try states.set(state, of: "db1") }
            }
            #expect(log.entries.isEmpty)
            #expect(states["db1"] == .maintenance)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["db1"])
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
