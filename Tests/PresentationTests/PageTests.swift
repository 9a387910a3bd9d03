import Collection
import Configuration
import Replication
import Testing

@testable import Presentation

@Suite("Pages")
struct PageTests {
    @Test("service discovery returns a target for each node, in Prometheus' format")
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

    @Test("grants use the privilege names of each server, for every account")
    func grantStatements() {
        #expect(
            GrantStatements.text(
                [.init(user: "exporter", connections: 12), .init(user: "o'b\\", connections: 7)], host: "10.%") == #"""
                    -- MariaDB 10.5.2 and later, before 10.5.9
                    -- CREATE USER 'exporter'@'10.%' IDENTIFIED BY '...';
                    ALTER USER 'exporter'@'10.%' WITH MAX_USER_CONNECTIONS 12;
                    GRANT REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.* TO 'exporter'@'10.%';

                    -- CREATE USER `o'b\`@'10.%' IDENTIFIED BY '...';
                    ALTER USER `o'b\`@'10.%' WITH MAX_USER_CONNECTIONS 7;
                    GRANT REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.* TO `o'b\`@'10.%';

                    -- MariaDB 10.5.9 and later
                    -- CREATE USER 'exporter'@'10.%' IDENTIFIED BY '...';
                    ALTER USER 'exporter'@'10.%' WITH MAX_USER_CONNECTIONS 12;
                    GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'exporter'@'10.%';

                    -- CREATE USER `o'b\`@'10.%' IDENTIFIED BY '...';
                    ALTER USER `o'b\`@'10.%' WITH MAX_USER_CONNECTIONS 7;
                    GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO `o'b\`@'10.%';

                    -- MySQL 5.7 and later
                    -- CREATE USER 'exporter'@'10.%' IDENTIFIED BY '...';
                    ALTER USER 'exporter'@'10.%' WITH MAX_USER_CONNECTIONS 12;
                    GRANT REPLICATION CLIENT ON *.* TO 'exporter'@'10.%';
                    GRANT SELECT ON performance_schema.* TO 'exporter'@'10.%';

                    -- CREATE USER `o'b\`@'10.%' IDENTIFIED BY '...';
                    ALTER USER `o'b\`@'10.%' WITH MAX_USER_CONNECTIONS 7;
                    GRANT REPLICATION CLIENT ON *.* TO `o'b\`@'10.%';
                    GRANT SELECT ON performance_schema.* TO `o'b\`@'10.%';

                    """#)
    }

    @Test("probes get privileges on their own tables only, and their databases are created")
    func probeGrants() throws {
        let file = """
            defaults: {user: exporter, password: p}
            replication_sets:
              - name: a
                nodes: [{name: db1, address: h1}, {name: db2, address: h2}]
                heartbeat: {table: probe.heartbeat, write: true}
                sentinel: {table: probe.sentinel}
                failover: {preferred: db1, standby: db2, table: other.last-check}
                checksums: {}
              - name: b
                nodes: [{name: db3, address: h3, user: second}]
                heartbeat: {table: their.heartbeat}
            """
        let sets = try Configuration.parse(file, file: "f", environment: [:]).configuration.sets
        #expect(
            sets.map { ProbeGrant.of($0).map(\.text) } == [
                [
                    "CREATE, SELECT, INSERT, UPDATE, DELETE ON `probe`.`heartbeat`",
                    "CREATE, SELECT, INSERT, UPDATE, DELETE ON `probe`.`sentinel`",
                    "CREATE, SELECT, INSERT, UPDATE, DELETE ON `other`.`last-check`", "SELECT ON `percona`.`checksums`",
                ], ["SELECT ON `their`.`heartbeat`"],
            ])
        let account = GrantStatements.Account(user: "x", probes: sets.flatMap(ProbeGrant.of), connections: 35)
        let text = GrantStatements.text([account], host: "h")
        #expect(
            text.hasSuffix(
                """
                -- CREATE USER 'x'@'h' IDENTIFIED BY '...';
                ALTER USER 'x'@'h' WITH MAX_USER_CONNECTIONS 35;
                CREATE DATABASE IF NOT EXISTS `probe`;
                CREATE DATABASE IF NOT EXISTS `other`;
                GRANT REPLICATION CLIENT ON *.* TO 'x'@'h';
                GRANT SELECT ON performance_schema.* TO 'x'@'h';
                GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON `probe`.`heartbeat` TO 'x'@'h';
                GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON `probe`.`sentinel` TO 'x'@'h';
                GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON `other`.`last-check` TO 'x'@'h';
                GRANT SELECT ON `percona`.`checksums` TO 'x'@'h';
                GRANT SELECT ON `their`.`heartbeat` TO 'x'@'h';

                """))
    }

    @Test(
        "a privilege has the name that the version knows",
        arguments: [
            (Flavor.mariadb, ServerVersion(10, 5, 8), ["REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.*"]),
            (.mariadb, ServerVersion(10, 5, 9), ["SLAVE MONITOR, BINLOG MONITOR ON *.*"]),
            (.mariadb, ServerVersion(12, 1, 0), ["SLAVE MONITOR, BINLOG MONITOR ON *.*"]),
            (.mysql, ServerVersion(5, 7, 44), ["REPLICATION CLIENT ON *.*", "SELECT ON performance_schema.*"]),
            (.mysql, ServerVersion(9, 4, 0), ["REPLICATION CLIENT ON *.*", "SELECT ON performance_schema.*"]),
        ])
    func grants(flavor: Flavor, version: ServerVersion, grants: [String]) throws {
        #expect(GrantStatements.grants(try #require(Dialect.of(flavor, version))) == grants)
    }
}
