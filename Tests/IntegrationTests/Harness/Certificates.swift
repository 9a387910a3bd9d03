import Foundation
import ReplicationTesting

/// Certificates of private authorities, made with openssl(1) in a folder that is removed with the test.
struct Certificates {
    let folder: String

    /// Makes a certificate `<name>.pem` and its key `<name>.key`.
    /// - Parameters:
    ///   - authority: the signing authority; nil for a self-signed one.
    ///   - names: as in subjectAltName, such as `IP:127.0.0.1`.
    ///   - days: until it expires; negative for one that has.
    func make(_ name: String, by authority: String? = nil, names: String? = nil, days: Int = 2) throws {
        let request = [
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
        ]
        let key = ["-keyout", "\(folder)/\(name).key"]
        if let authority {
            let extensions = names.map { ["-addext", "subjectAltName=\($0)"] } ?? []
            try openssl(request + key + extensions + ["-out", "\(folder)/\(name).csr"])
            try openssl([
                "x509", "-req", "-in", "\(folder)/\(name).csr", "-CA", "\(folder)/\(authority).pem", "-CAkey",
                "\(folder)/\(authority).key", "-CAcreateserial", "-copy_extensions", "copy", "-days", "\(days)", "-out",
                "\(folder)/\(name).pem",
            ])
        } else {
            try openssl(request + key + ["-x509", "-days", "\(days)", "-out", "\(folder)/\(name).pem"])
        }
        // A database server reads it as another user.
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder)/\(name).key")
    }

    func openssl(_ arguments: [String]) throws {
        let outcome = try runProgram(["openssl"] + arguments)
        guard outcome.status == 0 else { throw Failure("openssl \(arguments.joined(separator: " ")): \(outcome.text)") }
    }
}
