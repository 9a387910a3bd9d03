import Collection
import Configuration
import Documents
import Replication
import Testing

@testable import Presentation

@Suite("Grants")
struct GrantTests {
    private func account(_ name: String, _ password: String? = nil, tables: [TableGrant] = [], connections: Int = 12)
        -> GrantStatements.Account
    {
        .init(user: name, tables: tables, connections: connections, password: password.map { Secret($0) })
    }

    @Test("the script says where to run it, locks accounts without a password, and fits every server")
    func script() {
        #expect(
            GrantStatements([account("exporter"), account("o'b\\", connections: 7)], host: "10.%").text == #"""
                -- Run this on the primary only, as an administrator: accounts, grants and tables replicate. Run on a
                -- replica, it would leave transactions there that its source does not have, and can stop replication.
                -- To run it on each server instead: grants --each-server.
                --
                -- New accounts are locked until they have a password. To have it in this script: --ask-password or
                -- --password-file. Otherwise, afterwards:
                --   ALTER USER 'exporter'@'10.%' IDENTIFIED BY '...' ACCOUNT UNLOCK;
                --   ALTER USER `o'b\`@'10.%' IDENTIFIED BY '...' ACCOUNT UNLOCK;

                CREATE USER IF NOT EXISTS 'exporter'@'10.%' ACCOUNT LOCK;
                ALTER USER 'exporter'@'10.%' WITH MAX_USER_CONNECTIONS 12;
                -- MariaDB 10.5.2 to before 10.5.9: GRANT REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.* TO 'exporter'@'10.%';
                /*M!100509 GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'exporter'@'10.%' */;
                /*!50700 GRANT REPLICATION CLIENT ON *.* TO 'exporter'@'10.%' */;
                /*!50700 GRANT SELECT ON performance_schema.* TO 'exporter'@'10.%' */;

                CREATE USER IF NOT EXISTS `o'b\`@'10.%' ACCOUNT LOCK;
                ALTER USER `o'b\`@'10.%' WITH MAX_USER_CONNECTIONS 7;
                -- MariaDB 10.5.2 to before 10.5.9: GRANT REPLICATION SLAVE ADMIN, BINLOG MONITOR ON *.* TO `o'b\`@'10.%';
                /*M!100509 GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO `o'b\`@'10.%' */;
                /*!50700 GRANT REPLICATION CLIENT ON *.* TO `o'b\`@'10.%' */;
                /*!50700 GRANT SELECT ON performance_schema.* TO `o'b\`@'10.%' */;

                """#)
    }

    @Test("with passwords, nothing is locked; a quote in one does not end it")
    func passwords() {
        let text = GrantStatements([account("exporter", "it's; -- a \"secret\"")], host: "%").text
        #expect(
            text.contains(
                """
                CREATE USER IF NOT EXISTS 'exporter'@'%' IDENTIFIED BY 'it''s; -- a "secret"';
                ALTER USER 'exporter'@'%' IDENTIFIED BY 'it''s; -- a "secret"' WITH MAX_USER_CONNECTIONS 12 ACCOUNT UNLOCK;

                """))
        #expect(!text.contains("LOCK;\nALTER") && !text.contains("--password-file"))
        for (password, canBeWritten) in [("a'b", true), ("a\\b", false), ("é", false), ("a\u{1B}", false), ("", true)] {
            #expect(GrantStatements.canWrite(Secret(password)) == canBeWritten, "\(password)")
        }
        for (name, fits) in [("a/b", true), ("a*/b", false), ("/*", false), ("*", true)] {
            #expect(GrantStatements.fitsComments(name) == fits)
        }
    }

    @Test("on each server, nothing is written to the binary log, and the session is left as it was")
    func eachServer() {
        let text = GrantStatements([account("exporter", "p")], host: "%", onEachServer: true).text
        #expect(text.hasPrefix("-- Run this on each server, "))
        #expect(text.contains("\n\nSET SESSION sql_log_bin = 0;\n\nCREATE USER"))
        #expect(text.hasSuffix("\n\nSET SESSION sql_log_bin = 1;\n"))
    }

    @Test(
        "for a managed service, only what its administrator can grant, and what its dialect needs",
        arguments: Service.allCases)
    func service(_ service: Service) {
        let text = GrantStatements([account("exporter", "p")], host: "%", service: service).text
        let grants = text.split(separator: "\n").filter { $0.contains("GRANT ") && !$0.hasPrefix("--") }
        #expect(text.contains("not tried on the service") == (service != .unmanaged))
        #expect(grants.contains { $0.contains("SLAVE MONITOR") } == (service == .unmanaged))
        #expect(grants.contains { $0.contains("EXECUTE ON PROCEDURE mysql.rds_replica_status") } == (service == .rds))
        #expect(
            grants.contains { $0.contains("SELECT ON mysql.rds_configuration") }
                == (service == .rds || service == .aurora))
        #expect(grants.contains { $0.contains("BINLOG MONITOR") } == (service == .rds || service == .unmanaged))
        #expect(grants.contains { $0.contains("GRANT REPLICATION CLIENT ON *.* TO 'exporter'@'%'") })
    }

    @Test("probes get privileges on their own tables only, which are created first")
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
            sets.map { TableGrant.of($0).map(\.text) } == [
                [
                    "SELECT, INSERT, UPDATE ON `probe`.`heartbeat`",
                    "SELECT, INSERT, UPDATE, DELETE ON `probe`.`sentinel`",
                    "SELECT, INSERT, UPDATE ON `other`.`last-check`", "SELECT ON `percona`.`checksums`",
                ], ["SELECT ON `their`.`heartbeat`"],
            ])
        let text = GrantStatements([account("x", tables: sets.flatMap(TableGrant.of))], host: "h").text
        let statements = text.split(separator: "\n").map { $0.prefix { $0 != "(" } }
        let tables = ["`probe`.`heartbeat` ", "`probe`.`sentinel` ", "`other`.`last-check` ", "`percona`.`checksums` "]
        for table in tables + ["`their`.`heartbeat` "] {
            let database = try #require(
                statements.firstIndex { $0 == "CREATE DATABASE IF NOT EXISTS \(table.prefix { $0 != "." });" })
            let creation = try #require(statements.firstIndex { $0 == "CREATE TABLE IF NOT EXISTS \(table)" })
            let grant = try #require(statements.firstIndex { $0.hasPrefix("GRANT ") && $0.contains("ON \(table)TO ") })
            #expect(database < creation && creation < grant)
        }
        #expect(text.ranges(of: "CREATE DATABASE IF NOT EXISTS `probe`;").count == 1)
    }

    @Test("the checksum account may read everything and write its table, and set binlog_format")
    func checksum() {
        let table = TableGrant.checksums(writing: ChecksumTable().table)
        let text = GrantStatements([account("checksum", "p", tables: [table])], host: "%", for: .checksum).text
        for statement in [
            "CREATE TABLE IF NOT EXISTS `percona`.`checksums` (",
            "/*M!100509 GRANT SLAVE MONITOR, BINLOG MONITOR, BINLOG ADMIN, SELECT ON *.* TO 'checksum'@'%' */;",
            "-- MySQL 5.7 to before 8.0.14: GRANT REPLICATION CLIENT, SUPER, SELECT ON *.* TO 'checksum'@'%';",
            "/*!80014 GRANT REPLICATION CLIENT, SESSION_VARIABLES_ADMIN, SELECT ON *.* TO 'checksum'@'%' */;",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON `percona`.`checksums` TO 'checksum'@'%';",
        ] { #expect(text.contains("\n\(statement)"), "\(statement)") }
        #expect(!text.contains("performance_schema"))
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
        #expect(ServerGrants.grants(try #require(Dialect.of(flavor, version))) == grants)
    }
}
