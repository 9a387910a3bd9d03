import Documents
import Testing

@testable import Configuration

/// An invalid file, and exactly the problems that must be reported.
struct WrongFile: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let problems: [String]

    var testDescription: String { name }

    init(_ name: String, _ text: String, _ problems: String...) {
        self.init(name: name, text: text, problems: problems)
    }

    private init(name: String, text: String, problems: [String]) {
        self.name = name
        self.text = text
        self.problems = problems
    }

    /// Lines appended to the six lines of a valid file, with node `db1` on line 5 and `db2` on line 6.
    static func set(_ name: String, _ lines: String, _ problems: String...) -> WrongFile {
        let valid = """
            defaults: {user: u}
            replication_sets:
            - name: shop
              nodes:
              - {name: db1, address: h1}
              - {name: db2, address: h2}

            """
        return WrongFile(name: name, text: valid + lines, problems: problems)
    }
}

private let wrongFiles: [WrongFile] = [
    WrongFile("an empty file", "", "shop.yml:1:1: the file is empty; it needs the key 'replication_sets'"),
    WrongFile(
        "nothing but a comment", "# nothing\n", "shop.yml:1:1: the file is empty; it needs the key 'replication_sets'"),
    WrongFile("a list", "- a\n", "shop.yml:1:1: the file must be a dictionary, not a list"),
    WrongFile("no sets", "defaults: {user: u}", "shop.yml:1:1: the file needs the key 'replication_sets'"),
    WrongFile(
        "an empty list of sets", "replication_sets: []",
        "shop.yml:1:19: 'replication_sets' is empty; it needs at least one set"),
    WrongFile(
        "sets that are nothing", "replication_sets:", "shop.yml:1:18: 'replication_sets' must be a list, not nothing"),
    WrongFile(
        "sets by name", "replication_sets: {shop: {}}",
        "shop.yml:1:19: 'replication_sets' must be a list, not a dictionary"),
    WrongFile(
        "an empty set", "replication_sets: [{name: shop, nodes: []}]",
        "shop.yml:1:40: 'nodes' is empty; a replication set needs at least one node"),
    WrongFile(
        "a set without anything", "replication_sets:\n- {}\n", "shop.yml:2:3: a replication set needs the key 'name'",
        "shop.yml:2:3: a replication set needs the key 'nodes'"),
    .set(
        "servers that are none", "  errant_allowed: [db1, [2], 4294967296]\n",
        "shop.yml:7:20: 'errant_allowed' must list server UUIDs (MySQL) or server IDs (MariaDB), not 'db1'",
        "shop.yml:7:25: 'errant_allowed' must list server UUIDs or server IDs, not a list",
        "shop.yml:7:30: 'errant_allowed' must list server UUIDs (MySQL) or server IDs (MariaDB), not '4294967296'"),
    WrongFile(
        "a set that is text", "replication_sets: [shop]",
        "shop.yml:1:20: a replication set must be a dictionary, not text"),
    WrongFile(
        "no user anywhere", "replication_sets: [{name: s, nodes: [{name: a, address: a}, {name: b, address: b}]}]",
        "shop.yml:1:1: no user to connect with; set 'user' in the configuration file's defaults, or "
            + "MYSQL_REPLICATION_EXPORTER_USER"),
    WrongFile(
        "misspelt keys on every level",
        """
        default: {user: u}
        defaults: {user: u, tiemout: 5s, passwordfile: x, Option-File: y}
        replication_sets:
        - name: shop
          thresholds: {leg: 3s}
          failovr: {}
          nodes:
          - {name: db1, adress: h1, address: h1, tls: {moed: required}, zzz: 1}
        metric: {}
        """,
        "shop.yml:1:1: unknown key 'default'; did you mean 'defaults'?",
        "shop.yml:2:21: unknown key 'tiemout'; did you mean 'timeout'?",
        "shop.yml:2:34: unknown key 'passwordfile'; did you mean 'password_file'?",
        "shop.yml:2:51: unknown key 'Option-File'; did you mean 'option_file'?",
        "shop.yml:5:16: unknown key 'leg'; did you mean 'lag'?",
        "shop.yml:6:3: unknown key 'failovr'; did you mean 'failover'?",
        "shop.yml:8:17: unknown key 'adress'; did you mean 'address'?",
        "shop.yml:8:48: unknown key 'moed'; did you mean 'mode'?",
        "shop.yml:8:65: unknown key 'zzz'",
        "shop.yml:9:1: unknown key 'metric'; did you mean 'metrics'?"),
    .set(
        "keys in the wrong section", "  - {name: db3, address: h3, thresholds: {}}\nuser: x\n",
        "shop.yml:7:30: unknown key 'thresholds' in a node; it belongs in a replication set",
        "shop.yml:8:1: unknown key 'user' in the file; it belongs in defaults or a replication set or a node"),
    .set(
        "repeated keys, in blocks and in braces",
        """
          - name: db3
            address: h3
            "name": db4
          - {name: db5, address: h5, 'name': x, address: y, name: z}
          timeout: 1s
          timeout: [wrong, but superseded]
        defaults: {}
        """,
        "shop.yml:9:5: duplicate key 'name', first used on line 7",
        "shop.yml:10:30: duplicate key 'name', first used on line 10",
        "shop.yml:10:41: duplicate key 'address', first used on line 10",
        "shop.yml:10:53: duplicate key 'name', first used on line 10",
        "shop.yml:12:3: duplicate key 'timeout', first used on line 11",
        "shop.yml:13:1: duplicate key 'defaults', first used on line 1"),
    .set(
        "a key repeated in one item of a list does not affect the next item",
        """
          - name: db3
            name: x
            tls:
              {mode: required, mode: required}
            address: h3
          - name: db4
            address: h4
        - nodes: [{name: db5, address: h5}]
          'don''t care': 1
          thresholds:
            lag: 1s
          "don't care": 2
          name: b
        """,
        "shop.yml:8:5: duplicate key 'name', first used on line 7",
        "shop.yml:10:24: duplicate key 'mode', first used on line 10",
        "shop.yml:15:3: unknown key 'don't care'",
        "shop.yml:18:3: duplicate key 'don't care', first used on line 15"),
    .set(
        "a key repeated in one pair of braces does not affect the next pair",
        "- name: b\n  nodes: [{name: x, name: y, address: x}, {name: z, address: z}]\n  timeout: {a: 1, a: 2}\n",
        "shop.yml:8:21: duplicate key 'name', first used on line 8",
        "shop.yml:9:12: 'timeout' must be text, not a dictionary",
        "shop.yml:9:19: duplicate key 'a', first used on line 9"),
    .set(
        "repeated keys do not hide other problems", "  timeout: 1s\n  timeout: 2s\n  tiemout: 3s\n",
        "shop.yml:8:3: duplicate key 'timeout', first used on line 7",
        "shop.yml:9:3: unknown key 'tiemout'; did you mean 'timeout'?"),
    .set(
        "duplicate names",
        """
        - name: shop
          nodes: [{name: db1, address: x1}, {name: db3, address: x3}, {name: db3, address: x4}]
        """,
        "shop.yml:7:9: a replication set named 'shop' is already defined on line 3",
        "shop.yml:8:18: a node named 'db1' is already defined on line 5; names are unique in the whole file",
        "shop.yml:8:70: a node named 'db3' is already defined on line 8; names are unique in the whole file"),
    .set(
        "names that need escaping",
        "  - {name: a/b, address: x}\n  - {name: .., address: y}\n- name: ä\n  nodes: [{name: '', address: z}]\n",
        "shop.yml:7:12: 'name' must consist of at most 128 ASCII letters, digits and . _ - : @ +, not 'a/b'",
        "shop.yml:8:12: 'name' must consist of at most 128 ASCII letters, digits and . _ - : @ +, not '..'",
        "shop.yml:9:9: 'name' must consist of at most 128 ASCII letters, digits and . _ - : @ +, not 'ä'",
        "shop.yml:10:18: 'name' is empty"),
    .set(
        "sources that do not exist",
        """
          - {name: db3, address: h3, source: db11}
          - {name: db4, address: h4, source: db4}
          - {name: db5, address: h5, source: [db1]}
          - {name: db6, address: h6, source: {eu: db6, us: [db1]}}
          - {name: db7, address: h7, source: far}
        - name: far
          nodes: [{name: far, address: f, source: db1}]
        """,
        "shop.yml:7:38: 'source' is not a node of this replication set: 'db11'; did you mean 'db1'?",
        "shop.yml:8:38: 'source' of node 'db4' is the node itself",
        "shop.yml:9:38: 'source' must be a node's name, or a dictionary of names by channel",
        "shop.yml:10:43: 'source' of node 'db6' is the node itself",
        "shop.yml:10:52: 'source' of channel 'us' must be a node's name",
        "shop.yml:11:38: 'source' is not a node of this replication set: 'far'",
        "shop.yml:13:43: 'source' is not a node of this replication set: 'db1'"),
    .set(
        "addresses",
        """
          - {name: a, address: "h:70000"}
          - {name: b, address: "::1"}
          - {name: c, address: /run/x.sock}
          - {name: d, address: "unix:x.sock"}
          - {name: e, address: "mysql://h"}
          - {name: f, address: "root:geheim@h"}
          - {name: g, address: "[::1"}
          - {name: h, address: "[::g]"}
          - {name: i, address: "h:"}
          - {name: j, address: ":3306"}
          - {name: k, address: "h 1"}
          - {name: l, address: [h]}
          - {name: m}
          - {name: n, address: }
          - {name: o, address: "10.0.0.300:3306"}
          - {name: p, address: "10.0.1"}
        """,
        "shop.yml:7:24: 'address' must have a port from 1 to 65535, not '70000'",
        "shop.yml:8:24: 'address' needs brackets around an IPv6 address, as in [::1]:3306, not '::1'",
        "shop.yml:9:24: 'address' must be written unix:/run/x.sock for a socket",
        "shop.yml:10:24: 'address' must be an absolute path, as in unix:/run/mysqld/mysqld.sock",
        "shop.yml:11:24: 'address' must be host:port without a scheme, not 'mysql://h'",
        "shop.yml:12:24: 'address' must not contain '@': an address cannot include a user or password",
        "shop.yml:13:24: 'address' has no ']' after the IPv6 address: '[::1'",
        "shop.yml:14:24: 'address' is not an IPv6 address: '[::g]'",
        "shop.yml:15:24: 'address' must have a port from 1 to 65535, not ''",
        "shop.yml:16:24: 'address' has no host: ':3306'",
        "shop.yml:17:24: 'address' is not a host name: 'h 1'",
        "shop.yml:18:24: 'address' must be text, not a list",
        "shop.yml:19:5: a node needs the key 'address'",
        "shop.yml:20:24: 'address' has no value",
        "shop.yml:21:24: 'address' is not an IPv4 address: '10.0.0.300'",
        "shop.yml:22:24: 'address' is not an IPv4 address: '10.0.1'"),
    .set(
        "a node with a wrong address may still be a source, and a standby",
        "  - {name: db3, address: 'h:0'}\n  - {name: db4, address: h4, source: db3}\n"
            + "  failover: {preferred: db1, standby: db3, table: a.b}\n",
        "shop.yml:7:26: 'address' must have a port from 1 to 65535, not '0'"),
    WrongFile(
        "an invalid user is not also reported as missing",
        "defaults: {user: [x]}\nreplication_sets: [{name: s, nodes: [{name: a, address: a}]}]",
        "shop.yml:1:18: 'user' must be text, not a list"),
    WrongFile(
        "an invalid path of an option file is not also reported as a missing user",
        "defaults: {option_file: ~/x}\nreplication_sets: [{name: s, nodes: [{name: a, address: a}]}]",
        "shop.yml:1:25: 'option_file' begins with ~, but HOME is not set"),
    .set(
        "addresses shared by two nodes",
        """
          - {name: db3, address: "H1:3306"}
          - {name: db4, address: h4, aliases: ["h2:3306", h4, "unix:/x", [h], "h:x", h5]}
        """,
        "shop.yml:7:26: 'H1:3306' is already an address of node 'db1'",
        "shop.yml:8:40: 'h2:3306' is already an address of node 'db2'",
        "shop.yml:8:51: 'h4:3306' is already an address of this node",
        "shop.yml:8:55: 'aliases' must list host:port; replicas do not connect through a socket",
        "shop.yml:8:66: 'aliases' must list addresses, not a list",
        "shop.yml:8:71: 'aliases' must have a port from 1 to 65535, not 'x'"),
    .set(
        "durations and sizes",
        """
          timeout: 5
          thresholds: {lag: -1s, bytes: 100M}
          heartbeat: {table: a.b, interval: 0s}
          sentinel: {table: a.b, interval: soon}
        - name: b
          nodes: [{name: b, address: b, timeout: 1.5s}, {name: c, address: c, timeout: 0}]
          thresholds: {lag: 1m1h, bytes: 0}
        - name: c
          nodes: [{name: d, address: b, timeout: [5s]}]
          thresholds: {lag: 99999999999999999999s, bytes: 99999999999999999999}
        """,
        "shop.yml:7:12: 'timeout' needs a unit: '5s' or '5ms'",
        "shop.yml:8:21: 'lag' must be more than zero",
        "shop.yml:8:33: 'bytes' has an ambiguous unit; write 100MB (10^n) or 100MiB (2^n)",
        "shop.yml:9:37: 'interval' must be more than zero",
        "shop.yml:10:36: 'interval' must be a duration such as 250ms, 5s or 1h30m, not 'soon'",
        "shop.yml:12:42: 'timeout' must be a duration such as 250ms, 5s or 1h30m, not '1.5s'",
        "shop.yml:12:80: 'timeout' must be more than zero",
        "shop.yml:13:21: 'lag' must be a duration such as 250ms, 5s or 1h30m, not '1m1h'",
        "shop.yml:13:34: 'bytes' must be more than zero",
        "shop.yml:15:42: 'timeout' must be text, not a list",
        "shop.yml:16:21: 'lag' is too long",
        "shop.yml:16:51: 'bytes' is too large"),
    .set(
        "the failover's nodes", "  failover: {preferred: db1, standby: db3, table: x}\n",
        "shop.yml:7:39: 'standby' is not a node of this replication set: 'db3'; did you mean 'db1'?",
        "shop.yml:7:51: 'table' must be database.table, not 'x'"),
    .set(
        "a failover to itself", "  failover: {preferred: db1, standby: db1, table: a.b}\n",
        "shop.yml:7:39: 'standby' must be a different node from 'preferred'"),
    .set(
        "an empty failover", "  failover: {}\n", "shop.yml:7:13: 'failover' needs the key 'preferred'",
        "shop.yml:7:13: 'failover' needs the key 'standby'", "shop.yml:7:13: 'failover' needs the key 'table'"),
    .set(
        "tables that would need escaping",
        "  heartbeat: {table: 'a.b`; DROP TABLE x', write: yes}\n  sentinel: {table: a.b.c}\n  checksums: {table: 'a b.c'}\n"
            + "- name: b\n  nodes: [{name: b, address: b}]\n  sentinel: {table: \(String(repeating: "x", count: 65)).a}\n"
            + "  heartbeat: {table: \(String(repeating: "x", count: 64)).a}\n",
        "shop.yml:7:22: 'table' may contain only letters, digits, '_', '-' and '$', at most 64 per name",
        "shop.yml:7:51: 'write' must be true or false, not 'yes'; did you mean 'true'?",
        "shop.yml:8:21: 'table' must be database.table, not 'a.b.c'",
        "shop.yml:9:22: 'table' may contain only letters, digits, '_', '-' and '$', at most 64 per name",
        "shop.yml:12:21: 'table' may contain only letters, digits, '_', '-' and '$', at most 64 per name"),
    .set(
        "metrics", "metrics: {compatibility: [mysql_exporter, [x]], workers: 'true', gtid_domains: }\n",
        "shop.yml:7:27: 'compatibility' accepts mysqld_exporter, not 'mysql_exporter'; did you mean 'mysqld_exporter'?",
        "shop.yml:7:43: 'compatibility' must list names, not a list",
        "shop.yml:7:58: 'workers' must be true or false, not 'true'; did you mean 'true'?",
        "shop.yml:7:80: 'gtid_domains' has no value"),
    .set(
        "TLS", "  tls: {mode: verify_identify, cert: /x}\n- name: b\n  nodes: [{name: b, address: b, tls: on}]\n",
        "shop.yml:7:8: 'tls' needs 'cert' and 'key' together, on the same level",
        "shop.yml:7:15: 'mode' must be one of disabled, preferred, required, verify_identity, not "
            + "'verify_identify'; did you mean 'verify_identity'?",
        "shop.yml:9:38: 'tls' must be a dictionary, not text"),
    .set(
        "a TLS mode that the library does not have", "  tls: {mode: verify_ca}\n",
        "shop.yml:7:15: 'mode' verify_ca is not supported by libmariadb; use verify_identity, which is stricter"),
    .set(
        "passwords",
        """
          password: ${NOWHERE}
          password_file: /x
          option_file: ~/.my.cnf
        - name: b
          user: ${WHO}
          nodes: [{name: b, address: b, password: [geheim]}, {name: c, address: c, password: }]
        """,
        "shop.yml:7:13: 'password' needs the environment variable NOWHERE, which is not set",
        "shop.yml:8:18: 'password_file' and 'password' on the same level; keep one of them",
        "shop.yml:9:16: 'option_file' begins with ~, but HOME is not set",
        "shop.yml:11:9: 'user' is taken literally; to take it from the environment, set MYSQL_REPLICATION_EXPORTER_USER",
        "shop.yml:12:43: 'password' must be text, not a list",
        "shop.yml:12:86: 'password' has no value"),
]

@Suite struct WrongConfigurationTests {
    @Test("an invalid file is refused with all of its problems, each with its position", arguments: wrongFiles)
    func refused(file: WrongFile) {
        let error = #expect(throws: ConfigurationError.self) { try parse(file.text) }
        #expect(error?.problems.map(\.description) == file.problems)
    }

    @Test("no message repeats a password")
    func noPasswords() {
        for file in wrongFiles {
            do {
                _ = try parse(file.text)
            } catch {
                #expect(!error.description.contains("geheim"))
            }
        }
    }

    @Test("at most a hundred problems are reported")
    func manyProblems() {
        let text = (0..<500).map { "key\($0): x\n" }.joined()
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.problems.count == 101)
        // 500 unknown keys, and 'replication_sets' is missing.
        #expect(error?.problems.last?.description == "shop.yml: and 401 more problems")
    }
}
