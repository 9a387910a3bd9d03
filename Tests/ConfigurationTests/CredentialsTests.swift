import Documents
import Replication
import Testing

@testable import Configuration

/// Which account a node gets from which levels.
struct Precedence: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var defaults = "", set = "", node = ""
    var environment: [String: String] = [:]
    var user: String
    var password: String
}

private let both = [EnvironmentName.user: "env", EnvironmentName.password: "env-pw"]

private let precedences: [Precedence] = [
    Precedence(testDescription: "defaults alone", defaults: "user: d, password: d-pw", user: "d", password: "d-pw"),
    Precedence(testDescription: "no password at all", defaults: "user: d", user: "d", password: ""),
    Precedence(testDescription: "the environment alone", environment: both, user: "env", password: "env-pw"),
    Precedence(
        testDescription: "the environment over defaults", defaults: "user: d, password: d-pw", environment: both,
        user: "env", password: "env-pw"),
    Precedence(
        testDescription: "an empty variable counts as unset", defaults: "user: d, password: d-pw",
        environment: [EnvironmentName.user: "", EnvironmentName.password: ""], user: "d", password: "d-pw"),
    Precedence(
        testDescription: "the set over the environment", defaults: "user: d, password: d-pw",
        set: "user: s, password: s-pw", environment: both, user: "s", password: "s-pw"),
    Precedence(
        testDescription: "the node over the set", defaults: "user: d, password: d-pw", set: "user: s, password: s-pw",
        node: "user: n, password: n-pw", environment: both, user: "n", password: "n-pw"),
    Precedence(
        testDescription: "user and password from different levels", defaults: "user: d", node: "password: n-pw",
        user: "d", password: "n-pw"),
    Precedence(
        testDescription: "the environment's user, the node's password", defaults: "user: d", node: "password: n-pw",
        environment: both, user: "env", password: "n-pw"),
    Precedence(
        testDescription: "a custom variable", defaults: "user: d, password: '${PW}'",
        environment: ["PW": "from-pw"], user: "d", password: "from-pw"),
    Precedence(
        testDescription: "a password that only resembles a variable", defaults: "user: d, password: 'a${PW}'",
        user: "d",
        password: "a${PW}"),
    Precedence(
        testDescription: "a password file", defaults: "user: d, password_file: pw", user: "d", password: "file-pw"),
    Precedence(
        testDescription: "an option file", defaults: "option_file: my.cnf", user: "o", password: "o-pw"),
    Precedence(
        testDescription: "a user beside the option file", defaults: "user: d, option_file: my.cnf", user: "d",
        password: "o-pw"),
    Precedence(
        testDescription: "the environment over the option file in defaults", defaults: "option_file: my.cnf",
        environment: both, user: "env", password: "env-pw"),
    Precedence(
        testDescription: "the option file of a node over the environment", node: "option_file: my.cnf",
        environment: both, user: "o", password: "o-pw"),
    Precedence(
        testDescription: "an option file without a password leaves the password to the farther level",
        defaults: "password: d-pw", node: "option_file: user.cnf", user: "only-user", password: "d-pw"),
    Precedence(
        testDescription: "only the nearest option file counts", defaults: "option_file: my.cnf",
        node: "option_file: user.cnf", user: "only-user", password: ""),
]

@Suite struct CredentialsTests {
    @Test("the nearest account wins", arguments: precedences)
    func precedence(row: Precedence) throws {
        try withScratchDirectory { directory in
            try directory.write("pw", "file-pw\n")
            try directory.write("my.cnf", "[client]\nuser=o\npassword=o-pw\n")
            try directory.write("user.cnf", "[client]\nuser=only-user\n")
            let (configuration, _) = try Configuration.parse(
                """
                defaults: {\(row.defaults)}
                replication_sets:
                - name: s
                \(row.set.split(separator: ", ").map { "  \($0)" }.joined(separator: "\n"))
                  nodes: [{name: a, address: a\(row.node.isEmpty ? "" : ", " + row.node)}]
                """, file: directory.path + "/shop.yml", environment: row.environment)
            let node = try #require(configuration.nodes.first)
            let account = try node.credentials.resolve(environment: row.environment)
            #expect(account.user == row.user)
            #expect(account.password.reveal() == row.password)
        }
    }

