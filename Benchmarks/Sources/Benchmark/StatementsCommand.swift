import ArgumentParser
import Collection
import Foundation
import Replication
import Sandbox

struct StatementsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statements", abstract: "Measures what each statement of a dialect costs the server.",
        discussion: "Started by Benchmarks/statements.sh.")

    @Option(help: "As the sandbox names it: mariadb, mysql-9, mariadb-11.8. Repeatable; mariadb and mysql-9 if none.")
    var software: [String] = []

    @Option(help: "How often each statement has its turn.")
    var turns = 9

    @Option(help: "How often a statement is sent in a turn.")
    var repeats = 100

    @Option(help: "Connections that do nothing meanwhile: some statements look at every one of them.")
    var idle = 100

    func validate() throws {
        guard turns > 0, repeats > 0, idle >= 0 else { throw ValidationError("Numbers of times, from 1 on.") }
    }

    func run() async throws {
        for name in software.isEmpty ? ["mariadb", "mysql-9"] : software {
            let software = try await ServerSoftware.find(name)
            guard let version = ServerVersion(software.version),
                let dialect = Dialect.of(software.flavor == .mariadb ? .mariadb : .mysql, version)
            else { throw ValidationError("The exporter does not speak to \(software).") }
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
