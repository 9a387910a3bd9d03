import Documents
import Replication
import Testing

@testable import Configuration

/// A configuration with most of the possible keys.
let interfaceExample = """
    defaults:                      # any key here may stand on a replication set or a node, the nearest wins
      user: exporter
      password_file: /run/secrets/mysql       # or password: ${ENV_NAME}, or option_file: ~/.my.cnf (group client)
      tls: {mode: preferred}       # disabled | preferred | required | verify_ca | verify_identity; ca, cert, key
      timeout: 5s                  # a node's share of a scrape, at most
    replication_sets:
      - name: shop
        nodes:
          - {name: db1, address: 10.0.170.10:3306}
          - {name: db2, address: 10.0.170.20:3306, source: db1}                 # the intended source
          - {name: db3, address: "unix:/run/mysqld/mysqld.sock", source: {eu: db1, us: db9}}   # by channel
        thresholds: {lag: 30s, bytes: 100MB}
        heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}   # or read pt-heartbeat's table: write: false
        sentinel: {table: replication_probe.sentinel, interval: 15s}
        failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck, max_gap: 20s, max_lag: 1s}
        checksums: {table: percona.checksums}
    metrics:
      compatibility: [mysqld_exporter]        # also emit mysql_slave_status_* and friends
      workers: false                          # series per applier worker
      gtid_domains: false                     # MariaDB: transaction distances per domain as well

    """

func parse(
    _ text: String, environment: [String: String] = [:]
) throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning]) {
    try Configuration.parse(text, file: "shop.yml", environment: environment)
}

