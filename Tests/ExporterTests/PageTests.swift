import Configuration
import Replication
import Testing

@testable import Exporter

@Suite("Pages")
struct PageTests {
    @Test("service discovery gives a target for each node, in Prometheus' format")
    func serviceDiscovery() throws {
        let configuration = Configuration(sets: [
            ReplicationSet(name: "shop", nodes: [Node(name: "db1", address: try Address("[::1]:3307"))]),
            ReplicationSet(name: "blog", nodes: [Node(name: "db2", address: try Address("unix:/run/my\"sql.sock"))]),
        ])
        #expect(
            ServiceDiscovery.json(configuration).text
                == #"[{"targets":["db1"],"labels":{"__meta_mysql_replication_set":"shop","__meta_mysql_node":"db1","__meta_mysql_address":"[::1]:3307"}},"#
                + #"{"targets":["db2"],"labels":{"__meta_mysql_replication_set":"blog","__meta_mysql_node":"db2","__meta_mysql_address":"unix:/run/my\"sql.sock"}}]"#
        )
    }

    @Test("grants are what each server calls them, for every account")
    func grantStatements() {
        #expect(
            GrantStatements.text(users: ["exporter", "o'b\\"], host: "10.%") == #"""
                -- MariaDB 10.5.2 and later, before 10.5.9
                -- CREATE USER 'exporter'@'10.%' IDENTIFIED BY '...';
                GRANT REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.* TO 'exporter'@'10.%';

                -- CREATE USER 'o''b\\'@'10.%' IDENTIFIED BY '...';
                GRANT REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.* TO 'o''b\\'@'10.%';

                -- MariaDB 10.5.9 and later
                -- CREATE USER 'exporter'@'10.%' IDENTIFIED BY '...';
                GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'exporter'@'10.%';

                -- CREATE USER 'o''b\\'@'10.%' IDENTIFIED BY '...';
                GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'o''b\\'@'10.%';

                -- MySQL 5.7 and later
                -- CREATE USER 'exporter'@'10.%' IDENTIFIED BY '...';
                GRANT REPLICATION CLIENT ON *.* TO 'exporter'@'10.%';
                GRANT SELECT ON performance_schema.* TO 'exporter'@'10.%';

                -- CREATE USER 'o''b\\'@'10.%' IDENTIFIED BY '...';
                GRANT REPLICATION CLIENT ON *.* TO 'o''b\\'@'10.%';
                GRANT SELECT ON performance_schema.* TO 'o''b\\'@'10.%';

                """#)
    }

    @Test(
        "a privilege is asked for by the name that the version knows",
        arguments: [
            (Flavor.mariadb, ServerVersion(10, 5, 8), ["REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.*"]),
            (.mariadb, ServerVersion(10, 5, 9), ["SLAVE MONITOR, BINLOG MONITOR ON *.*"]),
            (.mariadb, ServerVersion(12, 1, 0), ["SLAVE MONITOR, BINLOG MONITOR ON *.*"]),
            (.mysql, ServerVersion(5, 7, 44), ["REPLICATION CLIENT ON *.*", "SELECT ON performance_schema.*"]),
            (.mysql, ServerVersion(9, 4, 0), ["REPLICATION CLIENT ON *.*", "SELECT ON performance_schema.*"]),
            (.mysql, ServerVersion(5, 6, 0), []),
        ])
    func grants(flavor: Flavor, version: ServerVersion, grants: [String]) {
        #expect(GrantStatements.grants(flavor, version) == grants)
    }

    @Test("--help of the program shows what serve takes, and the other commands")
    func rootHelp() {
        let help = RootHelp.text(columns: 100)
        for text in [
            "--config.file", "--node", "--config.check", "--web.listen-address", "--web.telemetry-path",
            "--web.enable-lifecycle", "--scrape.timeout-offset", "--log.level", "--log.format", "--version", "--help",
            "\n  topology ", "\n  check ", "\n  grants ",
        ] {
            #expect(help.ranges(of: text).count >= 1, "\(text)")
        }
        #expect(help.ranges(of: "\n  -h, --help").count == 1)
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test(
        "only a plain --help is the program's own",
        arguments: [
            (["--help"], true), (["-h"], true), (["help"], true), ([], false), (["help", "check"], false),
            (["serve", "--help"], false), (["--version"], false),
        ])
    func helpIsAsked(arguments: [String], isAsked: Bool) {
        #expect(RootHelp.isAsked(arguments[...]) == isAsked)
    }
}
