import Synchronization
import Testing

@testable import Web

/// The hash of "fakepassword" from exporter-toolkit, with the version letter as a parameter.
private let hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

private func users(_ hashes: [String: String]) throws -> [String: BcryptHash] {
    try hashes.mapValues { try #require(BcryptHash($0)) }
}

@Suite struct TokenBucketTests {
    @Test("A burst is let through, then one per interval, and never more than a burst")
    func bucket() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(interval: .seconds(2), burst: 3, now: start)
        func take(_ seconds: Double) -> Bool { bucket.take(now: start + .seconds(seconds)) }
        #expect([0, 0, 0.5, 1, 1.9].map(take) == [true, true, true, false, false])
        #expect([2, 2, 3.9].map(take) == [true, false, false])
        // Two intervals have passed: two tokens, and the third with the next interval.
        #expect([6.5, 6.5, 6.5, 8].map(take) == [true, true, false, true])
        #expect([1000, 1000, 1000, 1000, 1001].map(take) == [true, true, true, false, false])
    }
}

@Suite struct BasicCredentialsTests {
    @Test(
        "User and password are read as the client sent them",
        arguments: [
            ("Basic YWxpY2U6c2VzYW1l", "alice", "sesame"), ("basic   YWxpY2U6c2VzYW1l ", "alice", "sesame"),
            ("Basic YWxpY2U6OmE6", "alice", ":a:"), ("Basic Og==", "", ""), ("Basic YTo=", "a", ""),
            ("Basic w6Q6w7Y=", "ä", "ö"),
        ])
    func reads(header: String, user: String, password: String) {
        let credentials = BasicCredentials(header)
        #expect(credentials?.user == user)
        #expect(credentials.map { String(decoding: $0.password, as: UTF8.self) } == password)
    }

    @Test(
        "Anything else is not a user",
        arguments: [
            nil, "", "Basic", "Basic ", "Bearer YWxpY2U6c2VzYW1l", "Basic YWxpY2U=", "Basic YWxpY2U6c2VzYW1",
            "Basic *AA=",
            "Basic YTo==", "Basic =TTo", "Basic ====", "Basic /////zo=",
        ])
    func refuses(header: String?) {
        #expect(BasicCredentials(header) == nil)
    }
}

@Suite struct BcryptTests {
    @Test(
        "A password matches its hash, whatever version letter the hash has",
        arguments: [
            (hash, "fakepassword"), (hash.replacing("$2y$", with: "$2b$"), "fakepassword"),
            (hash.replacing("$2y$", with: "$2a$"), "fakepassword"),
            // From jBCrypt's test vectors.
            ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""),
            ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"),
        ])
    func right(hash: String, password: String) throws {
        #expect(try #require(BcryptHash(hash)).matches(Array(password.utf8)))
    }

    @Test(
        "Any other password is wrong",
        arguments: ["", "fakepasswor", "Fakepassword", "fakepassword ", "fakepassword\0", "fakepassword\0x"]
            + [String(repeating: "x", count: 511), String(repeating: "x", count: 100_000)])
    func wrong(password: String) throws {
        #expect(try #require(BcryptHash(hash)).matches(Array(password.utf8)) == false)
    }
}

