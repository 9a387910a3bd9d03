import Sandbox
import Testing

extension IntegrationSuite {
    /// What a user sees in a browser while real servers break and recover.
    @Suite("The topology page", .enabled(if: Chromium.path != nil, "no chromium: apt-get install chromium"))
    struct TopologyPageTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        /// db1, with db2 and db4 below it, and db3 below db2.
        private static let wiring = Wiring([
            .init("db1", isWritable: true), .init("db2", links: [.init(from: "db1")]),
            .init("db3", links: [.init(from: "db2")]), .init("db4", links: [.init(from: "db1")]),
        ])

        @Test("a replica breaks and recovers while the page is open: both are shown, and announced")
        func breaksAndHeals() async throws {
            try await withExporter(of: Self.wiring, software: try await Self.software.value) {
                sandbox, exporter in
                try await exporter.scrape(until: "all is well") { $0.isHealthyReplica("db2", knowsTransactions: true) }
                try await withBrowserPage { page in
                    try await page.go(to: "http://127.0.0.1:\(exporter.port)/")
                    try await page.waitUntil("document.getElementById('verdict').innerText.includes('All is well')")
                    #expect(try await page.text("#node-db1").contains("takes the writes"))
                    #expect(try await page.text("#node-db2").contains("0 missing"))
                    #expect(try await page.evaluate("document.title") == "Replication")

                    try await sandbox.breakSQL("db2")
                    try await page.waitUntil("document.querySelector('#node-db2').dataset.state === 'critical'")
                    #expect(try await page.text("#overview").contains("db2"))
                    #expect(try await page.text("#node-db2").contains("SQL stopped"))
                    #expect(try await page.text("#node-db2 .reasons").contains("error 1062"))
                    #expect(try await page.text("#node-db4").contains("running"))
                    #expect(try await page.text("#changes [role=log]").contains("error 1062"))
                    #expect(try await page.evaluate("document.title").text?.contains("problem") == true)
                    #expect(
                        try await page.evaluate("document.querySelector('link[rel=icon]').href").text?.hasSuffix(
                            "critical.svg") == true)

                    for _ in 0..<20 { try await sandbox.server("db1").write() }
                    try await page.waitUntil(
                        "/\\b2[0-9] (missing|sequence numbers)/.test(document.querySelector('#node-db2').innerText)")
                    try await page.setViewport(width: 1080, height: 600)
                    try await page.keep("topology", scale: 1.25)

                    try await sandbox.repairSQL("db2")
                    try await page.waitUntil("document.querySelector('#node-db2').dataset.state === 'ok'")
                    try await page.waitUntil("document.getElementById('verdict').innerText.includes('All is well')")
                    #expect(try await page.text("#changes li:first-child").contains("db2 is OK again"))

                    #expect(page.complaints == [])
                    #expect(page.requests.allSatisfy { $0.hasPrefix("http://127.0.0.1:\(exporter.port)/") })
                    #expect(await exporter.stop() == .exited(0))
                    try await page.waitUntil("!document.getElementById('alarm').hidden")
                    #expect(try await page.text("#alarm").contains("No update from the exporter"))
                    #expect(try await page.evaluate("document.body.classList.contains('stale')").isTrue)
                }
            }
        }
    }
}
