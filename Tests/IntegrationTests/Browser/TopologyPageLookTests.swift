import Foundation
import Testing
import Topology

extension IntegrationSuite {
    /// What can be tested without servers: made-up findings, the real page, a real browser.
    @Suite("The look of the topology page", .enabled(if: Chromium.path != nil, "no chromium: apt-get install chromium"))
    struct TopologyPageLookTests {
        /// The page's timers are captured, and run by `tick()`.
        static let heldTimers = """
            const timers = new Map();
            let last = 0;
            window.setTimeout = (body) => { timers.set(++last, body); return last; };
            window.setInterval = () => 0;
            window.clearTimeout = (id) => timers.delete(id);
            window.tick = async () => {
                const due = [...timers.values()];
                timers.clear();
                for (const body of due) await body();
                return due.length;
            };
            """

        /// Every state in which the page may be viewed.
        private static let situations: [(String, [SetFindings])] = [
            ("healthy", PageFleet.healthy),
            ("broken", PageFleet.broken(saying: "Duplicate entry '4711-2026-11-21' for key 'orders.PRIMARY'")),
            ("large", PageFleet.large), ("empty", []),
        ]

        @Test("at a phone's width no horizontal scrolling is needed", arguments: situations.map(\.0))
        func narrow(name: String) async throws {
            let findings = Self.situations.first { $0.0 == name }?.1 ?? []
            try await withTopologyPage(findings) { _, page in
                for width in [320, 640, 1280] {
                    try await page.setViewport(width: width, height: 800)
                    try await page.evaluate("document.getElementById('unfold').click()")
                    #expect(
                        try await page.evaluate("document.documentElement.scrollWidth").number ?? .infinity
                            <= Double(width),
                        "\(name) at \(width)")
                    if name != "large" { try await page.keep("\(name)-\(width)") }
                }
                #expect(page.complaints == [])
            }
        }

        @Test("every text has a contrast of at least 4.5 : 1, in both schemes", arguments: ["light", "dark"])
        func contrast(scheme: String) async throws {
            try await withTopologyPage(PageFleet.broken(saying: "Duplicate entry"), preload: Self.heldTimers) {
                server, page in
                try await page.setScheme(scheme)
                try await page.setViewport(width: 1280, height: 800)
                try await page.keep("broken-\(scheme)")
                #expect(try await page.evaluate(Self.weakTexts).texts == [])
                server.show(PageFleet.healthy)
                #expect(try await page.evaluate("tick()") == 1)
                #expect(try await page.evaluate("document.getElementById('overview').dataset.state") == "ok")
                try await page.keep("healed-\(scheme)")
                #expect(try await page.evaluate(Self.weakTexts).texts == [])
                // The two schemes really differ.
                let ground = try await page.evaluate("getComputedStyle(document.body).backgroundColor").text
                #expect(ground == (scheme == "dark" ? "rgb(14, 18, 23)" : "rgb(243, 245, 248)"))
            }
        }

        /// The texts whose contrast, by WCAG 2, is too low.
        private static let weakTexts = """
            (() => {
                const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
                const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
                    .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
                const ground = (element) => {
                    for (; element; element = element.parentElement) {
                        const color = channels(getComputedStyle(element).backgroundColor);
                        if (color.length === 3 || color[3] === 1) return color;
                    }
                    return [255, 255, 255];
                };
                const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                const weak = [];
                let count = 0;
                while (walker.nextNode()) {
                    const element = walker.currentNode.parentElement;
                    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
                    count += 1;
                    const [a, b] = [channels(getComputedStyle(element).color), ground(element)].map(light);
                    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
                    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${walker.currentNode.data}`);
                }
                if (count < 30) weak.push(`only ${count} texts were looked at`);
                return weak;
            })()
            """

        @Test("text from a server runs no script, and loads nothing")
        func hostileWords() async throws {
            let words = "</li></script><script>window.hurt = 1</script><img src=/gone onerror=\"window.hurt = 2\">"
            try await withTopologyPage(PageFleet.broken(saying: words), preload: Self.heldTimers) { _, page in
                for _ in 0..<2 {
                    #expect(try await page.text("#node-db2 .reasons").contains(words))
                    #expect(try await page.evaluate("window.hurt === undefined && document.images.length === 0").isTrue)
                    try await page.evaluate("tick()")
                }
                #expect(page.complaints == [])
                #expect(page.requests.allSatisfy { $0.firstMatch(of: /\/(topology\.html|assets\/[a-z.]+)?$/) != nil })
            }
        }

