import Replication
import Testing
import Topology

@testable import Presentation

@Suite("Pages of runbooks")
struct RunbookPageTests {
    private func page(_ name: String, _ subject: RunbookSubject = .init(), _ findings: SetFindings? = nil) throws
        -> String
    {
        let runbook = try #require(Runbook.named(name))
        return RunbookPage(runbook, of: subject, findings: findings, age: .seconds(3)).page.page(
            nonce: "n", version: "0"
        ).text
    }

    /// db1, a replica db2 of it, and another that does not answer.
    private func shop(_ channel: Channel = Samples.channel(from: 1)) -> SetFindings {
        Samples.findings([
            Samples.primary("db1", id: 1), Samples.primary("db2", id: 2, replicates: [channel]),
            Samples.down("db3", intended: "db1"),
        ])
    }

    @Test("exist for every trouble that has an alert")
    func complete() {
        for kind in Trouble.Kind.allCases {
            if let name = Runbook.name(of: kind) { #expect(Runbook.named(name) != nil, "\(name)") }
        }
        #expect(Runbook.all.count > 40 && Runbook.named("README") == nil && Runbook.named(nil) == nil)
    }

    @Test("link only to what exists on the exporter")
    func links() throws {
        let index = RunbookIndex().page.page(nonce: "n", version: "0").text
        var pages = ["./": index]
        for runbook in Runbook.all { pages[runbook.name] = try page(runbook.name) }
        var checked = 0
        for (name, page) in pages {
            for link in page.matches(of: /href="([^"]*)"/).map({ String($0.1) })
            where !link.hasPrefix("../") && !link.hasPrefix("#") {
                let parts = link.split(separator: "#", maxSplits: 1).map(String.init)
                let target = try #require(pages[parts[0]], "\(name) links to \(link)")
                if parts.count > 1 { #expect(target.contains(" id=\"\(parts[1])\""), "\(name) links to \(link)") }
                checked += 1
            }
            // Icons of states are shapes of the same page.
            for anchor in page.matches(of: /href="#([^"]*)"/).map(\.1) {
                #expect(page.contains(" id=\"\(anchor)\""), "\(name) links to #\(anchor)")
            }
            #expect(!page.contains("https://") && !page.contains(".md\""))
        }
        #expect(checked > 100, "\(checked)")
        let roots = Set(pages.values.flatMap { $0.matches(of: /href="(\.\.\/[^"]*)"/).map { String($0.1) } })
        #expect(roots == ["../", "../runbooks/", "../docs/metrics", "../assets/page.css", "../assets/unknown.svg"])
    }

    @Test("say where a managed service has procedures in place of statements", arguments: Service.allCases)
    func services(_ service: Service) throws {
        var primary = Samples.primary("db1", id: 1)
        primary.report.facts?.service = service
        let text = try page("MySQLReplicationLagHigh", .init(set: "shop", node: "db1"), Samples.findings([primary]))
        let sentence = "On \(service.title), what only an administrator with SUPER may do has "
        #expect(text.contains(sentence) == (service != .unmanaged))
        #expect(text.contains("./#managed-services") == (service != .unmanaged))
    }

