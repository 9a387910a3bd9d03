import ArgumentParser
import Configuration
import Documents
import Foundation
import Testing

@testable import Exporter

@Suite("What a reload reads")
struct ReloadSourceTests {
    /// A configuration file, and the files that it may name, in a folder that is removed afterwards.
    private struct Files {
        let folder: String
        var path: String { folder + "/exporter.yml" }

        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }

        func configure(_ settings: String, moreNodes: String = "", head: String = "") throws {
            try write(
                "exporter.yml",
                "\(head)defaults: {user: u, \(settings)}\n"
                    + "replication_sets: [{name: s, nodes: [{name: a, address: a}\(moreNodes)]}]\n")
        }
    }

    private func inFolder(_ body: (Files) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "reload-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(Files(folder: folder))
    }

    /// The source of reloads of an exporter that has started with the file as it is now.
    private func started(_ files: Files) throws -> ReloadSource {
        let options = try ConfigurationOptions.parse(["--config.file", files.path])
        return ReloadSource(options, started: try options.load().configuration)
    }

    private func refusal(_ reloads: ReloadSource) -> [String] {
        do throws(ConfigurationError) {
            _ = try reloads.load()
            return []
        } catch {
            return error.problems.map(\.message)
        }
    }

    @Test(
        "a file that cannot be read is refused, as at a start, until it can be read",
        arguments: [
            ("password_file: new", "password_file 'FOLDER/new': No such file or directory", "new"),
            ("password_file: [new, newer]", "password_file 'FOLDER/new': No such file or directory; ", "newer"),
            (
                "password_file: pw, tls: {mode: verify_identity, ca: new}",
                "tls.ca 'FOLDER/new': No such file or directory", "new"
            ),
            (
                "password_file: pw, tls: {mode: required, cert: pw, key: new}",
                "tls.key 'FOLDER/new': No such file or directory", "new"
            ),
        ])
    func unreadable(settings: String, problem: String, file: String) throws {
        try inFolder { files in
            try files.write("pw", "p\n")
            try files.configure("password_file: pw")
            let reloads = try started(files)
            try files.configure(settings)
            for _ in 0..<2 {
                let refusal = refusal(reloads)
                #expect(refusal.count == 1)
                #expect(refusal.first?.hasPrefix(problem.replacing("FOLDER", with: files.folder)) == true)
            }
            try files.write(file, "p\n")
            #expect(refusal(reloads) == [])
        }
    }

    @Test("a file that has vanished since it was accepted is a warning, wherever its line is now")
    func vanished() throws {
        try inFolder { files in
            try files.write("pw", "p\n")
            try files.configure("password_file: pw")
            let reloads = try started(files)
            try files.remove("pw")
            let missing = "password_file '\(files.folder)/pw': No such file or directory"
            for (head, nodes) in [("", ""), ("# a comment\n\n", ", {name: b, address: b}")] {
                try files.configure("password_file: pw", moreNodes: nodes, head: head)
                #expect(try reloads.load().warnings.map(\.message) == [missing])
            }
            // Another one that cannot be read is refused all the same, and is the only problem.
            try files.configure("password_file: pw", moreNodes: ", {name: c, address: c, password_file: new}")
            #expect(refusal(reloads) == ["password_file '\(files.folder)/new': No such file or directory"])
        }
    }

    @Test("what was refused is not what counts as accepted, and what is not named any more has to be readable again")
    func accepted() throws {
        try inFolder { files in
            try files.write("pw", "p\n")
            try files.write("other", "p\n")
            try files.configure("password_file: pw")
            let reloads = try started(files)
            try files.configure("password_file: other")
            #expect(refusal(reloads) == [])
            try files.remove("pw")
            try files.configure("password_file: pw")
            #expect(refusal(reloads) == ["password_file '\(files.folder)/pw': No such file or directory"])
        }
    }
}
