import Replication
import Testing

@testable import Presentation

@Suite("The verdict of check")
struct VerdictTests {
    private func verdict(
        _ channel: Bool = true, behind: Double? = 0, position: UInt64 = 500, error: String? = nil,
        delay: Double? = nil, judging: Verdict.Naming = .sets, limits: Verdict.Limits = .init()
    ) -> Verdict {
        var replica = Samples.channel(from: 1, behind: behind, position: position, error: error)
        replica.configuredDelay = delay
        return Verdict(
            [
                Samples.findings([
                    Samples.primary("db1", id: 1), Samples.primary("db2", id: 2, replicates: [replica]),
                ])
            ], judging: judging, limits: limits)
    }

    @Test("an OK verdict has performance data")
    func ok() {
        let verdict = verdict()
        #expect(verdict.status == .ok)
        #expect(verdict.summary == "OK - 2 nodes, 1 channel, worst lag 0 s")
        #expect(verdict.performanceData == "'db2 lag'=0.0s;30;;0 'db2 bytes'=0B;100000000;;0")
    }

    @Test("a parked channel is not judged; a node that only has parked ones cannot be, if it is named")
    func parked() {
        var old = Samples.channel(from: 1)
        old.source.host = "//db1"
        old.ioThread = .connecting
        old.ioError = .init(number: 2005, message: "error connecting to master 'repl@//db1:3306'")
        var promoted = Samples.primary("db2", id: 2, replicates: [old])
        promoted.report.facts?.isReadOnly = false
        let set = Samples.findings([promoted, Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 2)])])
        let verdict = Verdict([set])
        #expect(verdict.summary == "OK - 2 nodes, 1 channel, worst lag 0 s")
        #expect(verdict.performanceData == "'db3 lag'=0.0s;30;;0 'db3 bytes'=0B;100000000;;0")
        let named = Verdict([set], judging: .nodes(["db2"]), limits: .init(lag: 5))
        #expect(named.status == .unknown)
        #expect(
            named.summary
                == "UNKNOWN - db2: does not replicate now (its channel is parked), so there is nothing to judge by a limit"
        )
    }

    @Test("a server that has no connection left is a warning, also if it is named, and whatever the limit")
    func refusing() {
        let set = Samples.findings([Samples.primary("db1", id: 1), Samples.refusing("db2", intended: "db1")])
        for verdict in [
            Verdict([set]), Verdict([set], judging: .nodes(["db2"]), limits: .init(lag: 5)),
            Verdict([Samples.findings([Samples.refusing("db2")])]),
        ] {
            #expect(
                verdict.summary
                    == "WARNING - db2: is alive, but refuses the exporter another connection: error 1226; the account needs more"
            )
            #expect(verdict.status.exitCode == 1)
        }
    }

    @Test("an error is critical and reported on one line without a bar")
    func broken() {
        let verdict = verdict(error: "Duplicate | entry\nfor key")
        #expect(verdict.status == .critical)
        #expect(verdict.summary == "CRITICAL - db2: SQL thread stopped: error 1062: Duplicate   entry for key")
        #expect(verdict.performanceData == "'db2 lag'=U;30;;0 'db2 bytes'=0B;100000000;;0")
    }

    @Test("a combining mark after a bar, a quote or a newline does not keep it from being replaced")
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
                ], judging: .sets, limits: .init()
            ).performanceData
            // Two values, each with its quotes and its equals sign.
            #expect(numbers.utf8.count { $0 == UInt8(ascii: "'") } == 4)
            #expect(numbers.utf8.count { $0 == UInt8(ascii: "=") } == 2)
            #expect(!numbers.utf8.contains(UInt8(ascii: "|")))
        }
    }

    @Test("text from a server cannot control the terminal")
    func controlCharacters() {
        let summary = verdict(error: "\u{1B}[2Jgone\u{9B}31m \u{202E}desrever\u{2028}x").summary
        #expect(summary == "CRITICAL - db2: SQL thread stopped: error 1062: ·[2Jgone·31m ·desrever x")
    }

    @Test("without a channel, there is no performance data and no bar")
    func noChannels() {
        let verdict = Verdict(
            [Samples.findings([Samples.primary("db1", id: 1)])])
        #expect(verdict.pluginLine == "REPLICATION OK - 1 node, 0 channels")
        #expect(
            self.verdict().pluginLine
                == "REPLICATION OK - 2 nodes, 1 channel, worst lag 0 s | 'db2 lag'=0.0s;30;;0 'db2 bytes'=0B;100000000;;0"
        )
    }

    @Test("exceeding the set's threshold is a warning, exceeding the limit is critical")
    func limits() {
        #expect(verdict(behind: 31).status == .warning)
        #expect(verdict(behind: 29).status == .ok)
        #expect(verdict(behind: 29, limits: .init(lag: 10)).status == .critical)
        #expect(verdict(position: 100, limits: .init(bytes: 399)).status == .critical)
        #expect(verdict(position: 100, limits: .init(bytes: 400)).status == .unknown)
    }

    @Test("a lag that nothing bounds meets neither a limit nor the threshold")
    func unbounded() {
        for limits in [Verdict.Limits(), .init(lag: 60)] {
            let verdict = verdict(behind: 3, position: 100, limits: limits)
            #expect(verdict.status == .unknown)
            #expect(verdict.summary.contains("db2: lag 3 s, the "))
        }
        #expect(verdict(behind: 31, position: 100).status == .warning)
    }

    @Test("thresholds are in the performance data: a delayed replica's lag counts from its delay, and its bytes do not")
    func thresholds() {
        let limits = Verdict.Limits(lag: 300.5, bytes: 1_000_000)
        #expect(
            verdict(limits: limits).performanceData
                == "'db2 lag'=0.0s;30;300.5;0 'db2 bytes'=0B;100000000;1000000;0")
        #expect(
            verdict(behind: 60, delay: 60, limits: limits).performanceData
                == "'db2 lag'=60.0s;90;360.5;0 'db2 bytes'=0B;;;0")
    }

    @Test("a node that could not be looked at for a reason of the exporter's own is unknown, not down")
    func ownFault() {
        for (reason, status, code) in [
            (NodeFailure.Reason.configuration, "UNKNOWN", 3), (.permission, "UNKNOWN", 3),
            (.authentication, "UNKNOWN", 3), (.connect, "CRITICAL", 2),
        ] {
            var down = Samples.down("db2", intended: "db1", message: "no file")
            down.report.failure?.reason = reason
            let set = Samples.findings([Samples.primary("db1", id: 1), down])
            for verdict in [Verdict([set]), Verdict([set], judging: .nodes(["db2"]), limits: .init(lag: 5))] {
                #expect(verdict.summary == "\(status) - db2: \(reason.rawValue): no file")
                #expect(verdict.status.exitCode == Int32(code))
            }
            // What is known to be wrong counts for more.
            let broken = Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 1, error: "broken")])
            #expect(
                Verdict([Samples.findings([Samples.primary("db1", id: 1), down, broken])]).status == .critical)
        }
    }

    @Test("the line of thousands of nodes fits into what Nagios reads, with the worst first")
    func bounded() {
        let long = String(repeating: "x|\u{1F600}", count: 1000)
        var nodes = [Samples.primary("db0", id: 1)]
        for number in 1..<5000 {
            let channel = Samples.channel(from: 1, behind: 31, error: number == 4000 ? long : nil)
            nodes.append(Samples.primary("db\(number)", id: UInt32(number + 1), replicates: [channel]))
        }
        let verdict = Verdict([Samples.findings(nodes)], limits: .init(lag: 60))
        #expect(verdict.status == .critical)
        let line = verdict.pluginLine
        #expect(line.utf8.count < 8192)
        #expect(line.hasPrefix("REPLICATION CRITICAL - db4000: SQL thread stopped: error 1062: x "))
        let parts = line.components("; ")
        #expect(parts.count == 6 && parts[1] == "db1: does not keep up")
        #expect(parts[5].hasPrefix("and 4994 more | 'worst lag'=31.0s;;60;0 "))
        #expect(parts[5].hasSuffix("nodes=5000;;;0 channels=4999;;;0 problems=4999;;;0"))
        #expect(line.ranges(of: "|").count == 1)
    }

    @Test("an unknown lag makes the status unknown, not ok")
    func unknown() {
        let verdict = verdict(behind: nil)
        #expect(verdict.status == .unknown)
        #expect(verdict.summary == "UNKNOWN - db2: lag unknown")
        #expect(verdict.status.exitCode == 3)
    }

    @Test("only the named nodes are judged")
    func named() {
        #expect(verdict(error: "broken", judging: .nodes(["db1"])).status == .ok)
        #expect(verdict(error: "broken", judging: .nodes(["db2"])).status == .critical)
    }

    @Test(
        "a named node without a channel is unknown, unless it is writable and no limit is given",
        arguments: [
            // Read-only, whether it has replicas, and which limits; status by name, by address, and by its set alone.
            (true, true, false, false, .unknown, .unknown, .ok), (true, true, true, false, .unknown, .unknown, .ok),
            (nil, false, false, false, .unknown, .unknown, .ok), (nil, true, false, true, .unknown, .unknown, .ok),
            (false, false, false, false, .ok, .ok, .ok), (false, false, true, false, .unknown, .unknown, .ok),
            (false, false, false, true, .unknown, .unknown, .ok), (false, true, false, false, .ok, .ok, .ok),
            (false, true, true, true, .unknown, .ok, .ok),
        ] as [(Bool?, Bool, Bool, Bool, Verdict.Status, Verdict.Status, Verdict.Status)])
    func withoutChannel(
        isReadOnly: Bool?, isFollowed: Bool, lag: Bool, bytes: Bool, named: Verdict.Status, server: Verdict.Status,
        set: Verdict.Status
    ) {
        var node = Samples.primary("db1", id: 1)
        node.report.facts?.isReadOnly = isReadOnly
        // Another node is writable, so that the set has no trouble of its own.
        let replica = Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1)])
        let findings = [Samples.findings([node] + (isFollowed ? [replica] : []))]
        let limits = Verdict.Limits(lag: lag ? 300 : nil, bytes: bytes ? 1000 : nil)
        for (naming, status) in [(.nodes(["db1"]), named), (.servers, server), (.sets, set)]
            as [(Verdict.Naming, Verdict.Status)]
        {
            let verdict = Verdict(findings, judging: naming, limits: limits)
            let own = verdict.reasons.filter { $0.text.hasPrefix("db1: ") }
            #expect(own.map(\.status) == (status == .ok ? [] : [status]), "\(naming)")
            if naming == .nodes(["db1"]) { #expect(verdict.status == status) }
        }
    }

    @Test(
        "a missing intended channel and a node that is down are critical, and not unknown in addition"
    )
    func intended() {
        var node = Samples.primary("db3", id: 3)
        node.report.facts?.isReadOnly = true
        node.description.intendedSources = ["": "db1"]
        for node in [node, Samples.down("db3", intended: "db1")] {
            let verdict = Verdict(
                [Samples.findings([Samples.primary("db1", id: 1), node])], judging: .nodes(["db3"]),
                limits: .init(lag: 1))
            #expect(verdict.status == .critical && verdict.reasons.allSatisfy { $0.status == .critical })
        }
    }

    @Test("a limit that cannot be judged is unknown")
    func unknownLimits() {
        let bytes = Verdict.Limits(bytes: 1000)
        // The source is not queried, so its position is unknown.
        let alone = [Samples.findings([Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1)])])]
        for naming in [.sets, .nodes(["db2"]), .servers] as [Verdict.Naming] {
            let verdict = Verdict(alone, judging: naming, limits: bytes)
            #expect(verdict.reasons.contains { $0.status == .unknown && $0.text == "db2: bytes behind unknown" })
        }
        #expect(Verdict(alone, judging: .nodes(["db2"])).status == .ok)
        // A delayed replica is behind by design, so a named one cannot be judged by a limit.
        #expect(verdict(delay: 60, judging: .nodes(["db2"]), limits: bytes).status == .unknown)
        #expect(verdict(delay: 60, limits: bytes).status == .ok)
        #expect(verdict(behind: 90, delay: 60, judging: .nodes(["db2"]), limits: .init(lag: 29)).status == .critical)
        #expect(verdict(behind: nil, judging: .nodes(["db2"]), limits: .init(lag: 10)).status == .unknown)
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] { split(separator: separator).map(String.init) }
}
