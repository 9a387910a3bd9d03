import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// From the alert's link to the end of the fault, by nothing but the page.
    @Suite("Runbooks on the exporter")
    struct RunbookTests {
        @Test(
            "show what is wrong, and heal it by the statements for that server",
            arguments: try await Matrix.thorough.value)
        func heals(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let replica = try sandbox.server("db2")
                let path = "/runbooks/MySQLReplicationIOThreadStopped?replication_set=demo&node=db2&channel="
                try await exporter.scrape(until: "all is well") { $0.isHealthyReplica("db2", knowsTransactions: true) }
                let well = try await exporter.get(path)
                #expect(well.status == 200 && well.body.contains("The exporter does not see this now."), "\(well.body)")

                try await replica.sql(
                    software.flavor == .mariadb ? "STOP SLAVE IO_THREAD" : "STOP REPLICA IO_THREAD")
                try await exporter.scrape(until: "it has stopped") { $0.value("io_thread_running", "db2") == 0 }
                let page = try await exporter.get(path).body
                #expect(page.contains("The exporter sees this now."))
                #expect(
                    page.contains("IO stopped") && page.contains("<li data-state=\"warning\">IO thread stopped</li>"))
                let (own, other) = software.flavor == .mariadb ? ("MariaDB", "MySQL") : ("MySQL", "MariaDB")
                #expect(page.contains("Statements are those for \(own) "))
                let blocks = Self.blocks(of: page)
                #expect(blocks.own.contains { $0.hasPrefix("-- \(own)") })
                #expect(!blocks.own.contains { $0.hasPrefix("-- \(other)") || $0.hasPrefix("# \(other)") })
                #expect(blocks.folded.allSatisfy { $0.hasPrefix("-- \(other)") || $0.hasPrefix("# \(other)") })

                let restart = try #require(
                    blocks.own.first { $0.contains("START ") && $0.contains("IO_THREAD") && !$0.contains("CHANGE ") })
                for line in restart.split(separator: "\n") where !line.hasPrefix("--") {
                    try await replica.sql(String(line.prefix { $0 != ";" }))
                }
                try await exporter.scrape(until: "it runs again") {
                    $0.isHealthyReplica("db2", knowsTransactions: true)
                }
                #expect(try await exporter.get(path).body.contains("The exporter does not see this now."))
            }
        }

        /// The statements on a page: for its server, and for others.
        private static func blocks(of page: String) -> (own: [String], folded: [String]) {
            func blocks(_ html: String) -> [String] {
                html.matches(of: /<pre><code>([^<]*)<\/code><\/pre>/).map { match in
                    [("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&quot;", "\""), ("&amp;", "&")].reduce(
                        String(match.1)
                    ) { $0.replacing($1.0, with: $1.1) }
                }
            }
            let fold = /<details class="other">.*?<\/details>/.dotMatchesNewlines()
            return (blocks(page.replacing(fold, with: "")), page.matches(of: fold).flatMap { blocks(String($0.0)) })
        }
    }
}
