import ArgumentParser
import Testing

@testable import Exporter

@Suite("The command check")
struct CheckCommandTests {
    @Test(
        "an error before check has a verdict is unknown, not critical",
        arguments: [
            (
                ["check"],
                "REPLICATION UNKNOWN - Specify the servers to monitor: --config.file FILE, or --node NAME=HOST:PORT."
            ),
            (["check", "--node", "a=h", "--max-lag", "soon"], "REPLICATION UNKNOWN - --max-lag must be a duration "),
            (["check", "--node", "a=h", "--timeout", "0"], "REPLICATION UNKNOWN - --timeout must be between 0"),
            (["check", "--node", "a=h", "--nodd", "x"], "REPLICATION UNKNOWN - Unknown option '--nodd'"),
            (["check", "--config.fil", "x"], "REPLICATION UNKNOWN - Unknown option '--config.fil'. Did you mean"),
        ])
    func checkUsage(arguments: [String], line: String) throws {
        let error = try #require(
            #expect(throws: (any Error).self) { try Exporter.parsed(arguments) })
        #expect(CheckCommand.isMeant(by: arguments[...]))
        let explanation = try #require(CheckCommand.explanation(of: error))
        #expect(explanation.hasPrefix(line))
    }

    @Test("a verdict's exit code and help are not changed")
    func otherExits() {
        #expect(CheckCommand.explanation(of: ExitCode(1)) == nil)
        #expect(CheckCommand.explanation(of: CleanExit.helpRequest()) == nil)
        #expect(!CheckCommand.isMeant(by: ["topology"]) && !CheckCommand.isMeant(by: []))
    }
}
