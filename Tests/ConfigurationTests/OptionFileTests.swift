import Documents
import Replication
import Testing

@testable import Configuration

private let origin = Origin(file: "shop.yml", at: Position(line: 3, column: 7))

@Suite struct OptionFileTests {
    private func read(_ text: String, mode: Int = 0o600) throws -> OptionFile {
        try withScratchDirectory { directory in
            try OptionFile(path: directory.write("my.cnf", text, mode: mode), home: nil, origin: origin)
        }
    }

    /// The expected values are what MariaDB's `my_print_defaults` (10.11) prints for the same lines.
    @Test(
        "a value is extracted from its line as MariaDB does it",
        arguments: [
            (" exporter # trailing", "exporter"), ("a#b", "a"), ("\"a#b\" # x", "a#b"), ("'q\\'x'", "q'x"),
            ("it's#1 # y", "it's#1 # y"), (" sp ace  ", "sp ace"), ("\\s\\\\\\n\\q", " \\\n\\q"),
            ("\"a\" b", "\"a\" b"),
            ("\"a'", "\"a'"), ("\"", "\""), ("a\\", "a\\"), ("a ; b", "a ; b"), (" 'it''s'", "it''s"), ("\"\"", ""),
            ("", ""),
            ("a=b", "a=b"), ("\"a\\\"#b\" # c", "a\"#b"), ("'a\\\\' # c", "a\\"),
            ("\"a\\\\\\\"#\" # c", "a\\\"#"), ("\\t\\r\\b\\\"\\'", "\t\r\u{8}\"'"),
        ])
    func values(text: String, value: String) throws {
        #expect(try read("[client]\npassword=\(text)\n").password?.reveal() == value)
    }

    @Test(
        "the client groups are read whatever their case, and the last line wins",
        arguments: [
            ("[client]\nuser=a", "a"), ("[client-server]\nuser=a", "a"), ("[client-mariadb]\nuser=a", "a"),
            ("[CLIENT]\nuser=a", "a"), ("[client ] rest\nuser=a", "a"), ("[ client]\nuser=a", nil),
            ("[mysqld]\nuser=a", nil), ("[mysql]\nuser=a", nil),
            ("[client-mariadb]\nuser=a\n[mysqld]\nuser=x\n[client]\nuser=b\n", "b"),
            ("[client]\r\nuser = a\r\n", "a"), ("; x\n # y\n\n[client]\n;user=x\n\tuser\t=\ta", "a"),
            ("[client]\nloose_user=a", "a"),
        ] as [(String, String?)])
    func groups(text: String, user: String?) throws {
        #expect(try read(text).user == user)
    }

    @Test("all options for a client's connection are read, and others ignored")
    func everything() throws {
        let file = try read(
            """
            [client]
            host = db1
            port = none
            socket = /run/x.sock
            ssl_ca = /ca.pem
            ssl-cert = /crt.pem
            ssl-key = /key.pem
            local-infile
            local-infile = 1
            plugin-dir = /tmp
            init-command = 'DROP DATABASE mysql'
            no-such-option = 7
            """)
        #expect(file.tls == TLSOptions(ca: "/ca.pem", cert: "/crt.pem", key: "/key.pem"))
        #expect(file.user == nil)
        #expect(file.password == nil)
    }

    @Test(
        "TLS options are taken literally",
        arguments: [
            ("ssl", .required), ("ssl=1", .required), ("ssl=on", .required), ("ssl=0", .disabled),
            ("skip-ssl", .disabled),
            ("disable-ssl", .disabled), ("skip-ssl=0", .required), ("ssl-mode=VERIFY_IDENTITY", .verifyIdentity),
            ("ssl_mode=preferred", .preferred), ("ssl-verify-server-cert", .verifyIdentity),
            ("ssl-verify-server-cert\nssl", .verifyIdentity),
            ("ssl-verify-server-cert\nssl-verify-server-cert=0", .required),
            ("ssl-verify-server-cert=0", nil), ("skip-ssl-verify-server-cert", nil), ("ssl-ca=/x", nil),
        ] as [(String, TLSMode?)])
    func tls(lines: String, mode: TLSMode?) throws {
        #expect(try read("[client]\n" + lines).tls.givenMode == mode)
    }

    @Test(
        "an empty path is the same as none, as for the MariaDB client",
        arguments: ["ssl-ca=", "ssl_cert = ", "ssl-key=''"])
    func emptyPath(line: String) throws {
        #expect(try read("[client]\n" + line).tls == TLSOptions())
        #expect(try read("[client]\nssl-ca=/x\nssl-ca=").tls == TLSOptions())
    }