    @Test("have the statements of all vendors if nothing is known of the servers, and nothing is folded")
    func everything() throws {
        let page = try page("MySQLReplicationIOThreadStopped")
        #expect(
            page.contains("STOP REPLICA FOR CHANNEL &#39;&lt;channel&gt;&#39;")
                && page.contains("STOP SLAVE &#39;&lt;channel&gt;&#39;"))
        #expect(
            !page.contains("<details") && !page.contains("class=\"live\"")
                && page.contains("<th scope=\"col\">MySQL</th>"))
    }

    @Test("have the statements of the node's server, with its channel's name; others are folded")
    func statements() throws {
        let subject = RunbookSubject(set: "shop", node: "db2", channel: "east-1")
        let page = try page("MySQLReplicationIOThreadStopped", subject, shop(Samples.channel("east-1", from: 1)))
        #expect(
            page.contains("Statements are those for MariaDB 10.11.19;") && page.contains("STOP SLAVE &#39;east-1&#39;"))
        #expect(page.contains("<th scope=\"col\">MariaDB</th>") && !page.contains("<th scope=\"col\">MySQL</th>"))
        let folded = page.matches(of: /<details class="other"><summary>([^<]*)<\/summary>\s*<pre><code>([^<]*)/)
        #expect(folded.count > 5 && folded.allSatisfy { $0.1.hasPrefix("MySQL") && $0.2.contains("MySQL") })
        // What is folded is not prepared to be run.
        #expect(folded.contains { $0.2.contains("&lt;channel&gt;") } && !folded.contains { $0.2.contains("east-1") })
        #expect(page.contains("href=\"MySQLReplicationNodeDown?replication_set=shop&amp;node=db2&amp;channel=east-1\""))
        #expect(page.contains("<a href=\"MySQLReplicationIOThreadStopped\">For all servers</a>"))
    }

    @Test(
        "leave the placeholder where a channel's name would not mean itself in SQL",
        arguments: ["a'b", "a\\b", "ä", "a b", "<channel>"])
    func strangeChannel(name: String) throws {
        let page = try page(
            "MySQLReplicationIOThreadStopped", RunbookSubject(set: "shop", node: "db2", channel: name),
            shop(Samples.channel(name, from: 1)))
        #expect(page.contains("STOP SLAVE &#39;&lt;channel&gt;&#39;"))
    }

    @Test("show the node and its channel as the topology page does, and say that the alert is right")
    func seen() throws {
        let subject = RunbookSubject(set: "shop", node: "db2", channel: "")
        let page = try page(
            "MySQLReplicationSQLThreadStopped", subject, shop(Samples.channel(from: 1, error: "Duplicate entry")))
        #expect(page.contains("The exporter sees this now.") && page.contains("As of 3 s before this page was loaded"))
        #expect(page.contains("SQL thread stopped: error 1062: Duplicate entry"))
        #expect(page.contains("<b>db2</b>") && !page.contains("<b>db3</b>") && page.contains("writes go to <b>db1</b>"))
        #expect(page.contains("2 of 3 nodes up"))
    }

    @Test("say that what is not seen may still be so where a node does not answer")
    func unseen() throws {
        func verdict(_ node: String?, _ runbook: String = "MySQLReplicationSQLThreadStopped") throws -> [Bool] {
            let page = try page(runbook, RunbookSubject(set: "shop", node: node), shop())
            return [
                "sees this now", "does not see this now",
                "db3 cannot be asked, so it is not known whether this is still so",
            ].map(page.contains)
        }
        // Whether db2 is right is a matter of what the others have.
        #expect(try verdict("db2") == [false, false, true])
        #expect(try verdict("db2", "MySQLReplicationNodeDown") == [false, true, false])
        #expect(try verdict("db3") == [false, false, true])
        #expect(try verdict(nil) == [false, false, true])
        #expect(try verdict("db3", "MySQLReplicationNodeDown") == [true, false, false])
        // One round does not show whether a lag grows.
        #expect(try verdict("db2", "MySQLReplicationLagGrowing") == [false, false, false])
    }

    @Test("about a server that is not known have the statements of the others in its set")
    func silent() throws {
        let page = try page("MySQLReplicationNodeDown", RunbookSubject(set: "shop", node: "db3"), shop())
        #expect(page.contains("Statements are those for MariaDB 10.11.19;") && page.contains("timeout: no answer"))
    }

    @Test("say what is not configured, or not there, and are complete all the same")
    func unknown() throws {
        let shop = shop()
        let cases: [(RunbookSubject, SetFindings?, String)] = [
            (RunbookSubject(set: "x"), nil, "The configuration has no replication set “x”."),
            (RunbookSubject(node: "x"), nil, "The configuration has no node “x”."),
            (
                RunbookSubject(set: "shop", node: "x"), shop,
                "The replication set shop has no node “x”. This is the whole set."
            ),
            (RunbookSubject(set: "shop", node: "db2", channel: "x"), shop, "db2 has no channel “x” at present."),
            (RunbookSubject(set: "shop", node: "db1", channel: ""), shop, "db1 has no default channel at present."),
            (RunbookSubject(channel: "x"), nil, "Name the replication set of the channel."),
        ]
        for (subject, findings, words) in cases {
            let page = try page("MySQLReplicationLagHigh", subject, findings)
            #expect(page.contains("<p>\(words)</p>") && page.contains("<h2 id=\"do\">Do</h2>"), "\(subject)")
        }
        // Whether a node that does not answer has a channel is not known.
        let down = try page("MySQLReplicationLagHigh", RunbookSubject(set: "shop", node: "db3", channel: "x"), shop)
        #expect(!down.contains("has no channel"))
    }

    @Test("never take a name from their address for markup, nor repeat one of any length")
    func hostile() throws {
        let evil = "\"><script>alert(1)</script>&\u{202E}"
        let long = String(repeating: "x", count: 100_000)
        for subject in [
            RunbookSubject(set: evil, node: evil, channel: evil), RunbookSubject(node: evil),
            RunbookSubject(set: "shop", node: evil),
            RunbookSubject(set: "shop", node: "db2", channel: evil),
        ] {
            let page = try page("MySQLReplicationLagHigh", subject, subject.set == "shop" ? shop() : nil)
            #expect(
                !page.contains("<script") && !page.contains("\u{202E}") && page.contains("&lt;script&gt;"), "\(subject)"
            )
            #expect(page.contains("channel=%22%3E%3Cscript%3E") || subject.channel == nil)
        }
        let page = try page("MySQLReplicationExporterDown", RunbookSubject(set: long))
        #expect(page.contains("“\(String(repeating: "x", count: 128))…”"))
    }

    @Test("Text in a query is percent-encoded")
    func query() {
        #expect(QueryText.encoded("aZ09-._~ +&=#?%/'\"\u{7}é") == "aZ09-._~%20%2B%26%3D%23%3F%25%2F%27%22%07%C3%A9")
    }

    @Test("The reference of metrics is a table for each kind")
    func metrics() {
        let page = MetricsPage().page.page(nonce: "n", version: "0").text
        #expect(page.contains("<td><code>mysql_replication_up</code></td>") && page.ranges(of: "<table>").count == 4)
    }
}
