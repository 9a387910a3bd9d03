import ArgumentParser
import Foundation
import Testing

@testable import Exporter

/// docs/man is generated here from the definitions of the arguments: `make man` writes it.
@Suite("The manual")
struct ManualTests {
    @Test("agrees with the definitions of the arguments")
    func isFresh() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/man/mysql-replication-exporter.1")
        let fresh = try Manual(dump: Exporter._dumpHelp()).page
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try fresh.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == fresh, "write it again: make man")
    }

    @Test("has every option of every command, and its meaning")
    func isComplete() throws {
        let page = try Manual(dump: Exporter._dumpHelp()).page
        for command in Exporter.configuration.subcommands {
            #expect(page.contains("\n.Ss \(command.configuration.commandName ?? command._commandName)\n"))
        }
        for option in ["-config.file Ar file", "-node Ar NAME=HOST:PORT", "-log.level Ar level", "-max\\-lag"] {
            #expect(page.contains("\n.It Fl \(option.replacing("\\-", with: "-"))"), "\(option)")
        }
        // A line that begins with a dot is a request, which must be an existing one.
        let requests = Set(page.split(separator: "\n").filter { $0.hasPrefix(".") }.map { $0.prefix { $0 != " " } })
        #expect(
            requests.isSubset(of: [
                ".\\\"", ".Dd", ".Dt", ".Os", ".Sh", ".Ss", ".Nm", ".Nd", ".Fl", ".Op", ".Ar", ".Pp", ".Cm", ".Bl",
                ".It",
                ".El", ".Ic", ".Pa", ".Bd", ".Ed", ".Xr",
            ]))
    }

    @Test("Every command and every argument has a help text that is a complete sentence")
    func helpTexts() throws {
        struct Dump: Decodable {
            struct Command: Decodable {
                struct Argument: Decodable {
                    let abstract: String?
                    let valueName: String?
                    let kind: String
                    let shouldDisplay: Bool
                }
                let commandName: String
                let abstract: String?
                let arguments: [Argument]?
                let subcommands: [Command]?
            }
            let command: Command
        }
        let dump = try JSONDecoder().decode(Dump.self, from: Data(Exporter._dumpHelp().utf8))
        for command in [dump.command] + (dump.command.subcommands ?? []) where command.commandName != "help" {
            #expect(command.abstract?.hasSuffix(".") == true, "\(command.commandName)")
            for argument in command.arguments ?? [] where argument.shouldDisplay {
                let isOwn = argument.valueName != "help" && argument.valueName != "version"
                #expect(
                    !isOwn || argument.abstract?.hasSuffix(".") == true,
                    "\(command.commandName): \(argument.valueName ?? "")")
            }
        }
    }

    @Test("Completions are available for every shell, and include the commands", arguments: CompletionShell.allCases)
    func completions(shell: CompletionShell) {
        let script = Exporter.completionScript(for: shell)
        for command in ["serve", "topology", "check", "grants"] { #expect(script.contains(command)) }
        #expect(script.contains("config.file"))
    }
}
