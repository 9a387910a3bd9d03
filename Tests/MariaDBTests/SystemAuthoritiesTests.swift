import Foundation
import Testing

@testable import MariaDB

@Suite("The system's certificate authorities")
struct SystemAuthoritiesTests {
    private static let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

    /// A bundle of so many certificates beside a directory with these entries.
    private func authorities(
        bundle: Int?, links: [String], _ environment: [String: String] = [:],
        _ check: (SystemAuthorities, _ folder: String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/certs", withIntermediateDirectories: true)
        if let bundle {
            try String(repeating: Self.certificate, count: bundle)
                .write(toFile: "\(folder)/cert.pem", atomically: true, encoding: .utf8)
        }
        for link in links { try Data().write(to: URL(fileURLWithPath: "\(folder)/certs/\(link)")) }
        try check(
            SystemAuthorities(
                environment: { name in environment[name].map { $0.replacingOccurrences(of: "%", with: folder) } },
                defaultFile: "\(folder)/cert.pem", defaultDirectory: "\(folder)/certs"), folder)
    }

    @Test("A directory with a link for each is read in place of the bundle")
    func directory() throws {
        try authorities(bundle: 2, links: ["002c0b4f.0", "002c0b4f.1", "some.pem"]) {
            #expect($0.bundle == nil && $0.directory == "\($1)/certs")
            #expect($0.cover("\($1)/certs/../cert.pem") && !$0.cover("\($1)/certs/some.pem"))
        }
    }

    @Test("A bundle that somebody has added to is read as well; so is one beside a directory without links")
    func bundle() throws {
        try authorities(bundle: 3, links: ["002c0b4f.0", "02265526.0"]) {
            #expect($0.bundle == "\($1)/cert.pem" && $0.directory == "\($1)/certs")
            #expect(!$0.cover("\($1)/cert.pem"))
        }
        for links in [[], ["some.pem", "002c0b4.0", "002C0B4F.0", "002c0b4f.", "002c0b4f.r0", "002c0b4f-0"]] {
            try authorities(bundle: 1, links: links) {
                #expect($0.bundle == "\($1)/cert.pem" && $0.directory == nil, "\(links)")
            }
        }
    }

    @Test("The environment names others: a bundle that is named is always read, unless it is the system's")
    func environment() throws {
        try authorities(bundle: 1, links: ["002c0b4f.0"], ["SSL_CERT_FILE": "%/certs/../cert.pem"]) {
            #expect($0.bundle == nil && $0.directory == "\($1)/certs")
        }
        try authorities(bundle: 1, links: ["002c0b4f.0"]) { _, folder in
            try Self.certificate.write(toFile: "\(folder)/other.pem", atomically: true, encoding: .utf8)
            let named = SystemAuthorities(
                environment: { $0 == "SSL_CERT_FILE" ? "\(folder)/other.pem" : nil },
                defaultFile: "\(folder)/cert.pem", defaultDirectory: "\(folder)/certs")
            #expect(named.bundle == "\(folder)/other.pem" && named.directory == "\(folder)/certs")
        }
        try authorities(bundle: 1, links: ["002c0b4f.0"], ["SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "%"]) {
            #expect($0.bundle == nil && $0.directory == nil, "\($1)")
        }
    }

    @Test("Where there are none, none are named")
    func none() throws {
        try authorities(bundle: nil, links: []) { authorities, _ in
            #expect(authorities.bundle == nil && authorities.directory == nil)
        }
    }

    @Test("The libmariadb that is tested here has OpenSSL, and was kept from reading a bundle for each connection")
    func thisSystem() {
        #expect(SystemAuthorities.ofThisSystem != nil)
        Connection.settleEnvironment()
        #expect(getenv("SSL_CERT_FILE").map { String(cString: $0) } == "/dev/null")
    }
}