        @Test(
            "every control has a name and is reached by the Tab key, in visual order"
        )
        func keyboard() async throws {
            try await withTopologyPage(PageFleet.broken(saying: "Duplicate entry")) { _, page in
                var reached: [String] = []
                for _ in 0..<40 {
                    try await page.press("Tab")
                    let name = try await page.evaluate(
                        "(() => { const e = document.activeElement; return e === document.body ? '' : e.id || e.innerText; })()"
                    ).text
                    guard let name, !name.isEmpty else { break }
                    reached.append(name.split(separator: "\n").first.map(String.init) ?? name)
                }
                #expect(Array(reached.prefix(2)) == ["Skip to the replication sets", "pause"])
                let places = ["db2", "query", "troubled", "unfold", "fold", "Metrics", "Runbooks"].map {
                    reached.firstIndex(of: $0) ?? -1
                }
                #expect(places == places.sorted() && !places.contains(-1), "\(reached)")
                // As announced by a screen reader.
                let tree = try await page.call("Accessibility.getFullAXTree")["nodes"].elements.filter {
                    !$0["ignored"].isTrue
                }
                for role in [
                    "link", "button", "searchbox", "checkbox", "table", "heading", "navigation", "DisclosureTriangle",
                ] {
                    let nodes = tree.filter { $0["role"]["value"].text == role }
                    #expect(!nodes.isEmpty, "no \(role)")
                    #expect(nodes.allSatisfy { $0["name"]["value"].text?.isEmpty == false }, "a \(role) without a name")
                }
                for role in ["banner", "main", "contentinfo", "search", "rowheader", "columnheader", "cell"] {
                    #expect(tree.contains { $0["role"]["value"].text == role }, "no \(role)")
                }
                let levels = try await page.evaluate(
                    "[...document.querySelectorAll('h1,h2,h3')].map((h) => h.localName)"
                ).texts
                #expect(levels.first == "h1" && levels.dropFirst().allSatisfy { $0 == "h2" })
                let ids = try await page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)").texts
                #expect(Set(ids).count == ids.count)
            }
        }

        @Test(
            "axe finds no violations, in either scheme, at any width",
            .enabled(if: ProcessInfo.processInfo.environment["AXE"] != nil, "AXE names no axe.min.js"),
            arguments: ["healthy", "broken"])
        func axe(name: String) async throws {
            let path = try #require(ProcessInfo.processInfo.environment["AXE"])
            let script = try String(contentsOfFile: path, encoding: .utf8)
            let findings = Self.situations.first { $0.0 == name }?.1 ?? []
            try await withTopologyPage(findings) { _, page in
                try await page.evaluate("\(script); 0")
                for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 320)] {
                    try await page.setScheme(scheme)
                    try await page.setViewport(width: width, height: 900)
                    let rules = try await page.evaluate(
                        """
                        axe.run().then((results) => [
                            results.passes.length > 20 ? 'many passes' : `only ${results.passes.length} passes`,
                            ...results.violations.flatMap((rule) =>
                                rule.nodes.map((node) => `${rule.id}: ${rule.help}: ${node.html}`)),
                        ])
                        """
                    ).texts
                    #expect(rules == ["many passes"], "\(scheme) at \(width)")
                }
            }
        }

        @Test("it is complete without scripts")
        func withoutScript() async throws {
            try await withTopologyPage(PageFleet.broken(saying: "Duplicate entry"), hasScript: false) { _, page in
                let tree = try await page.call("Accessibility.getFullAXTree")["nodes"].elements
                let words = tree.compactMap { $0["name"]["value"].text }
                #expect(words.contains { $0.contains("Reload") })
                #expect(words.contains { $0.contains("error 1062: Duplicate entry") })
                #expect(!words.contains("Pause"))
                try await page.keep("without-script")
            }
        }

        @Test("among a thousand nodes, troubles come first, and a search finds what it looks for")
        func manyNodes() async throws {
            try await withTopologyPage(PageFleet.large, preload: Self.heldTimers) { server, page in
                func shown() async throws -> Double? {
                    try await page.evaluate(
                        "[...document.querySelectorAll('tr.node')].filter((row) => row.checkVisibility()).length"
                    ).number
                }
                try await page.setViewport(width: 1280, height: 900)
                try await page.keep("thousand")
                #expect(try await page.evaluate("document.querySelectorAll('tr.node').length") == 1000)
                #expect(try await page.evaluate("document.querySelectorAll('.set > details[open]').length") == 4)
                #expect(try await page.text("#overview").contains("of 1000 nodes up"))

                // Nodes with trouble, and the nodes above them, so that their sources are visible.
                try await page.evaluate("document.getElementById('troubled').click()")
                #expect(
                    try await page.evaluate("[...document.querySelectorAll('.set')].filter((s) => !s.hidden).length")
                        == 4)
                #expect(try await page.text("#set-shard07").contains("shard07-db3"))
                #expect(try await page.text("#set-shard07").contains("shard07-db1"))
                #expect(try await !page.text("#set-shard07").contains("shard07-db4"))
                try await page.keep("thousand-troubled")
                #expect(try await page.evaluate("location.search") == "?troubled=1")
                try await page.evaluate("document.getElementById('troubled').click()")

                try await page.evaluate(
                    """
                    document.getElementById('query').value = 'shard30-db17';
                    document.getElementById('query').dispatchEvent(new Event('input'));
                    """)
                // With its source and its source's source.
                #expect(try await shown() == 3)
                #expect(try await page.text("#matches") == "1 node")
                // The filter survives a refresh.
                server.show(PageFleet.large.reversed())
                #expect(try await page.evaluate("tick()") == 1)
                #expect(try await shown() == 3)
                #expect(page.complaints == [])
            }
        }

        @Test("a refresh preserves focus and folds, and unfolds what breaks")
        func renewal() async throws {
            try await withTopologyPage(PageFleet.healthy, preload: Self.heldTimers) { server, page in
                try await page.evaluate(
                    """
                    document.querySelector('#set-shop > details').open = false;
                    document.querySelector('#set-audit summary').focus();
                    window.kept = document.getElementById('node-audit2');
                    """)
                #expect(try await page.evaluate("tick()") == 1)
                #expect(try await page.evaluate("!document.querySelector('#set-shop > details').open").isTrue)
                #expect(try await page.evaluate("document.getElementById('changes').hidden").isTrue)

                server.show(PageFleet.broken(saying: "Duplicate entry"))
                #expect(try await page.evaluate("tick()") == 1)
                #expect(try await page.evaluate("document.querySelector('#set-shop > details').open").isTrue)
                #expect(
                    try await page.evaluate(
                        "document.activeElement === document.querySelector('#set-audit summary')"
                            + " && window.kept === document.getElementById('node-audit2')"
                    ).isTrue)
                let log = try await page.evaluate(
                    "[...document.querySelectorAll('#changes li')].map((line) => line.innerText)"
                ).texts
                #expect(log.contains { $0.contains("db2") && $0.contains("error 1062: Duplicate entry") })
                #expect(!log.contains { $0.contains("audit") })
                // Everything is as if it had been reloaded.
                #expect(
                    try await page.evaluate(
                        """
                        fetch('topology.html').then((answer) => answer.text()).then((text) => {
                            const fresh = new DOMParser().parseFromString(text, 'text/html');
                            for (const element of document.querySelectorAll('.changed')) element.classList.remove('changed');
                            for (const element of document.querySelectorAll('[class=\\"\\"]')) element.removeAttribute('class');
                            return ['overview', 'sets'].every((id) =>
                                document.getElementById(id).isEqualNode(fresh.getElementById(id)));
                        })
                        """
                    ).isTrue)
                #expect(page.complaints == [])
            }
        }

        @Test("no requests are sent while the page is hidden or paused")
        func hidden() async throws {
            try await withTopologyPage(PageFleet.healthy, preload: Self.heldTimers) { server, page in
                #expect(try await page.evaluate("tick()") == 1)
                #expect(server.renewals == 1)
                func look(_ isHidden: Bool) async throws {
                    try await page.evaluate(
                        """
                        Object.defineProperty(document, 'hidden', { value: \(isHidden), configurable: true });
                        document.dispatchEvent(new Event('visibilitychange'));
                        """)
                }
                try await look(true)
                #expect(try await page.evaluate("tick()") == 0)
                #expect(server.renewals == 1)
                // When shown again, it displays the current state.
                try await look(false)
                try await page.waitUntil("timers.size === 1")
                #expect(server.renewals == 2)
                try await page.evaluate("document.getElementById('pause').click()")
                #expect(try await page.evaluate("tick()") == 0)
                #expect(server.renewals == 2)
                #expect(try await page.text("#freshness").contains("Paused"))
                try await page.evaluate("document.getElementById('pause').click()")
                try await page.waitUntil("timers.size === 1")
                #expect(server.renewals == 3)
            }
        }
    }
}
