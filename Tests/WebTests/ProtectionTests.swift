import Documents
import Foundation
import Logging
import ReplicationTesting
import Synchronization
import Testing

@testable import Web

private let hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
/// alice:fakepassword
private let alice = "Authorization: Basic YWxpY2U6ZmFrZXBhc3N3b3Jk"
private let hello: Handler = { .text("\($0.method) \($0.path)") }

private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
}

@Suite("The listener behind a web configuration", .timeLimit(.minutes(5)))
struct ProtectionTests {
    @Test("Without a correct password, the answer is 401 and the handler is not called")
    func passwords() async throws {
        try await withWebConfiguration("basic_auth_users: {alice: \(hash)}") { path in
            try await withListener(protection: path, handler: hello) { _, address in
                let client = try await Client.connect(to: address)
                for (field, status) in [
                    (nil, 401), (alice, 200), ("Authorization: Basic YWxpY2U6eA==", 401),
                    ("Authorization: Basic ZXZlOmZha2VwYXNzd29yZA==", 401), ("Authorization: Bearer x", 401),
                    (alice, 200),
                ] as [(String?, Int)] {
                    try await client.get("/", field ?? "Accept: */*")
                    let reply = try await client.reply()
                    #expect(reply.status == status, "\(field ?? "nothing")")
                    #expect(reply.headers["WWW-Authenticate"] == (status == 401 ? "Basic" : nil))
                    #expect(reply.text == (status == 401 ? "401 Unauthorized\n" : "GET /\n"))
                }
            }
        }
    }

    @Test("First the rate limit, then the headers, then the password; the handler's own headers stay")
    func order() async throws {
        let text = """
            basic_auth_users: {alice: \(hash)}
            http_server_config:
              headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=1, Content-Security-Policy: ours}
            rate_limit: {interval: 1h, burst: 2}
            """
        let handler: Handler = { _ in Response(headers: ["content-security-policy": "its own"]) }
        try await withWebConfiguration(text) { path in
            try await withListener(protection: path, handler: handler) { _, address in
                let client = try await Client.connect(to: address)
                try await client.get("/")
                let unauthorized = try await client.reply()
                #expect(unauthorized.status == 401 && unauthorized.headers["X-Frame-Options"] == "deny")
                try await client.get("/", alice)
                let answer = try await client.reply()
                #expect(answer.status == 200 && answer.headers["Strict-Transport-Security"] == "max-age=1")
                #expect(answer.headers.values("Content-Security-Policy") == ["its own"])
                try await client.get("/", alice)
                let limited = try await client.reply()
                #expect(limited.status == 429 && limited.headers["X-Frame-Options"] == nil)
                // A changed rule starts with a full bucket, without a restart.
                try write(text.replacing("burst: 2", with: "burst: 3"), to: path)
                try await client.get("/", alice)
                #expect(try await client.reply().status == 200)
            }
        }
    }

    @Test("Users change without a restart; while the file is invalid, all requests are refused")
    func changes() async throws {
        let text = "basic_auth_users: {alice: \(hash)}"
        try await withWebConfiguration(text) { path in
            try await withListener(protection: path, handler: hello) { _, address in
                let client = try await Client.connect(to: address)
                func status() async throws -> Int {
                    try await client.get("/", alice)
                    return try await client.reply().status
                }
                #expect(try await status() == 200)
                // Same length, within the same second: only the change time differs.
                try write(text.replacing("alice", with: "alicf"), to: path)
                #expect(try await status() == 401)
                try write(text, to: path)
                #expect(try await status() == 200)
                for broken in [
                    text + "\nnonsense: 1", "basic_auth_users: {alice: secret}", "tls_server_config: {}\n- a",
                ] {
                    try write(broken, to: path)
                    #expect(try await status() == 500)
                    #expect(try await status() == 500)
                }
                try FileManager.default.removeItem(atPath: path)
                #expect(try await status() == 500)
                try write(text, to: path)
                #expect(try await status() == 200)
                try write("", to: path)
                try await client.get("/")
                #expect(try await client.reply().status == 200)
            }
        }
    }

