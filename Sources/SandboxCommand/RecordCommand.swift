import ArgumentParser
import Collection
import Foundation
import Replication
import Sandbox

/// Records the fixtures of one server software.
struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Bring servers into every known situation and record what they answer.",
        discussion: "Writes FOLDER/FLAVOR-SERIES/CASE.json, such as Tests/Fixtures/mysql-9.7/replica-sql-broken.json.")

    @Option(help: "As for the other commands.")
    var software = "mariadb"

    @Option(help: "Only this situation. Repeatable.")
    var only: [String] = []

    @Flag(help: "Keep the answers that a file has, and record only the statements that it lacks.")
    var add = false

    @Argument(help: "The folder of all fixtures.")
    var folder: String

    func run() async throws {
        let software = try await ServerSoftware.find(software)
        let known = Situation.all(for: software.flavor)
        for name in only where !known.contains(where: { $0.name == name }) {
            throw ValidationError("\(name) is not one of: \(known.map(\.name).joined(separator: ", ")).")
        }
        var asked = RecordedStatements.all(for: software.flavor)
        // Also what the exporter sends.
        guard let version = ServerVersion(software.version),
            let dialect = Dialect.of(software.flavor == .mariadb ? .mariadb : .mysql, version)
        else { throw ValidationError("The exporter does not support \(software).") }
        asked += dialect.statements.filter { !asked.contains($0) }
        let target = URL(fileURLWithPath: folder).appendingPathComponent(software.series)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        for situation in known where only.isEmpty || only.contains(situation.name) {
            try await withSandbox(situation.wiring, software: software, settings: situation.settings) { sandbox in
                try await situation.prepare(sandbox)
                for (node, name) in situation.cases.sorted(by: { $0.value < $1.value }) {
                    let file = target.appendingPathComponent("\(name).json")
                    let known = add ? try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file)) : nil
                    let lacking = asked.filter { sql in known?.results.contains { $0.sql == sql } != true }
                    let fresh = try await sandbox.record(lacking, on: sandbox.server(node))
                    let recording = known?.adding(fresh, keeping: asked) ?? fresh
                    try Data(recording.json.utf8).write(to: file)
                    say("\(software.series)/\(name).json")
                }
            }
        }
    }
}
