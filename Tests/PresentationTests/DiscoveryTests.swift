import Configuration
import Documents
import Replication
import Testing

@testable import Presentation

@Suite("A first configuration")
struct DiscoveryTests {
    private func facts(_ hostname: String = "db1.example.net", sources: [Channel] = [], replicas: Int? = nil)
        -> NodeFacts
    {
        var facts = NodeFacts(
            identity: ServerIdentity(
                flavor: .mysql, version: ServerVersion(8, 4, 0), hostname: hostname, serverID: 1))
        facts.channels = sources
        facts.connectedReplicas = replicas
        return facts
    }

    private func channel(_ name: String = "", _ host: String, _ id: UInt32?, port: UInt16 = 3306) -> Channel {
        Channel(
            name: name, source: .init(host: host, port: port, serverID: id), ioThread: .running, isApplierRunning: true)
    }

    private func discovery(
        _ facts: NodeFacts, replicas: [Discovery.Replica] = [], readers: [String] = [], refusals: [String] = []
    ) throws -> Discovery {
        Discovery(
            address: try Address("10.0.0.1:3306"), name: nil, facts: facts, replicas: replicas, readers: readers,
            refusals: refusals)
    }

    private func text(_ discovery: Discovery) -> String {
        InitialConfiguration(
            discovery, setName: "main", user: "exporter", grants: "-- first\n\nGRANT x;\n", target: "monitor:19104"
        ).text
    }

    private func configuration(_ discovery: Discovery) throws -> Configuration {
        try Configuration.parse(text(discovery), file: "init", environment: [:]).configuration
    }

    @Test("the middle of a chain has a source and replicas, and says what it does not know")
    func chain() throws {
        let found = try discovery(
            facts(sources: [channel("", "db0.example.net", 7, port: 3307)], replicas: 2),
            replicas: [
                .init(serverID: 3, host: "db3.example.net", port: 3308), .init(serverID: 4, host: "", port: 3306),
            ], readers: ["10.0.0.3", "10.0.0.4"], refusals: ["Something is not known: Access denied"])
        #expect(
            text(found) == """
                # Made by `mysql-replication-exporter init` from what 10.0.0.1:3306 reported, a
                # MySQL 8.4.0. No other server was asked: check the names and addresses.

                defaults:
                  user: exporter
                  # The first that can be opened: systemd's copy for the service, and the original, beside this file.
                  password_file:
                    - /run/credentials/mysql-replication-exporter.service/mysql-password
                    - mysql-password

                replication_sets:
                  - name: main
                    nodes:
                      - name: db1
                        address: 10.0.0.1:3306
                        source: db0
                      - name: db0
                        address: db0.example.net:3307
                      - name: db3
                        address: db3.example.net:3308
                        source: db1
                      # A replica reads from 10.0.0.3; the port on which it listens is not known:
                      # - name: 10.0.0.3
                      #   address: 10.0.0.3:3306
                      #   source: db1
                      # A replica reads from 10.0.0.4; the port on which it listens is not known:
                      # - name: 10.0.0.4
                      #   address: 10.0.0.4:3306
                      #   source: db1
                      # 1 connected replica is not among these nodes. Add it by its address.
                      # Something is not known: Access denied
                      # Whether db0 replicates, too, is not known here: run init on it.
                      # If it does, give it a source, or `source: outside` for a server that is not to be monitored.

                # --- The account, for the primary: mysql-replication-exporter grants --config.file … --password-file …
                # -- first
                #
                # GRANT x;
                #

                # --- For prometheus.yml:
                # scrape_configs:
                #   - job_name: mysql-replication
                #     static_configs: [{targets: [monitor:19104]}]

                """)
        #expect(try configuration(found).nodes.map(\.name) == ["db1", "db0", "db3"])
    }

    @Test("in a ring, source and replica are one node, recognised by its server id")
    func ring() throws {
        let found = try discovery(
            facts(sources: [channel("", "db2", 2)], replicas: 1),
            replicas: [.init(serverID: 2, host: "10.0.0.2", port: 3306)], readers: ["10.0.0.2"])
        let nodes = try configuration(found).nodes
        #expect(nodes.map(\.name) == ["db1", "db2"])
        #expect(nodes.map(\.source) == [.node("db2"), .node("db1")])
        #expect(!text(found).contains("not known"))
    }

    @Test("channels have sources by name")
    func channels() throws {
        let found = try discovery(facts(sources: [channel("eu", "a", 2), channel("", "b", 3)]))
        #expect(try configuration(found).nodes.first?.source == .byChannel(["eu": "a", "": "b"]))
    }

    @Test(
        "how many replicas are to be added agrees in number",
        arguments: [(1, "Add it by its address."), (2, "Add them by their addresses.")])
    func number(count: Int, advice: String) throws {
        #expect(text(try discovery(facts(replicas: count))).contains("not among these nodes. \(advice)"))
    }

    @Test("a server that says nothing gives a configuration with itself alone")
    func alone() throws {
        let found = try discovery(facts("", replicas: 0))
        #expect(try configuration(found).nodes.map(\.name) == ["db1"])
        #expect(!text(found).contains("not known"))
    }

    @Test(
        "names from a server are hostile: none ends a comment or a scalar, controls a terminal or makes the file invalid"
    )
    func hostile() throws {
        let nasty = [
            "x\ny: z", "\u{1B}[2J", "a b", "'", "\"", "# c", "- d", "&e", "*f", "!g", "%h", "@i", "`j`", "{k: l}",
            "[m]", "n: o",
            "null", "~", "yes", "1e3", "\u{202E}p", "\u{2028}q", "\u{85}r", "..", ".", "", "outside", "outside", "${S}",
            "\\t",
            "\u{FEFF}v", String(repeating: "w", count: 5000), "db1", "10.0.0.1", "É", "\0", "*/", "a.b.c", "-x", "::1",
            "fe80::1",
        ]
        for name in nasty {
            let found = try discovery(
                facts(name, sources: [channel(name, name, 9), channel("other", "x\(name)", nil)], replicas: 9),
                replicas: [
                    .init(serverID: 4, host: name, port: 1), .init(serverID: nil, host: "y" + name, port: nil),
                    .init(serverID: 5, host: name, port: 1),
                ], readers: [name, "z" + name, "10.9.9.9"], refusals: [name])
            let text = text(found)
            for scalar in text.unicodeScalars where scalar != "\n" {
                #expect(!scalar.isControlling && scalar != "\u{85}", "\(name.debugDescription)")
            }
            // Each line is a comment, empty, or one of the file's own.
            for line in text.split(separator: "\n") {
                let own = line.drop { $0 == " " || $0 == "-" }
                let begins = [
                    "#", "defaults:", "user:", "password_file:", "/run/", "mysql-password", "replication_sets:",
                    "name:", "nodes:", "address:", "source:", "\"",
                ]
                #expect(begins.contains { own.hasPrefix($0) }, "\(line)")
            }
            let nodes = try configuration(found).nodes
            #expect(nodes.first?.address == .tcp(host: "10.0.0.1", port: 3306))
        }
    }
}
