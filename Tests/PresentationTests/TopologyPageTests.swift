import Replication
import Testing
import Topology

@testable import Presentation

@Suite("The topology page")
struct TopologyPageTests {
    private func page(_ nodes: [ReplicationSetReport.Node]) -> String {
        TopologyPage([Samples.findings(nodes)], age: .seconds(3), telemetryPath: "/metrics").page(
            nonce: "n0nce", version: "0"
        ).text
    }

    /// The markup of a node's own row, by the row's id.
    private func row(_ id: String, in page: String) -> Substring {
        guard let start = page.firstRange(of: "<tr role=\"row\" id=\"\(id)\"")?.lowerBound else { return "" }
        return page[start...].prefix { $0 != "\n" }
    }

    @Test("A server that has no connection left is not called down on the page")
    func refusing() {
        let page = page([Samples.primary("db1", id: 1), Samples.refusing("db2", intended: "db1")])
        let row = row("node-db2", in: page)
        #expect(row.contains("data-state=\"warning\"") && row.contains("refuses connections"), "\(row)")
        #expect(!row.contains(">down<"))
        #expect(page.contains("is alive, but refuses the exporter another connection"))
    }

    @Test("A parked channel is no problem on the page")
    func parked() {
        var old = Samples.channel(from: 1)
        old.source.host = "//db1"
        old.ioThread = .connecting
        var promoted = Samples.primary("db2", id: 2, replicates: [old])
        promoted.report.facts?.isReadOnly = false
        let page = page([promoted, Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 2)])])
        #expect(page.contains("All is well"))
        #expect(page.contains("<small>parked</small>"))
        #expect(!page.contains("thread bad"))
    }

    @Test("interpolated text is escaped, interpolated markup is not")
    func escaping() {
        let words = "<b title=\"x\" lang='y'>&amp;\u{1B}[2J\u{202E}"
        let bold: HTML = "<b>\(words)</b>"
        #expect(
            "<p>\(bold)\([bold, "<br>"])\(HTML?.none)\(7)</p>" as HTML == "<p>\(bold)\(bold)<br>7</p>"
                && bold.text == "<b>&lt;b title=&quot;x&quot; lang=&#39;y&#39;&gt;&amp;amp;·[2J·</b>")
    }

    @Test("text from a server never becomes markup, wherever it is shown")
    func hostileWords() {
        let hostile = "</li></ul><script>alert(1)</script><img src=x onerror='alert(2)'>\""
        var primary = Samples.primary("db1", id: 1)
        primary.report.facts?.missing = [.durability: .error]
        primary.report.facts?.unreadable = [.durability: hostile]
        let page = page([
            primary,
            Samples.primary(
                "db2", id: 2,
                replicates: [
                    Samples.channel(hostile, from: 1, error: hostile), Samples.channel("out" + hostile, from: 9),
                ]),
            Samples.down("db3", intended: "db1", message: hostile),
        ])
        let safe =
            "&lt;/li&gt;&lt;/ul&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&quot;"
        // Each reason both in its row and at the head of the page, and the channels' names.
        #expect(page.ranges(of: safe).count == 9)
        #expect(!page.contains("<img") && page.ranges(of: "<script").count == 1)
        #expect(!page.contains(" onerror='"))
    }

    @Test("a chain with trouble: the writer, the measurements, and the problems at the head and in their rows")
    func chain() {
        let page = page([
            Samples.primary("db1", id: 1),
            Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1, behind: 2, position: 273)]),
            Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 2, error: "Duplicate entry")]),
            Samples.down("db4", intended: "db1"),
        ])
        #expect(page.contains("</span>2 problems</h2>"))
        #expect(page.contains("3 of 4 nodes up") && page.contains("writes go to <b>db1</b>"))
        #expect(row("node-db1", in: page).contains("takes the writes"))
        let db2 = row("node-db2", in: page)
        #expect(db2.contains("data-state=\"ok\" data-depth=\"1\"") && db2.contains("replicates from db1,"))
        #expect(db2.contains(">2 s<") && db2.contains(">227 B<") && db2.contains("<em>unknown</em>"))
        let db3 = row("node-db3", in: page)
        #expect(db3.contains("data-state=\"critical\" data-depth=\"2\"") && db3.contains("SQL stopped"))
        #expect(db3.contains("<li data-state=\"critical\">SQL thread stopped: error 1062: Duplicate entry</li>"))
        #expect(row("node-db4", in: page).contains("<li data-state=\"critical\">timeout: no answer</li>"))
        #expect(page.ranges(of: "timeout: no answer").count == 2)
        // db2's 2 s must not stand for db3.
        #expect(page.contains("lag of 1 channel unknown") && !page.contains("no lag"))
    }

    @Test("each problem links to its runbook, about its node and channel")
    func runbooks() {
        let page = page([
            Samples.primary("db1", id: 1),
            Samples.primary("db+2", id: 2, replicates: [Samples.channel("a&b", from: 1, error: "Duplicate entry")]),
            Samples.down("db3", intended: "db1"),
        ])
        let links = page.matches(of: /<a class="runbook" href="([^"]*)">/).map { String($0.1) }
        #expect(
            links.sorted() == [
                "runbooks/MySQLReplicationNodeDown?replication_set=shop&amp;node=db3",
                "runbooks/MySQLReplicationSQLThreadStopped?replication_set=shop&amp;node=db%2B2&amp;channel=a%26b",
            ])
        #expect(page.contains("<a href=\"runbooks/\">") && page.contains("<a href=\"docs/metrics\">"))
    }

    @Test("an unknown lag is not OK, and nothing unknown is shown as 0")
    func unknown() {
        let page = page([
            Samples.primary("db1", id: 1),
            Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1, behind: nil)]),
        ])
        #expect(page.contains("Nothing is known to be wrong, but not everything is known"))
        let db2 = row("node-db2", in: page)
        #expect(db2.contains("data-state=\"unknown\"") && db2.contains("the lag cannot be determined"))
        #expect(!db2.contains(">0 s<"))
        #expect(page.ranges(of: "lag of 1 channel unknown").count == 2 && !page.contains("no lag"))
    }

    @Test("a ring's end and channels from outside have rows of their own")
    func lines() {
        let set = Samples.findings([
            Samples.primary("db1", id: 1, replicates: [Samples.channel(from: 2), Samples.channel("us", from: 9)]),
            Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1)]),
        ])
        let rows = TreeRow.rows(of: set)
        #expect(rows.map(\.node.description.name) == ["db1", "db1", "db2", "db1"])
        #expect(rows.map(\.isFromOutside) == [false, true, false, false])
        #expect(rows.map(\.isRepeated) == [false, false, false, true])
        #expect(rows.map(\.guides) == [[], [.branch], [.last], [.blank, .last]])
        #expect(rows.map(\.hasBranches) == [true, false, true, false])
    }

    @Test("on a large fleet's page, healthy sets are folded, and the list of problems is shortened")
    func manyNodes() {
        var sets: [SetFindings] = []
        for number in 0..<30 {
            let down = (3..<36).map { Samples.down("s\(number)-db\($0)", intended: "s\(number)-db1") }
            let replica = Samples.primary("s\(number)-db2", id: 2, replicates: [Samples.channel(from: 1)])
            var set = Samples.findings([Samples.primary("s\(number)-db1", id: 1), replica] + (number == 7 ? down : []))
            set.name = "set\(number)"
            sets.append(set)
        }
        let page = TopologyPage(sets, age: .zero, telemetryPath: "/metrics").page(nonce: "", version: "").text
        #expect(page.ranges(of: "<details open>").count == 1)
        #expect(page.contains("and 21 more") && page.contains("</span>33 problems</h2>"))
    }

    @Test("a page of selected sets refreshes only these sets")
    func narrowed() {
        let page = TopologyPage([], age: .zero, telemetryPath: "/m&\"x", selected: ["a+b", "c"]).page(
            nonce: "", version: ""
        ).text
        #expect(page.contains("data-source=\"topology.html?replication_set=a%2Bb&amp;replication_set=c\""))
        #expect(page.contains("href=\"./m&amp;&quot;x\""))
    }

    @Test(
        "large numbers have their digits in groups of three",
        arguments: [(UInt64(0), "0"), (999, "999"), (1000, "1\u{A0}000"), (1_234_567, "1\u{A0}234\u{A0}567")])
    func grouped(number: UInt64, text: String) {
        #expect(Amount.grouped(number) == text)
    }
}
