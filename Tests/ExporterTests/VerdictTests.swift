import Testing

@testable import Exporter

@Suite("The verdict of check")
struct VerdictTests {
    private func verdict(
        _ channel: Bool = true, behind: Double? = 0, position: UInt64 = 500, error: String? = nil,
        judging: Set<String>? = nil, limits: Verdict.Limits = .init()
    ) -> Verdict {
        Verdict(
            [
                Samples.findings([
                    Samples.primary("db1", id: 1),
                    Samples.primary(
                        "db2", id: 2,
                        replicates: [Samples.channel(from: 1, behind: behind, position: position, error: error)]),
                ])
            ], judging: judging, limits: limits)
    }

    @Test("ok has numbers")
    func ok() {
        let verdict = verdict()
        #expect(verdict.status == .ok)
        #expect(verdict.summary == "OK - 2 nodes, 1 channel, worst lag 0 s")
        #expect(verdict.performanceData == "'db2 lag'=0.0s;;;0 'db2 bytes'=0B;;;0")
    }

    @Test("an error is critical and tells why, on one line without a bar")
    func broken() {
        let verdict = verdict(error: "Duplicate | entry\nfor key")
        #expect(verdict.status == .critical)
        #expect(verdict.summary == "CRITICAL - db2: SQL thread stopped: error 1062 Duplicate   entry for key")
        #expect(verdict.performanceData == "'db2 lag'=U;;;0 'db2 bytes'=0B;;;0")
    }

    @Test("no mark behind a bar, a quote or a line end hides it from whoever reads bytes")
    func marks() {
        for mark in ["\u{301}", "\u{200D}", "\u{FE0F}"] {
            let summary = verdict(error: "a|\(mark)b\r\n\(mark)c").summary
            #expect(
                !summary.utf8.contains(UInt8(ascii: "|")) && !summary.utf8.contains(10) && !summary.utf8.contains(13))
            let channel = Samples.channel("x'\(mark)=\(mark)|\(mark)y", from: 1)
            let numbers = Verdict(
                [
                    Samples.findings([
                        Samples.primary("db1", id: 1), Samples.primary("db2", id: 2, replicates: [channel]),
                    ])
                ], judging: nil, limits: .init()
            ).performanceData
            // Two values, each with its quotes and its equals sign.
            #expect(numbers.utf8.count { $0 == UInt8(ascii: "'") } == 4)
            #expect(numbers.utf8.count { $0 == UInt8(ascii: "=") } == 2)
            #expect(!numbers.utf8.contains(UInt8(ascii: "|")))
        }
    }

    @Test("a server's words do not steer the terminal")
    func controlCharacters() {
        let summary = verdict(error: "\u{1B}[2Jgone\u{9B}31m \u{202E}desrever\u{2028}x").summary
        #expect(summary == "CRITICAL - db2: SQL thread stopped: error 1062 ·[2Jgone·31m ·desrever x")
    }

    @Test("without a channel there are no numbers, and no bar")
    func noChannels() {
        let verdict = Verdict(
            [Samples.findings([Samples.primary("db1", id: 1)])], judging: nil, limits: .init())
        #expect(verdict.pluginLine == "REPLICATION OK - 1 node, 0 channels")
        #expect(
            self.verdict().pluginLine
                == "REPLICATION OK - 2 nodes, 1 channel, worst lag 0 s | 'db2 lag'=0.0s;;;0 'db2 bytes'=0B;;;0")
    }

    @Test("more than the set's threshold is a warning, more than the limit critical")
    func limits() {
        #expect(verdict(behind: 31).status == .warning)
        #expect(verdict(behind: 29).status == .ok)
        #expect(verdict(behind: 29, limits: .init(lag: 10)).status == .critical)
        #expect(verdict(position: 100, limits: .init(bytes: 399)).status == .critical)
        #expect(verdict(position: 100, limits: .init(bytes: 400)).status == .ok)
    }

    @Test("a lag that nobody knows is unknown, not ok")
    func unknown() {
        let verdict = verdict(behind: nil)
        #expect(verdict.status == .unknown)
        #expect(verdict.summary == "UNKNOWN - db2: lag unknown")
        #expect(verdict.status.exitCode == 3)
    }

    @Test("only the named nodes are judged")
    func named() {
        #expect(verdict(error: "broken", judging: ["db1"]).status == .ok)
        #expect(verdict(error: "broken", judging: ["db2"]).status == .critical)
    }
}