@Suite struct ConfigurationTests {
    @Test("an example with most keys is read, value by value")
    func interfaceExampleIsRead() throws {
        let (configuration, warnings) = try parse(interfaceExample)
        let set = try #require(configuration.sets.first)
        #expect(configuration.sets.count == 1)
        #expect(set.name == "shop")
        #expect(set.nodes.map(\.name) == ["db1", "db2", "db3"])
        #expect(
            set.nodes.map(\.address) == [
                .tcp(host: "10.0.170.10", port: 3306), .tcp(host: "10.0.170.20", port: 3306),
                .unix(path: "/run/mysqld/mysqld.sock"),
            ])
        #expect(set.nodes.map(\.source) == [nil, .node("db1"), .byChannel(["eu": "db1", "us": "db9"])])
        #expect(set.nodes.allSatisfy { $0.timeout == .seconds(5) && $0.tls.mode == .preferred })
        #expect(set.thresholds == Thresholds(lag: .seconds(30), bytes: 100_000_000))
        #expect(
            set.heartbeat
                == Heartbeat(
                    table: TableName(database: "replication_probe", table: "heartbeat"), interval: .milliseconds(250),
                    write: true))
        #expect(
            set.sentinel
                == Sentinel(table: TableName(database: "replication_probe", table: "sentinel"), interval: .seconds(15)))
        #expect(
            set.failover
                == FailoverPolicy(
                    preferred: "db1", standby: "db2",
                    table: TableName(database: "replication_probe", table: "lastcheck"), maxGap: .seconds(20),
                    maxLag: .seconds(1)))
        #expect(set.checksums?.table.description == "percona.checksums")
        #expect(configuration.metrics == MetricsOptions(compatibility: [.mysqldExporter]))
        #expect(
            warnings.map(\.description) == [
                "shop.yml:11:84: the source of channel 'us' is not a node of this replication set: 'db9'; "
                    + "it cannot be checked whether the channel replicates from it; did you mean 'db1'?"
            ])
    }

    @Test("absent keys have their documented defaults")
    func defaults() throws {
        let (configuration, warnings) = try parse(
            """
            defaults: {user: exporter}
            replication_sets:
            - name: shop
              nodes: [{name: db1, address: db1}]
              heartbeat: {table: p.h}
              sentinel: {table: p.s}
              checksums: {}
            """)
        let set = try #require(configuration.sets.first)
        let node = try #require(set.nodes.first)
        #expect(node.address == .tcp(host: "db1", port: 3306))
        #expect(node.timeout == .seconds(5))
        #expect(node.tls == TLSOptions())
        #expect(node.tls.mode == .preferred)
        #expect(node.source == nil)
        #expect(node.aliases == [])
        #expect(set.thresholds.lag == .seconds(30))
        #expect(set.thresholds.bytes == 100_000_000)
        #expect(set.heartbeat?.interval == .seconds(1))
        #expect(set.heartbeat?.write == false)
        #expect(set.sentinel?.interval == .seconds(15))
        #expect(set.failover == nil)
        #expect(set.checksums?.table == TableName(database: "percona", table: "checksums"))
        #expect(configuration.metrics == MetricsOptions())
        #expect(warnings.isEmpty)
    }

    @Test(
        "An endpoint that leads to one server and then to another is warned of",
        arguments: [
            ("shop.cluster-c0ffee.eu-central-1.rds.amazonaws.com", "a cluster endpoint"),
            ("shop.CLUSTER-RO-c0ffee.eu-central-1.rds.amazonaws.com:3306", "a reader endpoint"),
            ("shop.cluster-custom-c0ffee.eu-central-1.rds.amazonaws.com", "a custom endpoint"),
            ("shop.proxy-c0ffee.cn-north-1.rds.amazonaws.com.cn", "an endpoint of RDS Proxy"),
            ("near.endpoint.proxy-c0ffee.eu-central-1.rds.amazonaws.com", "an endpoint of RDS Proxy"),
            ("shop.global-c0ffee.global.rds.amazonaws.com", "an endpoint of a global database"),
            ("shop-1.c0ffee.eu-central-1.rds.amazonaws.com", nil),
            ("cluster-1.c0ffee.eu-central-1.rds.amazonaws.com", nil),
            ("shop.cluster-c0ffee.example.com", nil), ("db1", nil),
        ] as [(String, String?)])
    func sharedEndpoints(address: String, kind: String?) throws {
        let (_, warnings) = try parse(
            """
            defaults: {user: exporter, password_file: /run/secrets/p}
            replication_sets:
              - name: shop
                nodes: [{name: db1, address: "\(address)"}]
            """)
        let told = warnings.map(\.description).filter { $0.contains("leads now to this server") }
        #expect(told.count == (kind == nil ? 0 : 1))
        #expect(told.first.map { $0.contains("the address of node 'db1' is \(kind ?? ""), which leads") } ?? true)
    }

    @Test("a dictionary whose lines are all commented out is empty, not invalid")
    func emptyDictionaries() throws {
        let text = """
            defaults:
              # timeout: 5s
            replication_sets:
            - name: shop
              user: u
              tls:
              thresholds: ~
              checksums:
              nodes: [{name: db1, address: db1}]
            metrics: null
            """
        let set = try #require(try parse(text).configuration.sets.first)
        #expect(set.thresholds == Thresholds())
        #expect(set.checksums == ChecksumTable())
        let error = #expect(throws: ConfigurationError.self) {
            try parse(text.replacing("checksums:", with: "heartbeat:"))
        }
        #expect(error?.description == "shop.yml:8:13: 'heartbeat' needs the key 'table'")
    }

    @Test("the nearest timeout wins, and TLS is merged key by key")
    func nearestWins() throws {
        let (configuration, _) = try parse(
            """
            defaults: {user: u, timeout: 1s, tls: {mode: verify_identity, ca: /ca.pem}}
            replication_sets:
            - name: shop
              timeout: 2s
              tls: {cert: /set.crt, key: /set.key}
              nodes:
              - {name: a, address: a, timeout: 1m30s, tls: {mode: required, ca: /a.pem}}
              - {name: b, address: b, tls: {cert: b.crt, key: ~/b.key}}
            - name: office
              nodes: [{name: c, address: c}]
            """, environment: ["HOME": "/home/x"])
        let nodes = configuration.nodes
        #expect(nodes.map(\.timeout) == [.seconds(90), .seconds(2), .seconds(1)])
        #expect(
            nodes.map(\.tls) == [
                TLSOptions(mode: .required, ca: "/a.pem", cert: "/set.crt", key: "/set.key"),
                TLSOptions(mode: .verifyIdentity, ca: "/ca.pem", cert: "b.crt", key: "/home/x/b.key"),
                TLSOptions(mode: .verifyIdentity, ca: "/ca.pem"),
            ])
    }

    @Test("paths are relative to the configuration file's directory")
    func relativePaths() throws {
        let (configuration, _) = try Configuration.parse(
            """
            defaults: {user: u, tls: {mode: verify_identity, ca: certs/ca.pem}}
            replication_sets: [{name: s, nodes: [{name: a, address: a}]}]
            """, file: "/etc/exporter/shop.yml", environment: [:])
        #expect(configuration.nodes.first?.tls.ca == "/etc/exporter/certs/ca.pem")
    }

    @Test("a node is found by its name, with its set")
    func lookUp() throws {
        let (configuration, _) = try parse(interfaceExample)
        #expect(configuration.node(named: "db2")?.node.address.description == "10.0.170.20:3306")
        #expect(configuration.node(named: "db2")?.set.name == "shop")
        #expect(configuration.node(named: "db9") == nil)
        #expect(configuration.set(named: "shop")?.nodes.count == 3)
        #expect(configuration.set(named: "Shop") == nil)
    }

    @Test("two files with the same settings are equal, even on different lines")
    func equality() throws {
        let moved = try parse("# a comment\n\n" + interfaceExample).configuration
        #expect(try parse(interfaceExample).configuration == moved)
        #expect(try parse(interfaceExample.replacing("timeout: 5s", with: "timeout: 6s")).configuration != moved)
    }

    @Test("CRLF, quoted keys and numbers as names are all read")
    func unusualYAML() throws {
        let (configuration, _) = try parse(
            "\"defaults\": {'user': 4711}\r\nreplication_sets:\r\n- name: 1\r\n  nodes:\r\n  - {name: 2, address: [\"h\"][0]}"
                .replacing("[\"h\"][0]", with: "'h:1'"))
        #expect(configuration.sets.first?.name == "1")
        #expect(configuration.nodes.first?.name == "2")
        #expect(try configuration.nodes.first?.login(environment: [:]).user == "4711")
    }

    @Test("the nodes of the flags are a set of their own")
    func flags() throws {
        let configuration = try Configuration.nodes(
            fromFlags: ["db1=10.0.0.1:3307", "db2=[::1]", "db3=unix:/run/x.sock"],
            environment: [EnvironmentName.user: "exporter", EnvironmentName.password: "geheim"])
        #expect(configuration.sets.map(\.name) == ["default"])
        #expect(configuration.nodes.map(\.address.description) == ["10.0.0.1:3307", "[::1]:3306", "unix:/run/x.sock"])
        let login = try #require(configuration.nodes.first).login(
            environment: [EnvironmentName.user: "exporter", EnvironmentName.password: "geheim"])
        #expect(login.user == "exporter")
        #expect(login.password.reveal() == "geheim")
    }

    @Test("all problems of the flags are reported at once, without repeating a password")
    func wrongFlags() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.nodes(
                fromFlags: [
                    "db1=h:0", "root:geheim@h", "a=root:geheim@h", "x y=h", "b=h1", "b=h2", "c=h1:3306", "=h",
                ], environment: [:])
        }
        #expect(
            error?.description == """
                --node: the address of 'db1' must have a port from 1 to 65535, not '0'
                --node: must be NAME=HOST:PORT
                --node: the address of 'a' must not contain '@': an address cannot include a user or password
                --node: the name must consist of at most 128 ASCII letters, digits and . _ - : @ +, not 'x y'
                --node: the name 'b' is given twice
                --node: 'c' has the same address as 'b'
                --node: the name must consist of at most 128 ASCII letters, digits and . _ - : @ +, not ''
                --node: no user to connect with; set MYSQL_REPLICATION_EXPORTER_USER, or use a configuration file
                """)
    }

    @Test("the schema lists each key once, with its type and documentation")
    func schema() {
        let sections = Configuration.schema
        #expect(Set(sections.map(\.path)).count == sections.count)
        for section in sections {
            #expect(Set(section.keys.map(\.name)).count == section.keys.count)
            #expect(section.keys.allSatisfy { !$0.documentation.isEmpty && !$0.type.isEmpty })
        }
        let timeout = sections.flatMap(\.keys).first { $0.name == "timeout" }
        #expect(timeout?.defaultText == "5s")
        #expect(timeout?.type == "duration")
    }
}
