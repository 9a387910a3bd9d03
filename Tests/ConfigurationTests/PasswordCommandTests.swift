import Dispatch
import Documents
import Glibc
import Synchronization
import Testing

@testable import Configuration

@Suite("A command that prints a password", .timeLimit(.minutes(5)))
struct PasswordCommandTests {
    /// An executable script in a directory of its own.
    private static func withScript(_ text: String, _ body: (String, ScratchDirectory) throws -> Void) throws {
        try withScratchDirectory { directory in
            try directory.write("token", "#!/bin/sh\n\(text)\n")
            let path = directory.path + "/token"
            try #require(chmod(path, 0o700) == 0)
            try body(path, directory)
        }
    }

    private static let login = PasswordCommand.Placeholders(
        node: "db1", host: "db1.example", port: "3307", user: "exporter")

    private static func output(
        _ arguments: [String], environment: [String: String] = [:], limit: Int = 1000,
        within time: Duration = .seconds(200)
    ) throws -> String {
        let bytes = try CommandRun(arguments: arguments, environment: environment)
            .output(limit: limit, deadline: .now + time)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func reason(_ body: () throws -> Void) -> String? {
        do { try body() } catch let failure as CommandRun.Failure { return failure.reason } catch { return "\(error)" }
        return nil
    }

    @Test("Gets its arguments as they are, and the environment it is given; no shell, no input, no open files")
    func plain() throws {
        try Self.withScript(#"printf '%s|' "$@"; echo "$A"; cat; ls /proc/self/fd | tr '\n' ' '"#) { path, _ in
            // Not close-on-exec, as some libraries open theirs.
            let leaked = open("/dev/null", O_RDONLY)
            defer { close(leaked) }
            let text = try Self.output(
                [path, "$(id)", "a b", "", "*"], environment: ["A": "x;y", "PATH": "/usr/bin:/bin"])
            // 3 is the directory that ls reads.
            #expect(text == "$(id)|a b||*|x;y\n0 1 2 3 ")
        }
    }

    @Test("What it writes to standard error goes nowhere, and a failure repeats nothing of what it printed")
    func failures() throws {
        try Self.withScript("echo secret; echo secret >&2; exit 3") { path, _ in
            #expect(Self.reason { _ = try Self.output([path]) } == "it ended with status 3")
        }
        try Self.withScript("echo secret; kill -TERM $$") { path, _ in
            #expect(Self.reason { _ = try Self.output([path]) } == "it was ended by signal 15")
        }
        try Self.withScript("yes secret") { path, _ in
            #expect(
                Self.reason { _ = try Self.output([path], environment: ["PATH": "/usr/bin:/bin"]) }
                    == "it wrote far more than a password")
        }
        #expect(
            Self.reason { _ = try Self.output(["/none/of/these"]) }
                == "it cannot be started: No such file or directory")
    }

    @Test("When its time is over it is killed, with all that it has started", arguments: ["wait", "exec >&-; wait"])
    func late(ending: String) throws {
        try Self.withScript("sleep 1000 & echo $! >\"$0.pid\"; \(ending)") { path, directory in
            let environment = ["PATH": "/usr/bin:/bin"]
            // On a busy machine it may not get as far as to start its child.
            var child: pid_t?
            while child == nil {
                #expect(
                    Self.reason { _ = try Self.output([path], environment: environment, within: .milliseconds(500)) }
                        == "it did not end in time")
                child = Self.text(path + ".pid").flatMap { pid_t($0.prefix { $0 != "\n" }) }
            }
            let pid = try #require(child)
            // A zombie until init has reaped it; then there is no such process.
            while kill(pid, 0) == 0, !Self.isZombie(pid) { sched_yield() }
        }
    }

    private static func isZombie(_ pid: pid_t) -> Bool {
        text("/proc/\(pid)/stat")?.contains(") Z ") ?? true
    }

    private static func text(_ path: String) -> String? {
        (try? TextFile(path: path, limit: 10_000)).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test("Placeholders are filled in once, in arguments only")
    func placeholders() {
        let command = PasswordCommand(arguments: [
            "/bin/{host}", "--at={host}:{port}", "{node}/{user}", "{{host}}", "{x", "{",
        ])
        #expect(
            command.arguments(for: Self.login)
                == ["/bin/{host}", "--at=db1.example:3307", "db1/exporter", "{db1.example}", "{x", "{"])
        let nested = PasswordCommand.Placeholders(node: "{user}", host: "h", port: "1", user: "u")
        #expect(nested.fill("{node}{user}") == "{user}u")
    }

    @Test(
        "Runs once while its answer counts, and again for other arguments, when it expires, or when a server denies it")
    func caching() throws {
        try Self.withScript(#"echo "$1" >>"$0.runs"; echo "p$(wc -l <"$0.runs")""#) { path, _ in
            let clock = Mutex(ContinuousClock.now)
            let commands = PasswordCommands { clock.withLock { $0 } }
            func ask(_ argument: String = "{node}") throws -> (String, PasswordCommands.Issue) {
                let answer = try commands.password(
                    from: PasswordCommand(arguments: [path, argument], timeout: .seconds(200)), Self.login,
                    environment: ["PATH": "/usr/bin:/bin"])
                return (answer.password.reveal(), answer.issue)
            }
            func pass(_ seconds: Int) { clock.withLock { $0 += .seconds(seconds) } }

            let first = try ask().1
            #expect(try ask().0 == "p1")
            #expect(try ask("other").0 == "p2")
            // It has just been printed: the server would deny the next one, too.
            #expect(!commands.isWorthAnother(after: first))
            pass(10)
            #expect(commands.isWorthAnother(after: first))
            let second = try ask()
            #expect(second.0 == "p3")
            // Whoever was denied with the first one finds the second.
            #expect(commands.isWorthAnother(after: first))
            #expect(try ask().0 == "p3")
            #expect(!commands.isWorthAnother(after: second.1))
            // Denied again: the account is wrong, not the password.
            pass(59)
            #expect(!commands.isWorthAnother(after: second.1))
            pass(540)
            #expect(try ask().0 == "p3")
            pass(1)
            #expect(try ask().0 == "p4")
        }
    }

    @Test("A failure counts for ten seconds, whoever asks")
    func failureCounts() throws {
        try Self.withScript(#"echo >>"$0.runs"; echo "p$(wc -l <"$0.runs")"; exit $(test -e "$0.well"; echo $?)"#) {
            path, directory in
            let clock = Mutex(ContinuousClock.now)
            let commands = PasswordCommands { clock.withLock { $0 } }
            func ask() throws -> String {
                try commands.password(
                    from: PasswordCommand(arguments: [path], timeout: .seconds(200)), Self.login,
                    environment: ["PATH": "/usr/bin:/bin"]
                ).password.reveal()
            }
            #expect(Self.reason { _ = try ask() } == "it ended with status 1")
            try directory.write("token.well", "")
            #expect(Self.reason { _ = try ask() } == "it ended with status 1")
            clock.withLock { $0 += .seconds(10) }
            #expect(try ask() == "p2")
        }
    }

    @Test("Of many threads that ask at once, one runs it")
    func singleFlight() throws {
        try Self.withScript(#"echo >>"$0.runs"; echo "p$(wc -l <"$0.runs")""#) { path, _ in
            let commands = PasswordCommands()
            let wrong = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 20) { _ in
                let answer = try? commands.password(
                    from: PasswordCommand(arguments: [path], timeout: .seconds(200)), Self.login,
                    environment: ["PATH": "/usr/bin:/bin"])
                if answer?.password.reveal() != "p1" { wrong.add(1, ordering: .relaxed) }
            }
            #expect(wrong.load(ordering: .relaxed) == 0)
        }
    }

    @Test("A caller leaves when its patience ends; the command goes on, and its answer counts for the next call")
    func slow() throws {
        try Self.withScript(#"echo >>"$0.runs"; read -r password <"$0.gate"; echo "$password""#) { path, _ in
            try #require(mkfifo(path + ".gate", 0o600) == 0)
            let commands = PasswordCommands()
            func ask(_ patience: Duration) throws -> String {
                try commands.password(
                    from: PasswordCommand(arguments: [path], timeout: .seconds(200)), Self.login,
                    environment: ["PATH": "/usr/bin:/bin"], patience: patience
                ).password.reveal()
            }
            let late = "it has not ended yet; what it prints counts for the next attempt"
            for _ in 0..<3 { #expect(Self.reason { _ = try ask(.milliseconds(10)) } == late) }
            // Opens when the script does.
            let gate = open(path + ".gate", O_WRONLY)
            try #require(gate >= 0)
            _ = "secret\n".withCString { write(gate, $0, 7) }
            close(gate)
            #expect(try ask(.seconds(200)) == "secret")
            #expect(Self.text(path + ".runs") == "\n")
        }
    }

    @Test("Commands that hang keep others waiting for a place, and end with the process")
    func end() throws {
        try Self.withScript(#"echo $$ >"$0.$1.pid"; exec sleep 1000"#) { path, _ in
            let commands = PasswordCommands()
            func ask(_ argument: String, _ patience: Duration) -> String? {
                Self.reason {
                    _ = try commands.password(
                        from: PasswordCommand(arguments: [path, argument], timeout: .seconds(200)), Self.login,
                        environment: ["PATH": "/usr/bin:/bin"], patience: patience)
                }
            }
            for number in 1...5 { _ = ask("\(number)", .zero) }
            let running = try (1...4).map { number in
                var pid: pid_t?
                while pid == nil {
                    sched_yield()
                    pid = Self.text("\(path).\(number).pid").flatMap { pid_t($0.prefix { $0 != "\n" }) }
                }
                return try #require(pid)
            }
            #expect(Self.text("\(path).5.pid") == nil)
            commands.end()
            for pid in running { while kill(pid, 0) == 0, !Self.isZombie(pid) { sched_yield() } }
            // Its script may have written the file before it was known to run.
            let ends = ["it was ended by signal 9", "it was ended with the exporter"]
            #expect(ask("1", .seconds(200)).map(ends.contains) == true)
            // What had no place yet starts and is killed at once.
            #expect(ask("5", .seconds(200)) == ends[1])
        }
    }

    @Test(
        "An answer that is no password is none",
        arguments: [
            ("", "its output is empty"),
            (#"printf 'a\nb\n'"#, "its output has more than one line; it must contain only the password"),
            (#"printf 'a\000b'"#, "its output is not UTF-8 text"), (#"printf '\377'"#, "its output is not UTF-8 text"),
        ])
    func noPassword(script: String, reason: String) throws {
        try Self.withScript(script) { path, _ in
            #expect(
                Self.reason {
                    _ = try PasswordCommands().password(
                        from: PasswordCommand(arguments: [path], timeout: .seconds(200)), Self.login,
                        environment: ["PATH": "/usr/bin:/bin"])
                } == reason)
        }
    }

    // MARK: - In a configuration

    private static func node(
        _ settings: String, in directory: ScratchDirectory, environment: [String: String] = [:]
    ) throws -> Node {
        let (configuration, _) = try Configuration.parse(
            "defaults: {\(settings)}\nreplication_sets: [{name: s, nodes: [{name: a, address: 'db.example:3307'}]}]",
            file: directory.path + "/shop.yml", environment: environment)
        return try #require(configuration.nodes.first)
    }

    private static func messages(_ settings: String) throws -> [String] {
        try withScratchDirectory { directory in
            let error = #expect(throws: ConfigurationError.self) { try node(settings, in: directory) }
            return error?.problems.map(\.message) ?? []
        }
    }

    @Test(
        "A log-in runs it, with the node's own address and user, and without the exporter's account in its environment")
    func logIn() throws {
        try Self.withScript(#"echo "$*/$MYSQL_REPLICATION_EXPORTER_PASSWORD/$B""#) { path, directory in
            let environment = ["MYSQL_REPLICATION_EXPORTER_PASSWORD": "own", "B": "b"]
            for settings in [
                "password_command: [./token, '{host}', '{port}', '{user}']",
                "password_command: {run: [\(path), '{host}', '{port}', '{user}'], expires: 1m, timeout: 200s}",
            ] {
                // On the set's level, since the environment is nearer than defaults.
                let (configuration, _) = try Configuration.parse(
                    """
                    replication_sets:
                    - name: s
                      user: u
                      \(settings)
                      nodes: [{name: a, address: 'db.example:3307'}]
                    """, file: directory.path + "/shop.yml", environment: environment)
                let node = try #require(configuration.nodes.first)
                let login = try node.login(environment: environment, commands: PasswordCommands())
                #expect(login.password.reveal() == "db.example 3307 u//b")
                #expect(login.issue != nil)
            }
        }
    }

    @Test("Looking for unreadable files runs nothing, and finds a program that is not there")
    func check() throws {
        try Self.withScript(#"echo >"$0.ran"; echo p"#) { path, directory in
            let good = try Self.node("user: u, password_command: [./token]", in: directory)
            _ = try good.checkLogin(environment: [:])
            #expect(access(path + ".ran", F_OK) != 0)
            let bad = try Self.node("user: u, password_command: [./none]", in: directory)
            let error = #expect(throws: ConfigurationError.self) { try bad.checkLogin(environment: [:]) }
            #expect(
                error?.problems.first?.message
                    == "password_command '\(directory.path)/./none': No such file or directory")
            let failed = #expect(throws: ConfigurationError.self) { try bad.login(environment: [:]) }
            #expect(
                failed?.problems.first?.message
                    == "password_command '\(directory.path)/./none': it cannot be started: No such file or directory")
        }
    }

    @Test("What is wrong with it is told where it is written")
    func problems() throws {
        #expect(
            try Self.messages("user: u, password_command: /bin/token") == [
                "'password_command' must be a dictionary, not text"
            ])
        #expect(
            try Self.messages("user: u, password_command: []") == [
                "'password_command' must be a list: the program's path and its arguments"
            ])
        #expect(
            try Self.messages("user: u, password_command: [aws, rds]") == [
                "'password_command' must begin with the program's path, as in /usr/bin/aws: PATH is not searched"
            ])
        #expect(
            try Self.messages("user: u, password: p, password_command: [/bin/t]") == [
                "'password_command' and 'password' on the same level; keep one of them"
            ])
        #expect(
            try Self.messages("user: u, password_command: [/bin/t, {host}]") == [
                "'password_command' must list texts; quote an argument that is empty or has braces"
            ])
    }

    @Test("The server may ask for the password itself only where it has proved who it is")
    func clearText() throws {
        try withScratchDirectory { directory in
            let protected = try Self.node(
                "user: u, password: p, cleartext_plugin: true, tls: {mode: verify_identity}", in: directory)
            #expect(protected.admitsClearText)
            #expect(try !Self.node("user: u", in: directory).admitsClearText)
            try directory.write("my.cnf", "[client]\nuser=u\nssl=0\n")
        }
        for mode in ["", ", tls: {mode: required}", ", tls: {mode: preferred}", ", tls: {mode: disabled}"] {
            #expect(
                try Self.messages("user: u, cleartext_plugin: true\(mode)") == [Node.clearTextNeedsVerification])
        }
    }
}