    @Test("A file that is overwritten in place, not replaced, is noticed as well")
    func inPlace() async throws {
        let text = "basic_auth_users: {alice: \(hash)}"
        try await withWebConfiguration(text) { path in
            let file = try WebConfigurationFile(path: path, logger: Logger(label: "test"))
            for round in 0..<100 {
                let name = "user\(round % 7)"
                let handle = try #require(FileHandle(forWritingAtPath: path))
                try handle.write(contentsOf: Data("basic_auth_users: {\(name): \(hash)}\n#".utf8))
                try handle.close()
                #expect(Array(file.check().configuration.users.keys) == [name])
            }
        }
    }

    @Test("Becoming invalid and valid again is logged once each, and nothing in between")
    func logged() async throws {
        let text = "basic_auth_users: {alice: \(hash)}"
        try await withWebConfiguration(text) { path in
            let log = CapturedLog(level: .info)
            let file = try WebConfigurationFile(path: path, logger: log.logger)
            for content in ["nonsense: 1", "nonsense: 1", text, text, text.replacing("alice", with: "bob")] {
                try write(content, to: path)
                for _ in 0..<3 { _ = file.check() }
            }
            #expect(
                log.lines == [
                    "error \(path):1:1: unknown key 'nonsense'",
                    "error all requests are refused until the web configuration is corrected",
                    "info web configuration reloaded", "info web configuration reloaded",
                ])
        }
    }

    @Test("A file system that hangs is logged when it begins, when all requests are refused, and when it ends")
    func silent() async throws {
        try await withWebConfiguration("basic_auth_users: {alice: \(hash)}") { path in
            let log = CapturedLog(level: .info)
            let file = try WebConfigurationFile(path: path, logger: log.logger)
            let now = ContinuousClock.now
            for _ in 0..<3 { #expect(file.withoutCheck(at: now).problem == nil) }
            for _ in 0..<3 { #expect(file.withoutCheck(at: now + .seconds(3600)).problem != nil) }
            for _ in 0..<3 { file.note(file.check(), from: .now) }
            #expect(
                log.lines == [
                    "warning the web configuration cannot be read (a file system that hangs?): what was read last stays in effect for 60 s, then all requests are refused",
                    "error all requests are refused until the web configuration can be read",
                    "info the web configuration can be read again",
                ])
        }
    }

    @Test("What a later check has found is not replaced by that of an earlier one")
    func overtaken() async throws {
        try await withWebConfiguration("basic_auth_users: {alice: \(hash)}") { path in
            let file = try WebConfigurationFile(path: path, logger: Logger(label: "test"))
            let now = ContinuousClock.now
            let early = file.check()
            try write("basic_auth_users: {bob: \(hash)}", to: path)
            file.note(file.check(), from: now + .milliseconds(2))
            file.note(early, from: now + .milliseconds(1))
            #expect(Array(file.withoutCheck(at: now).configuration.users.keys) == ["bob"])
        }
    }

    @Test("TLS cannot be switched on or off while running: requests are refused until a restart")
    func switched() async throws {
        let certificates = try await Certificates.shared.value
        let tls =
            "tls_server_config: {cert_file: \(certificates.path("server.pem")), "
            + "key_file: \(certificates.path("server.key"))}"
        for (before, after) in [(tls, ""), ("", tls)] {
            try await withWebConfiguration(before) { path in
                let file = try WebConfigurationFile(path: path, logger: Logger(label: "test"))
                #expect(file.check().problem == nil)
                try write(after, to: path)
                let problem = try #require(file.check().problem)
                #expect(problem.description.contains("while the exporter runs; restart it"))
            }
        }
    }

    @Test("A pipe is read only once, and its content stays in effect")
    func pipe() async throws {
        let pipe = Pipe()
        let text = "basic_auth_users: {alice: \(hash)}"
        try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let file = try WebConfigurationFile(path: path, logger: Logger(label: "test"))
        #expect(file.check().problem == nil && file.check().configuration.users.count == 1)
    }

    @Test("A file that has not changed for some time is not read again")
    func settled() async throws {
        try await withWebConfiguration("rate_limit: {interval: 1s, burst: 1}") { path in
            let stamp = FileStamp(path: path)
            #expect(stamp == FileStamp(path: path))
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            #expect(!stamp.isSettled(now: time.tv_sec * 1_000_000_000))
            #expect(stamp.isSettled(now: (time.tv_sec + 3) * 1_000_000_000))
            #expect(FileStamp(path: path + "-none") != stamp)
        }
    }
}
