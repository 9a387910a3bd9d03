import Documents
import Foundation
import Testing

@testable import Configuration

private let good = """
    defaults: {user: u, password: geheim}
    replication_sets:
    - {name: s, nodes: [{name: a, address: a}, {name: b, address: b, password_file: nowhere}]}

    """

/// Whether permissions mean nothing to this process, as is usual for root.
private let mayReadEverything: Bool = {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("readable-\(UUID().uuidString)").path
    _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0])
    defer { unlink(path) }
    return access(path, R_OK) == 0
}()

@Suite struct LoadTests {
    @Test(
        "a file that is not UTF-8 text is refused, with the position",
        arguments: [
            (Array("a: b\nc: \0\n".utf8), ":2:4: there is a NUL byte; the file must be UTF-8 text"),
            (Array("ä: b\nä".utf8) + [0xFF], ":2:2: there is a byte that is not valid UTF-8; save the file as UTF-8"),
            (Array("ab".utf8) + [0xC3], ":1:3: there is a byte that is not valid UTF-8; save the file as UTF-8"),
            ([0xFF, 0xFE, 0x61, 0x00], ":1:4: there is a NUL byte; the file must be UTF-8 text"),
            ([], ":1:1: the file is empty; it needs the key 'replication_sets'"),
        ])
    func notText(bytes: [UInt8], problem: String) throws {
        try withScratchDirectory { directory in
            let file = try directory.write("shop.yml", bytes: bytes)
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.load(path: file, environment: [:])
            }
            #expect(error?.description == file + problem)
        }
    }

    @Test("a path that is not a readable file is refused with the system's reason")
    func unreadable() throws {
        try withScratchDirectory { directory in
            for (path, reason) in [
                (directory.path, "Is a directory"), (directory.path + "/none", "No such file or directory"),
                ("/dev/zero", "it is larger than 4MiB"), ("", "No such file or directory"),
                ("a\0b", "the path contains a NUL byte"),
            ] {
                let error = #expect(throws: ConfigurationError.self) {
                    try Configuration.load(path: path, environment: [:])
                }
                #expect(error?.problems == [Problem(file: path, message: "cannot be read: " + reason)])
            }
        }
    }

    /// scripts/test.sh runs it once more without root's capability.
    @Test(
        "a file without read permission is refused",
        .enabled(if: !mayReadEverything, "this process may read every file"))
    func forbidden() throws {
        try withScratchDirectory { directory in
            let file = try directory.write("shop.yml", good, mode: 0o000)
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.load(path: file, environment: [:])
            }
            #expect(error?.description == file + ": cannot be read: Permission denied")
        }
    }

    @Test("a byte order mark is not part of the text")
    func byteOrderMark() throws {
        try withScratchDirectory { directory in
            let file = try directory.write("shop.yml", "\u{FEFF}" + good)
            #expect(try Configuration.load(path: file, environment: [:]).configuration.nodes.count == 2)
        }
    }

    @Test(
        "a literal password in a world-readable file is a warning, once per position",
        arguments: [
            (0o644, 1), (0o640, 0), (0o604, 1), (0o600, 0),
        ])
    func worldReadable(mode: Int, warnings: Int) throws {
        try withScratchDirectory { directory in
            let file = try directory.write("shop.yml", good, mode: mode)
            let found = try Configuration.load(path: file, environment: [:]).warnings.filter {
                $0.message.hasPrefix("a password in a world-readable file")
            }
            #expect(found.count == warnings)
            #expect(found.allSatisfy { $0.line == 1 && $0.column == 31 })
        }
    }

    @Test("a missing password file is only a warning, because the other nodes still work")
    func missingPasswordFile() throws {
        try withScratchDirectory { directory in
            let file = try directory.write("shop.yml", good)
            let warnings = try Configuration.load(path: file, environment: [:]).warnings
            #expect(
                warnings.map(\.description) == [
                    "\(file):3:81: password_file '\(directory.path)/nowhere': No such file or directory"
                ])
        }
    }

    @Test("a problem in defaults is reported once, not for each node")
    func warnedOnce() throws {
        try withScratchDirectory { directory in
            let file = try directory.write(
                "shop.yml",
                good.replacing("password: geheim", with: "password_file: none").replacing(
                    ", password_file: nowhere", with: ""))
            #expect(
                try Configuration.load(path: file, environment: [:]).warnings.map(\.description) == [
                    "\(file):1:36: password_file '\(directory.path)/none': No such file or directory"
                ])
        }
    }

    @Test("a pipe without a writer is an error after a limited time")
    func abandonedPipe() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("pipe-\(UUID().uuidString)").path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let failure = #expect(throws: TextFile.Failure.self) {
            try TextFile(path: path, limit: 100, patience: 50)
        }
        #expect(failure?.reason == "it is a pipe, and no data arrived in time")
    }

    @Test("a pipe is read like a file")
    func pipe() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(good.utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(try Configuration.load(path: path, environment: [:]).configuration.nodes.count == 2)
    }
}
