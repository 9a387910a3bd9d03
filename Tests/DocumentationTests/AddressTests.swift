import Foundation
import ReplicationTesting
import Testing

/// Whoever registers a name that the project points to answers those who follow the link: nothing in the tree may point to one
/// that nobody of the project owns.
@Suite("Addresses in the tree")
struct AddressTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Hosts of others, with what is linked to there; names that are reserved (RFC 2606) or local; and a field of a form.
    private static let known = [
        "github.com/apple/", "github.com/swift-server/", "github.com/prometheus/", "www.w3.org/", "www.apache.org/",
        "www.swift.org/", "www.debian.org/", "semver.org", "keepachangelog.com", "spdx.org",
        "json-schema.org", "www.contributor-covenant.org", "boringssl.googlesource.com/boringssl",
        // What servers say of themselves, and where a vendor keeps its authorities.
        "github.com/MariaDB/Server", "aws.amazon.com/rds/", "truststore.pki.rds.amazonaws.com/global/",
    ]

    private static func isLocal(_ host: Substring) -> Bool {
        let name = host.prefix { $0 != ":" }
        let isReserved = ["example", "invalid", "localhost", "test"].contains { name == $0 || name.hasSuffix(".\($0)") }
        let isExample = ["example.net", "example.com", "example.org"].contains {
            name == $0 || name.hasSuffix(".\($0)")
        }
        // Services of a cluster, and names that only a local network can have.
        return isReserved || isExample || !name.contains(".") || name.hasSuffix(".local")
            || name.allSatisfy { $0.isNumber || $0 == "." }
    }

    @Test("lead to somebody")
    func owned() throws {
        let address = /https?:\/\/([A-Za-z0-9.-]+(?::[0-9]+)?)([^\s"'`<>|)\\,]*)/
        var count = 0
        for file in try files() {
            guard let text = try? String(contentsOf: Self.root.appendingPathComponent(file), encoding: .utf8) else {
                continue
            }
            for match in text.matches(of: address) where !Self.isLocal(match.1) {
                count += 1
                let place = "\(match.1)\(match.2)"
                #expect(Self.known.contains { place.hasPrefix($0) }, "\(file): \(match.0)")
            }
        }
        #expect(count > 10, "\(count)")
    }

    /// What is kept in the repository; without git, what is in its folders.
    private func files() throws -> [String] {
        let git = try runProgram(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"], in: Self.root.path)
        let all =
            git.status == 0
            ? String(decoding: git.output, as: UTF8.self).split(separator: "\n").map(String.init)
            : FileManager.default.enumerator(atPath: Self.root.path)?.compactMap { $0 as? String } ?? []
        return all.filter { !$0.hasPrefix(".build") && !$0.hasPrefix("build/") && !$0.hasPrefix(".git/") }
    }
}
