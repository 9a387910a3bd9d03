import Foundation
import Testing

@testable import MariaDB

@Suite("The system's certificate authorities")
struct SystemAuthoritiesTests {
    /// Not acceptable to OpenSSL, but complete as far as its length shows.
    private static func certificate(_ number: UInt8) -> String {
        let body = Data([0x30, 4, 2, 2, 0, number]).base64EncodedString()
        return "# number \(number)\n-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n"
    }

    private static func certificates(_ numbers: [UInt8]) -> String { numbers.map(certificate).joined() }

    /// A temporary folder with a bundle of these certificates and a directory with these files.
    private struct Store {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString)").path

        init(bundle: String?, _ files: [String: String]) throws {
            try FileManager.default.createDirectory(atPath: "\(folder)/certs", withIntermediateDirectories: true)
            if let bundle { try write(bundle, to: "cert.pem") }
            for (name, text) in files { try write(text, to: "certs/\(name)") }
        }

        func write(_ text: String, to name: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }

        func authorities(_ environment: [String: String] = [:]) -> SystemAuthorities {
            SystemAuthorities(
                environment: { environment[$0] }, defaultFile: "\(folder)/cert.pem", defaultDirectory: "\(folder)/certs"
            )
        }
    }

    private func withStore(
        bundle: String?, _ files: [String: String], _ body: (Store) throws -> Void
    ) throws {
        let store = try Store(bundle: bundle, files)
        defer { store.remove() }
        try body(store)
    }

    private static let hashed = ["002c0b4f.0": certificate(1), "002c0b4f.1": certificate(2)]

    @Test("Directories with the bundle's content are used instead of it, even if the configuration names it")
    func directories() throws {
        try withStore(bundle: Self.certificates([1, 2]), Self.hashed) { store in
            let authorities = store.authorities()
            #expect(
                authorities.sources == .init(bundle: nil, directories: "\(store.folder)/certs", isSame: true))
            #expect(authorities.isBundle("\(store.folder)/certs/../cert.pem"))
            #expect(!authorities.isBundle("\(store.folder)/certs/002c0b4f.0"))
            #expect(!authorities.isBundle("\(store.folder)/none"))
        }
    }

    @Test("A directory with more certificates does not replace a bundle that the configuration names")
    func more() throws {
        try withStore(bundle: Self.certificates([1]), Self.hashed) { store in
            let sources = store.authorities().sources
            #expect(sources.bundle == nil && !sources.isSame)
        }
    }

    @Test(
        "A bundle that contains anything more is read as well, however many links there are",
        arguments: [[3], [1, 2, 3], [1, 3]] as [[UInt8]])
    func lessThanBundle(bundle: [UInt8]) throws {
        // Links that lead nowhere or to something else, and files whose names are not hashes.
        let others = [
            "01234567.0": "", "01234567.1": Self.certificate(9), "01234567.2": Self.certificate(8),
            "x.pem": Self.certificate(3), "0123456.0": Self.certificate(3), "0123456A.0": Self.certificate(3),
            "01234567.r0": Self.certificate(3), "01234567-0": Self.certificate(3),
        ]
        try withStore(bundle: Self.certificates(bundle), Self.hashed.merging(others) { $1 }) { store in
            let sources = store.authorities().sources
            #expect(sources.bundle == "\(store.folder)/cert.pem" && sources.directories == "\(store.folder)/certs")
            #expect(!sources.isSame)
        }
    }

    @Test("Only the first certificate of a linked file counts")
    func firstOfFile() throws {
        try withStore(bundle: Self.certificates([1, 2]), ["002c0b4f.0": Self.certificates([1, 2])]) { store in
            #expect(store.authorities().sources.bundle != nil)
        }
    }

    @Test("A bundle with a broken entry would be an error to libmariadb, so it is left out if there is a directory")
    func broken() throws {
        for text in ["!", "MAQC", "MAkCAgAB", "AAQCAgAB", ""] {
            let entry = "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
            try withStore(bundle: Self.certificate(1) + entry, Self.hashed) { store in
                let sources = store.authorities().sources
                #expect(sources.bundle == nil && !sources.isSame, "\(text)")
            }
            try withStore(bundle: Self.certificate(1) + entry, [:]) { store in
                #expect(store.authorities().sources.bundle != nil, "\(text)")
            }
        }
    }

    @Test("The environment overrides the defaults; all of several directories count")
    func environment() throws {
        try withStore(bundle: Self.certificate(1), Self.hashed) { store in
            try store.write(Self.certificate(3), to: "other.pem")
            let other = store.authorities(["SSL_CERT_FILE": "\(store.folder)/other.pem"]).sources
            #expect(other.bundle == "\(store.folder)/other.pem")
            let list = "/nonexistent:\(store.folder)/certs"
            let several = store.authorities(["SSL_CERT_DIR": list]).sources
            #expect(several.bundle == nil && several.directories == list)
            let none = store.authorities(["SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": ""]).sources
            #expect(none == .init(bundle: nil, directories: "", isSame: false))
        }
    }

    @Test("Changes while the process is running are noticed")
    func changes() throws {
        try withStore(bundle: nil, [:]) { store in
            let authorities = store.authorities()
            #expect(authorities.sources == .init(bundle: nil, directories: "\(store.folder)/certs", isSame: false))
            try store.write(Self.certificates([1, 2]), to: "cert.pem")
            #expect(authorities.sources.bundle == "\(store.folder)/cert.pem")
            for (name, text) in Self.hashed { try store.write(text, to: "certs/\(name)") }
            #expect(authorities.sources.bundle == nil && authorities.sources.isSame)
            try store.write(Self.certificate(1), to: "cert.pem")
            #expect(!authorities.sources.isSame)
        }
    }

    @Test("The libmariadb under test uses OpenSSL, and does not read a bundle for each connection")
    func thisSystem() {
        #expect(SystemAuthorities.ofThisSystem != nil)
        ClientLibrary.settleEnvironment()
        #expect(getenv("SSL_CERT_FILE").map { String(cString: $0) } == "/dev/null")
    }
}