    private func node(_ defaults: String, in directory: ScratchDirectory) throws -> Node {
        let (configuration, _) = try Configuration.parse(
            "defaults: {\(defaults)}\nreplication_sets: [{name: s, nodes: [{name: a, address: a}]}]",
            file: directory.path + "/shop.yml", environment: [:])
        return try #require(configuration.nodes.first)
    }

    @Test("a password file is read again each time, because it is rotated")
    func rotation() throws {
        try withScratchDirectory { directory in
            try directory.write("pw", "old\n")
            let node = try node("user: u, password_file: pw", in: directory)
            #expect(try node.login(environment: [:]).password.reveal() == "old")
            try directory.write("pw", "new\n")
            #expect(try node.login(environment: [:]).password.reveal() == "new")
        }
    }

    @Test("of several password files, the first that can be opened counts, whatever it contains")
    func passwordFiles() throws {
        try withScratchDirectory { directory in
            let node = try node("user: u, password_file: [/none/of/these, first, second]", in: directory)
            let error = #expect(throws: ConfigurationError.self) { try node.login(environment: [:]) }
            let here = directory.path
            #expect(
                error?.problems.first?.message
                    == "password_file '/none/of/these': No such file or directory; '\(here)/first': "
                    + "No such file or directory; '\(here)/second': No such file or directory")
            // The account is known all the same.
            #expect(try node.user(environment: [:]) == "u")
            try directory.write("second", "two\n")
            #expect(try node.login(environment: [:]).password.reveal() == "two")
            try directory.write("first", "one\n")
            #expect(try node.login(environment: [:]).password.reveal() == "one")
            try directory.write("first", "")
            let empty = #expect(throws: ConfigurationError.self) { try node.login(environment: [:]) }
            #expect(
                empty?.problems.first?.message
                    == "password_file '/none/of/these': No such file or directory; '\(here)/first': it is empty")
        }
    }

    @Test("a list of password files must name files")
    func wrongPasswordFiles() throws {
        try withScratchDirectory { directory in
            for (list, message) in [
                ("[]", "'password_file' lists no file"),
                ("[a, {b: c}]", "'password_file' must be text, not a dictionary"),
                ("[a, '']", "'password_file' is empty"), ("{a: b}", "'password_file' must be text, not a dictionary"),
            ] {
                let error = #expect(throws: ConfigurationError.self) {
                    try self.node("user: u, password_file: \(list)", in: directory)
                }
                #expect(error?.problems.map(\.message) == [message], "\(list)")
            }
        }
    }

    @Test(
        "a file that cannot be read is reported once, and whether systemd makes it; certificates only where they matter"
    )
    func unreadableFiles() throws {
        try withScratchDirectory { directory in
            try directory.write("pw", "p\n")
            func unreadable(_ settings: String) throws -> [String] {
                let (configuration, _) = try Configuration.parse(
                    """
                    defaults: {user: u, \(settings)}
                    replication_sets: [{name: s, nodes: [{name: a, address: a}, {name: b, address: b}]}]
                    """, file: directory.path + "/shop.yml", environment: [:])
                return configuration.unreadableFiles(path: "shop.yml", environment: [:]).map {
                    "\($0.problem.message)\($0.isOfService ? " (service)" : "")"
                }
            }
            let missing = "No such file or directory"
            let service = "/run/credentials/x.service/pw"
            #expect(try unreadable("password_file: pw") == [])
            #expect(try unreadable("password_file: none") == ["password_file '\(directory.path)/none': \(missing)"])
            #expect(try unreadable("password_file: \(service)") == ["password_file '\(service)': \(missing) (service)"])
            #expect(try unreadable("password_file: [\(service), pw]") == [])
            #expect(
                try unreadable("password_file: /run/secrets/pw") == [
                    "password_file '/run/secrets/pw': \(missing) (service)"
                ])
            let tls = "password: p, tls: {mode: MODE, ca: /no/ca, cert: /no/cert, key: /no/key}"
            for (mode, files) in [
                ("disabled", []), ("required", ["cert", "key"]), ("preferred", ["cert", "key"]),
                ("verify_identity", ["ca", "cert", "key"]),
            ] as [(String, [String])] {
                #expect(
                    try unreadable(tls.replacing("MODE", with: mode))
                        == files.map { "tls.\($0) '/no/\($0)': \(missing)" })
            }
        }
    }

    @Test(
        "one newline at the end of a password file is not part of the password",
        arguments: [
            ("geheim", "geheim"), ("geheim\n", "geheim"), ("geheim\r\n", "geheim"), (" ge heim ", " ge heim "),
            ("#x\u{85}\n", "#x\u{85}"),
        ])
    func passwordFile(contents: String, password: String) throws {
        try withScratchDirectory { directory in
            try directory.write("pw", contents)
            #expect(
                try node("user: u, password_file: pw", in: directory).login(environment: [:]).password.reveal()
                    == password)
        }
    }

    @Test(
        "an unusable password file is refused without quoting it",
        arguments: [
            (Array("".utf8), "it is empty"), (Array("\n".utf8), "it is empty"),
            (
                Array("[client]\npassword=geheim\n".utf8),
                "it has more than one line; it must contain only the password"
            ),
            ([0x67, 0xFF], "it is not UTF-8 text"), (Array("geheim\0".utf8), "it is not UTF-8 text"),
            (Array(repeating: 0x67, count: 20_000), "it is larger than 16KiB"),
        ] as [([UInt8], String)])
    func wrongPasswordFile(contents: [UInt8], reason: String) throws {
        try withScratchDirectory { directory in
            try directory.write("pw", bytes: contents)
            let node = try node("user: u, password_file: pw", in: directory)
            let error = #expect(throws: ConfigurationError.self) { try node.login(environment: [:]) }
            #expect(
                error?.description
                    == "\(directory.path)/shop.yml:1:36: password_file '\(directory.path)/pw': \(reason)")
        }
    }

    @Test("a variable that is unset when connecting is an error that names it")
    func variableGone() throws {
        let (configuration, _) = try parse(
            "defaults: {user: u, password: '${PW}'}\nreplication_sets: [{name: s, nodes: [{name: a, address: a}]}]",
            environment: ["PW": "geheim"])
        let error = #expect(throws: ConfigurationError.self) {
            try configuration.nodes[0].login(environment: [:])
        }
        #expect(
            error?.description
                == "shop.yml:1:31: 'password' needs the environment variable PW, which is not set")
    }

    @Test("without a user on any level, the message says what to do")
    func noUser() {
        let error = #expect(throws: ConfigurationError.self) { try Credentials().resolve(environment: [:]) }
        #expect(
            error?.description
                == "no user to connect with; set 'user' in the configuration file's defaults, or "
                + "MYSQL_REPLICATION_EXPORTER_USER")
    }

    @Test("the configuration's tls takes precedence over the option file's, key by key")
    func optionFileTLS() throws {
        try withScratchDirectory { directory in
            try directory.write("my.cnf", "[client]\nuser=u\nssl-ca=/option.pem\nssl-mode=DISABLED\n")
            let configured = try node("option_file: my.cnf, tls: {mode: required}", in: directory)
            #expect(try configured.login(environment: [:]).tls == TLSOptions(mode: .required, ca: "/option.pem"))
            let left = try node("option_file: my.cnf", in: directory)
            #expect(try left.login(environment: [:]).tls.mode == .disabled)
        }
    }

    @Test("a CA in a mode that verifies nothing causes a warning")
    func idleCA() throws {
        let text = """
            defaults: {user: u, tls: {ca: /ca.pem}}
            replication_sets: [{name: s, nodes: [{name: a, address: a}, {name: b, address: b}]}]
            """
        #expect(
            try parse(text).warnings.map(\.description) == [
                "shop.yml:1:26: 'ca' verifies nothing in mode preferred; set mode: verify_identity"
            ])
        #expect(try parse(text.replacing("{ca:", with: "{mode: verify_identity, ca:")).warnings.isEmpty)
    }
}
