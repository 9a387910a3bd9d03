import ArgumentParser
import Collection
import Foundation
import Replication
import Sandbox

struct StatementsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statements", abstract: "Measures what each statement of a dialect costs the server.",
        discussion: "Run by Benchmarks/statements.sh.")

    @Option(help: "A server software of the sandbox, such as mariadb-11.8. Repeatable; by default mariadb and mysql-9.")
    var software: [String] = []

    @Option(help: "How many times each statement is measured.")
    var turns = 9

    @Option(help: "How many times a statement is sent per measurement.")
    var repeats = 100

    @Option(help: "The number of idle connections: some statements examine every connection.")
    var idle = 100

    func validate() throws {
        guard turns > 0, repeats > 0, idle >= 0 else {
            throw ValidationError("--turns and --repeats take numbers from 1, --idle from 0.")
        }
    }

    func run() async throws {
        for name in software.isEmpty ? ["mariadb", "mysql-9"] : software {
            let software = try await ServerSoftware.find(name)
            guard let version = ServerVersion(software.version),
                let dialect = Dialect.of(software.flavor == .mariadb ? .mariadb : .mysql, version)
            else { throw ValidationError("The exporter does not support \(software).") }
            try await withSandbox(.primary(replicas: 1), software: software, settings: ServerSettings()) { sandbox in
                for (server, role) in zip(sandbox.servers, ["a source", "its replica"]) {
                    FileHandle.standardError.write(Data("==> measuring: \(software), \(role)\n".utf8))
                    let costs = try await StatementCosts(dialect: dialect, turns: turns, repeats: repeats, idle: idle)
                        .measure(server, as: sandbox.monitorOptions(for: server))
                    print("\(software), \(role), \(Text.count(idle, "idle connection")):\n\n\(costs.table)\n")
                }
            }
        }
    }
}
