import ArgumentParser
import Foundation
import Glibc
import ReplicationTesting
import Testing

@testable import Exporter

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "an option or a command that does not exist is named, with what was probably meant",
        arguments: [
            (["--config.fil", "x"], "Unknown option '--config.fil'. Did you mean '--config.file'?"),
            (["--config.fil=x"], "Unknown option '--config.fil'. Did you mean '--config.file'?"),
            (["-config.file", "x"], "Unknown option '-config.file'. Did you mean '--config.file'?"),
            (
                ["serve", "--web.listen-adress", ":1"],
                "Unknown option '--web.listen-adress'. Did you mean '--web.listen-address'?"
            ),
            (["--frobnicate"], "Unknown option '--frobnicate'."),
            (["topology", "--nodes", "x"], "Unknown option '--nodes'. Did you mean '--node'?"),
            (["check", "--max-lagg", "5s"], "Unknown option '--max-lagg'. Did you mean '--max-lag'?"),
            (["topolgy"], "Unknown command 'topolgy'. Did you mean 'topology'? The commands are: serve, topology, "),
            (["exporter.yml"], "Unknown command 'exporter.yml'. The commands are: serve, topology, "),
            (["check", "--max-lag", "5", "--node", "a=h"], "--max-lag needs a unit: '5s' or '5ms'"),
            (["check", "--max-lag", "5s", "--max-bytes", "x", "--node", "a=h"], "--max-bytes must be a size "),
            (["checksum", "s", "--chunk-time", "1", "--node", "a=h"], "--chunk-time needs a unit: '1s' or '1ms'"),
            (["checksum", "s", "--max-lag", "soon", "--node", "a=h"], "--max-lag must be a duration "),
            (["checksum", "s", "--patience", "1", "--node", "a=h"], "--patience needs a unit: "),
            (
                ["checksum", "s", "--tables", "a.b,c", "--node", "a=h"],
                "--tables must be a list of database.table, not \"c\""
            ),
            (["topology"], "Specify the servers to monitor: "),
            (["rules", "--selector", "a=b"], "--selector is not a selector such as "),
            (["rules", "--web.external-url", "x"], "--web.external-url must begin with http:// or https://"),
            (["rules", "--runbook-url", "http://x"], "--runbook-url must have %s once"),
            (["rules", "--threshold", "x=1"], "--threshold \"x\" is not a threshold: use clock_skew, "),
            (["rules", "--for", "NodeDown=5"], "--for NodeDown=5 is not a duration as Prometheus writes it"),
            (["rules", "--format", "helm"], "The value 'helm' is invalid for '--format <format>'"),
        ])
    func unknown(arguments: [String], message: String) throws {
        let error = try #require(#expect(throws: (any Error).self) { try Exporter.parsed(arguments) })
        #expect(Exporter.message(for: error).hasPrefix(message), "\(Exporter.message(for: error))")
        #expect(Exporter.exitCode(for: error) == .validationFailure)
    }

    @Test(
        "help and versions are not unknown",
        arguments: [["--version"], ["check", "--help"], ["help", "check"], ["-h"]])
    func clean(arguments: [String]) throws {
        do {
            _ = try Exporter.parsed(arguments)
        } catch {
            #expect(Exporter.exitCode(for: error) == .success)
        }
    }

    @Test("log levels are accepted in any case, and warn as warning")
    func logLevels() throws {
        for (text, level) in [("warn", LogLevel.warning), ("WARN", .warning), ("Info", .info), ("error", .error)] {
            let command = try Exporter.parsed(["--node", "a=h", "--log.level", text])
            #expect((command as? Serve)?.logLevel == level)
        }
        #expect(throws: (any Error).self) { try Exporter.parsed(["--node", "a=h", "--log.level", "loud"]) }
    }

    @Test("examples in the help can be pasted from a terminal of 80 columns")
    func examples() throws {
        let commands: [any ParsableCommand.Type] = [Exporter.self] + Exporter.configuration.subcommands
        for command in commands {
            let examples = command.configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
            let help = command.helpMessage(columns: 80).split(separator: "\n")
            for example in examples { #expect(help.contains(example), "\(command): \(example)") }
        }
        #expect(RootHelp.text(columns: 80).contains("\n  export MYSQL_REPLICATION_EXPORTER_USER=exporter\n"))
    }

    @Test("bash completes the options of serve without that word, and the commands")
    func completion() throws {
        #expect(RootCompletion.shell(askedFor: ["--generate-completion-script", "bash"]) == .bash)
        #expect(RootCompletion.shell(askedFor: ["--generate-completion-script=zsh"]) == .zsh)
        #expect(RootCompletion.shell(askedFor: ["check", "--generate-completion-script"]) == nil)
        func completions(_ words: [String]) throws -> [String] {
            let quoted = (["mysql-replication-exporter"] + words).map { "'\($0)'" }.joined(separator: " ")
            let outcome = try runProgram([
                "bash", "-c",
                """
                eval "$1"; COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count); COMP_LINE="${COMP_WORDS[*]}"
                COMP_POINT=${#COMP_LINE}; COMPREPLY=()
                _mysql-replication-exporter x "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """, "bash", RootCompletion.script(for: .bash),
            ])
            return String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        #expect(try completions(["--web.l"]) == ["--web.listen-address"])
        #expect(try completions(["--log.level", "d"]) == ["debug"])
        #expect(try completions(["--node", "a=h", "--log.f"]) == ["--log.format"])
        #expect(try completions(["serve", "--web.l"]) == ["--web.listen-address"])
        #expect(try completions(["top"]) == ["topology"])
        #expect(try completions(["check", "--max-l"]) == ["--max-lag"])
    }

    @Test("zsh and fish complete the options of serve as the program's own")
    func otherShells() throws {
        let zsh = RootCompletion.script(for: .zsh)
        let root = try #require(zsh.firstRange(of: "\n_mysql-replication-exporter_serve() {"))
        #expect(zsh[..<root.lowerBound].contains("'--web.telemetry-path["))
        #expect(zsh[..<root.lowerBound].contains("___log.level=('debug'"))
        let fish = RootCompletion.script(for: .fish)
        #expect(fish.contains("_for_flags_or_options \"mysql-replication-exporter\" log.level' -l 'log.level'"))
        #expect(fish.ranges(of: "'web.telemetry-path='").count == 2)
    }

    @Test("a service manager is told over the socket in the environment; without one, nothing happens")
    func readiness() throws {
        ServiceManager.notify("READY=1", environment: [:])
        ServiceManager.notify("READY=1", environment: ["NOTIFY_SOCKET": "/nowhere/at/all"])
        for name in ["/tmp/notify-\(UUID().uuidString)", "@notify-\(UUID().uuidString)"] {
            let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer {
                close(socket)
                unlink(name)
            }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(name.utf8)
            if name.hasPrefix("@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(2 + bytes.count)
            let isBound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) == 0 }
            }
            try #require(isBound)
            ServiceManager.notify("READY=1", environment: ["NOTIFY_SOCKET": name])
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            #expect(count == 7 && String(decoding: buffer.prefix(7), as: UTF8.self) == "READY=1")
        }
    }
}
