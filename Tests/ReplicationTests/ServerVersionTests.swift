import Replication
import Testing

@Suite("Server versions")
struct ServerVersionTests {
    @Test(
        "A handshake's version string yields three numbers",
        arguments: [
            ("10.11.19-MariaDB-0+deb12u1-log", [10, 11, 19]),
            ("5.5.5-10.6.12-MariaDB", [10, 6, 12]),
            ("5.5.5-10.6.20-16-MariaDB-enterprise-log", [10, 6, 20]),
            ("5.5.68-MariaDB", [5, 5, 68]),
            ("8.0.36-28", [8, 0, 36]),
            ("9.7.4", [9, 7, 4]),
            ("8.4.0-commercial", [8, 4, 0]),
            ("5.7.44-log", [5, 7, 44]),
            ("26.10.0", [26, 10, 0]),
            ("8.0.mysql_aurora.3.04.0", [8, 0, 0]),
            ("8.0", [8, 0, 0]),
            // Not the prefix, because no whole version follows.
            ("5.5.5-27.0", [5, 5, 5]),
            ("5.5.5-m3", [5, 5, 5]),
            ("5.5.5", [5, 5, 5]),
            // Only exactly 5.5.5- is the prefix.
            ("5.5.6-10.6.12", [5, 5, 6]),
        ])
    func reads(handshake: String, numbers: [Int]) throws {
        let version = try #require(ServerVersion(handshake))
        #expect([version.major, version.minor, version.patch] == numbers)
        #expect(version.text == handshake)
    }

    @Test(
        "Text that does not begin with number.number is not a version",
        arguments: [
            "", "8", "8.", ".8.0", "MariaDB", "v8.0.1", " 8.0.1", "8..1", "-8.0.1", "99999999999999999999.0.1",
            "8.2147483648.1",
        ]
    )
    func refuses(handshake: String) {
        #expect(ServerVersion(handshake) == nil)
    }

    @Test(
        "Versions compare as integers, not as text or decimals",
        arguments: [
            ("9.7.4", "10.0.0"), ("10.5.9", "10.5.10"), ("5.7.44", "8.0.0"), ("8.0.36", "8.4.0"), ("8.4.0", "26.10.0"),
            ("10.6.12", "10.11.1"), ("5.5.5-10.4.1-MariaDB", "10.5.2-MariaDB"),
        ])
    func orders(older: String, newer: String) throws {
        let (older, newer) = try (#require(ServerVersion(older)), #require(ServerVersion(newer)))
        #expect(older < newer)
        #expect(!(newer < older))
        #expect(older != newer)
    }

    @Test("Vendor suffixes do not make versions differ")
    func vendorSuffix() throws {
        let percona = try #require(ServerVersion("8.0.36-28"))
        #expect(percona == ServerVersion(8, 0, 36))
        #expect(percona >= ServerVersion(8, 0, 36))
        #expect(Set([percona, ServerVersion(8, 0, 36)]).count == 1)
        #expect(percona.description == "8.0.36")
        #expect(ServerVersion(8, 0, 36).text == "8.0.36")
    }
}

@Suite("Flavors")
struct FlavorTests {
    @Test(
        "The handshake's version string determines the flavor",
        arguments: [
            ("10.11.19-MariaDB-0+deb12u1-log", Flavor.mariadb),
            ("5.5.5-10.6.12-MariaDB", .mariadb),
            ("11.4.2-mariadb", .mariadb),
            ("8.0.36-28", .mysql),
            ("8.0.mysql_aurora.3.04.0", .mysql),
            ("5.7.44-log", .mysql),
            ("26.10.0", .mysql),
        ])
    func decides(handshake: String, flavor: Flavor) {
        #expect(Flavor(handshake: handshake) == flavor)
    }
}
