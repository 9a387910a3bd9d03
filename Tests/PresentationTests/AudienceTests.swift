import Replication
import Testing

@testable import Presentation

@Suite("For whom statements are")
struct AudienceTests {
    private func server(_ flavor: Flavor, _ major: Int, _ minor: Int, _ patch: Int) -> ServerIdentity {
        ServerIdentity(flavor: flavor, version: ServerVersion(major, minor, patch), serverID: 1)
    }

    @Test(
        "The first line of a block says it",
        arguments: [
            ("-- MariaDB, the replica", Flavor.mariadb, StatementHeading.Versions.all, "the replica"),
            ("# MySQL, the machine of the replica", .mysql, .all, "the machine of the replica"),
            (
                "-- MySQL 8.0.23 and later, the replica (2061, x)", .mysql, .since(ServerVersion(8, 0, 23)),
                "the replica"
            ),
            ("-- MariaDB before 10.6, a member", .mariadb, .before(ServerVersion(10, 6, 0)), "a member"),
            ("-- MySQL once, the replica", .mysql, .all, "the replica"),
            ("-- the source (MySQL, too)", nil, .all, "the source"),
            ("# Prometheus", nil, .all, "Prometheus"),
        ] as [(String, Flavor?, StatementHeading.Versions, String)])
    func headings(line: String, flavor: Flavor?, versions: StatementHeading.Versions, role: String) throws {
        let heading = try #require(StatementHeading(line))
        #expect(heading.flavor == flavor && heading.versions == versions && heading.role == role)
    }

    @Test("Other lines say nothing", arguments: ["SHOW BINARY LOGS;", "", "--x", nil])
    func others(line: String?) { #expect(StatementHeading(line) == nil) }

    @Test("A block is for a server of its flavor and version, and for all if none is known")
    func fitting() throws {
        let since = try #require(StatementHeading("-- MariaDB 10.6 and later, the source"))
        let mysql = try #require(StatementHeading("-- MySQL, the source"))
        let both = try #require(StatementHeading("-- the source"))
        func fits(_ servers: [ServerIdentity]) -> [Bool] { [since, mysql, both].map(Audience(servers: servers).fits) }
        #expect(fits([server(.mariadb, 10, 6, 0)]) == [true, false, true])
        #expect(fits([server(.mariadb, 10, 5, 29)]) == [false, false, true])
        #expect(fits([server(.mysql, 9, 7, 0)]) == [false, true, true])
        #expect(fits([server(.mysql, 9, 7, 0), server(.mariadb, 11, 8, 0)]) == [true, true, true])
        #expect(fits([]) == [true, true, true])
    }

    @Test("Every block of the runbooks that is for a vendor says so in this form")
    func runbooks() {
        var count = 0
        for runbook in EmbeddedDocuments.runbooks {
            for line in runbook.text.split(separator: "\n").map({ $0.drop { $0 == " " } }) {
                guard line.hasPrefix("-- M") || line.hasPrefix("# M"), line.contains(", ") else { continue }
                count += 1
                let heading = StatementHeading(String(line))
                #expect(heading?.flavor != nil, "\(runbook.name): \(line)")
                #expect((heading?.versions == .all) == !line.contains(" and later, "), "\(runbook.name): \(line)")
            }
        }
        #expect(count > 100)
    }

    @Test("Columns are left out that are for another vendor")
    func columns() {
        let audience = Audience(servers: [server(.mysql, 8, 4, 0)])
        #expect(
            ["on", "MariaDB", "MariaDB (Galera)", "MySQL", "MySQL (Group Replication)", "MariaDBs"].map(
                audience.fits(column:))
                == [true, false, false, true, true, true])
    }

    @Test("Versions are told once each")
    func words() {
        let servers = [server(.mysql, 8, 4, 0), server(.mysql, 8, 4, 0), server(.mariadb, 10, 11, 2)]
        #expect(Audience(servers: servers).words == "MySQL 8.4.0, MariaDB 10.11.2")
    }
}
