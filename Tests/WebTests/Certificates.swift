import Foundation
import NIOSSL

/// Authorities and certificates for the tests, made anew by openssl(1) in a folder of their own.
struct Certificates: Sendable {
    let folder: String

    /// Made once for all tests.
    static let shared = Task { try Certificates() }

    private init() throws {
        folder = NSTemporaryDirectory() + "web-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for authority in ["ca", "other-ca"] {
            try openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=\(authority)"
                    + " -keyout \(authority).key -out \(authority).pem")
        }
        try make("server", names: "DNS:localhost,IP:127.0.0.1")
        try make("server-2", names: "DNS:localhost")
        try make("server-rsa", names: "DNS:localhost", key: "-newkey rsa:2048")
        try make(
            "client", names: "DNS:prometheus,email:ops@example.com,URI:spiffe://ops/prometheus,IP:10.0.0.1,IP:fd00::1")
        try make("stranger", names: "DNS:prometheus", authority: "other-ca")
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// A client's configuration that trusts the authority, and shows a certificate if one is named.
    func client(_ certificate: String? = nil) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(path("ca.pem"))
        if let certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(path("\(certificate).pem"))
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: path("\(certificate).key"), format: .pem))
        }
        return configuration
    }

    private func make(
        _ name: String, names: String, authority: String = "ca",
        key: String = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    ) throws {
        try openssl("req \(key) -nodes -subj /CN=\(name) -keyout \(name).key -out \(name).csr")
        try "subjectAltName=\(names)".write(toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
        try openssl(
            "x509 -req -in \(name).csr -CA \(authority).pem -CAkey \(authority).key -CAcreateserial -days 2"
                + " -extfile \(name).ext -out \(name).pem")
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(filePath: folder)
        let output = Pipe()
        process.standardError = output
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let complaint = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(text: String(decoding: complaint, as: UTF8.self)) }
    }

    private struct Failed: Error { let text: String }
}

/// Runs `body` with the path of a web configuration file of that text, gone afterwards.
func withWebConfiguration<Result>(
    _ text: String, _ body: (String) async throws -> Result
) async throws -> Result {
    let path = NSTemporaryDirectory() + "web-\(UUID().uuidString).yml"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