@Suite(.timeLimit(.minutes(5))) struct PasswordChecksTests {
    private static let other = "$2y$12$1DpfPeqF9HzHJt.EWswy1exHluGfbhnn3yXhR7Xes6m3WJqFg0Wby"

    private func credentials(_ user: String, _ password: String) -> BasicCredentials {
        BasicCredentials(user: user, password: Array(password.utf8))
    }

    /// Accepts "sesame", and records the hashes that were checked.
    private final class Checker: Sendable {
        let hashes = Mutex<[BcryptHash]>([])

        func check(_ hash: BcryptHash, _ password: [UInt8]) async -> Bool {
            hashes.withLock { $0.append(hash) }
            return password == Array("sesame".utf8)
        }

        var count: Int { hashes.withLock { $0.count } }
    }

    @Test("A verified password is cached; a wrong password is checked each time")
    func cached() async throws {
        let checker = Checker()
        let checks = PasswordChecks(check: checker.check)
        let users = try users(["alice": hash])
        for _ in 0..<3 { #expect(await checks.verdict(on: credentials("alice", "sesame"), users: users) == .right) }
        #expect(checker.count == 1)
        for _ in 0..<3 { #expect(await checks.verdict(on: credentials("alice", "x"), users: users) == .wrong) }
        #expect(checker.count == 4)
        #expect(await checks.verdict(on: credentials("alice", "sesame"), users: users) == .right)
        #expect(checker.count == 4)
    }

    @Test("After a changed hash, or a removed and restored user, the password is checked again")
    func changed() async throws {
        let checker = Checker()
        let checks = PasswordChecks(check: checker.check)
        let alice = credentials("alice", "sesame")
        #expect(await checks.verdict(on: alice, users: try users(["alice": hash])) == .right)
        #expect(await checks.verdict(on: alice, users: try users(["alice": Self.other])) == .right)
        #expect(checker.count == 2)
        let bob = credentials("bob", "sesame")
        #expect(await checks.verdict(on: bob, users: try users(["bob": hash])) == .right)
        #expect(await checks.verdict(on: alice, users: try users(["bob": hash])) == .wrong)
        #expect(await checks.verdict(on: alice, users: try users(["alice": Self.other])) == .right)
        #expect(checker.count == 5)
    }

    @Test("An unknown user is checked against a known user's hash, always the same one, and refused in any case")
    func unknown() async throws {
        let checker = Checker()
        let checks = PasswordChecks(check: checker.check)
        let users = try users(["alice": hash, "bob": Self.other])
        for _ in 0..<5 { #expect(await checks.verdict(on: credentials("eve", "sesame"), users: users) == .wrong) }
        let seen = checker.hashes.withLock { $0 }
        #expect(seen.count == 5 && seen.allSatisfy { $0 == seen[0] } && users.values.contains(seen[0]))
        // Among many names, both hashes are used.
        for number in 0..<64 { _ = await checks.verdict(on: credentials("u\(number)", "x"), users: users) }
        let all = checker.hashes.withLock { $0 }
        #expect(users.values.allSatisfy { all.contains($0) })
    }

    @Test("User, hash and password cannot be split differently to hit another entry of the cache")
    func unpoisonable() async throws {
        let checker = Checker()
        let checks = PasswordChecks(check: checker.check)
        let users = try users(["alice": hash, "alic": hash])
        #expect(await checks.verdict(on: credentials("alice", "sesame"), users: users) == .right)
        // CVE-2022-46146: the cache's key was the concatenation of all parts.
        for (user, password) in [
            ("alic", "e\(hash)sesame"), ("alice\(hash)", "sesame"), ("alice", "\(hash)sesame"),
            ("", "alice\(hash)sesame"),
        ] {
            #expect(await checks.verdict(on: credentials(user, password), users: users) == .wrong)
        }
    }

    @Test("Checks run one at a time; beyond the limit of waiting checks, the answer is busy; cached ones do not wait")
    func bounded() async throws {
        let (started, release) = (Event(), Event())
        let users = try users(["alice": hash])
        let checks = PasswordChecks(waitingLimit: 2) { _, password in
            if password == Array("sesame".utf8) { return true }
            started.happen()
            await release.wait()
            return false
        }
        let alice = credentials("alice", "sesame")
        #expect(await checks.verdict(on: alice, users: users) == .right)
        let guess = credentials("alice", "guess")
        await withTaskGroup(of: PasswordChecks.Verdict.self) { group in
            group.addTask { await checks.verdict(on: guess, users: users) }
            await started.wait()
            for _ in 0..<5 { group.addTask { await checks.verdict(on: guess, users: users) } }
            // One is being checked and two are waiting, so three of the five are refused.
            var verdicts: [PasswordChecks.Verdict] = []
            while verdicts.count < 3, let verdict = await group.next() { verdicts.append(verdict) }
            #expect(verdicts == [.busy, .busy, .busy])
            #expect(await checks.verdict(on: alice, users: users) == .right)
            release.happen()
            for await verdict in group { #expect(verdict == .wrong) }
        }
    }
}