    @Test(
        "an invalid line is reported by file and line, without quoting it",
        arguments: [
            ("user=geheim", ":1: there is an option before the first [group]"),
            ("[client\n", ":1: the group's name lacks its closing ']'"),
            ("[client]\n\nuser", ":3: option 'user' needs a value"),
            ("[client]\nssl=geheim", ":2: option 'ssl' must be 1 or 0"),
            (
                "[client]\nssl-mode=on",
                ":2: option 'ssl-mode' must be one of disabled, preferred, required, verify_identity"
            ),
            (
                "[client]\nssl-mode=VERIFY_CA",
                ":2: option 'ssl-mode' verify_ca is not supported by libmariadb; use verify_identity, which is stricter"
            ),
            ("!include", ":1: !include needs a path"),
        ])
    func wrong(text: String, problem: String) throws {
        try withScratchDirectory { directory in
            let path = try directory.write("my.cnf", text)
            let error = #expect(throws: ConfigurationError.self) {
                try OptionFile(path: path, home: nil, origin: origin)
            }
            #expect(error?.description == path + problem)
        }
    }

    @Test("an unreadable or world-writable file is reported at the position where the configuration names it")
    func unreadable() throws {
        try withScratchDirectory { directory in
            let open = try directory.write("open.cnf", "[client]\nuser=a\n", mode: 0o602)
            for (path, reason) in [
                (directory.path + "/none", "No such file or directory"), (directory.path, "Is a directory"),
                (open, "it is world-writable, so its contents cannot be trusted; chmod o-w"),
            ] {
                let error = #expect(throws: ConfigurationError.self) {
                    try OptionFile(path: path, home: nil, origin: origin)
                }
                #expect(error?.description == "shop.yml:3:7: option_file '\(path)': \(reason)")
            }
        }
    }

    @Test("included files are read at the position of the include, and their groups do not leak out")
    func includes() throws {
        try withScratchDirectory { directory in
            try directory.write("b.cnf", "[client]\nuser=b\nssl-ca=/b\nssl-key=/0\n[mysqld]\n")
            try directory.write("a.cnf", "[client]\nssl-ca=/a\nssl-cert=/a\n")
            try directory.write("y1.cnf", "[client]\nssl-key=/1\n")
            try directory.write("y2.cnf", "[client]\nssl-key=/2\n")
            try directory.write("c.txt", "[client]\nuser=c\n")
            let path = try directory.write(
                "my.cnf.main",
                """
                !includedir \(directory.path)
                !include \(directory.path)/none.cnf
                !include ~/c.txt
                !unknown x
                [client]
                ssl-cert=/before
                !include \(directory.path)/a.cnf
                ssl-ca=/9
                """)
            let file = try OptionFile(path: path, home: directory.path, origin: origin)
            #expect(file.user == "c")
            #expect(file.tls == TLSOptions(ca: "/9", cert: "/a", key: "/2"), "a directory's files are read by name")
        }
    }

    @Test("recursive includes and too many includes are refused")
    func endlessIncludes() throws {
        try withScratchDirectory { directory in
            let own = directory.path + "/self.txt"
            try directory.write("self.txt", "!include \(own)\n")
            let error = #expect(throws: ConfigurationError.self) {
                try OptionFile(path: own, home: nil, origin: origin)
            }
            #expect(error?.description == "\(own):1: option files are nested more than 10 levels deep")

            for index in 0..<4 { try directory.write("\(index).cnf", "!includedir \(directory.path)\n") }
            #expect(throws: ConfigurationError.self) {
                try OptionFile(path: directory.path + "/0.cnf", home: nil, origin: origin)
            }

            // Many at each level, within the depth limit: the number of files stops it.
            try directory.write("leaf.txt", "")
            let many = try directory.write(
                "many.txt", String(repeating: "!include \(directory.path)/leaf.txt\n", count: 300))
            let tooMany = #expect(throws: ConfigurationError.self) {
                try OptionFile(path: many, home: nil, origin: origin)
            }
            #expect(tooMany?.description == "\(directory.path)/leaf.txt: more than 200 option files are included")
        }
    }

    @Test("an included file that exists but cannot be read is an error at the line that includes it")
    func unreadableInclude() throws {
        try withScratchDirectory { directory in
            let path = try directory.write("my.cnf", "!include \(directory.path)\n")
            let error = #expect(throws: ConfigurationError.self) {
                try OptionFile(path: path, home: nil, origin: origin)
            }
            #expect(error?.description == "\(path):1: !include '\(directory.path)': Is a directory")
            let other = try directory.write("other.cnf", "\n!includedir \(directory.path)/none\n")
            let missing = #expect(throws: ConfigurationError.self) {
                try OptionFile(path: other, home: nil, origin: origin)
            }
            #expect(
                missing?.description
                    == "\(other):2: !includedir '\(directory.path)/none': No such file or directory")
        }
    }
}
