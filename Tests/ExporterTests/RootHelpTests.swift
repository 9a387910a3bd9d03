import Testing

@testable import Exporter

@Suite("The help of the program")
struct RootHelpTests {
    @Test("--help of the program shows the options of serve, and the other commands")
    func rootHelp() {
        let help = RootHelp.text(columns: 100)
        for text in [
            "--config.file", "--node", "--config.check", "--web.listen-address", "--web.telemetry-path",
            "--web.enable-lifecycle", "--scrape.timeout-offset", "--log.level", "--log.format", "--version", "--help",
            "\n  topology ", "\n  check ", "\n  grants ", "\n  rules ",
        ] {
            #expect(help.ranges(of: text).count >= 1, "\(text)")
        }
        #expect(help.ranges(of: "\n  -h, --help").count == 1)
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test(
        "only a plain --help is for the program as a whole",
        arguments: [
            (["--help"], true), (["-h"], true), (["help"], true), ([], false), (["help", "check"], false),
            (["serve", "--help"], false), (["--version"], false),
        ])
    func helpIsAsked(arguments: [String], isAsked: Bool) {
        #expect(RootHelp.isAsked(arguments[...]) == isAsked)
    }
}
