package import Documents
internal import Glibc
internal import Replication

/// A file that a node's account or encryption needs, and that cannot be read now.
package struct UnreadableFile: Sendable, Hashable {
    package let problem: Problem
    /// Whether the file is made for a service, and is gone with it: its absence proves nothing outside.
    package let isOfService: Bool

    /// Where systemd, and Docker and Kubernetes, put the secrets of services.
    static let folders = ["/run/credentials/", "/run/secrets/"]
}

extension Configuration {
    /// Tries to read the files, each once. One that several nodes name is reported once.
    /// - Parameter path: of the configuration file, for messages.
    package func unreadableFiles(path: String, environment: [String: String]) -> [UnreadableFile] {
        var seen: Set<UnreadableFile> = []
        var unreadable: [UnreadableFile] = []
        for node in nodes {
            for file in node.unreadableFiles(path: path, environment: environment) where seen.insert(file).inserted {
                unreadable.append(file)
            }
        }
        return unreadable
    }
}

extension Node {
    fileprivate func unreadableFiles(path: String, environment: [String: String]) -> [UnreadableFile] {
        do throws(ConfigurationError) {
            let tls = try checkLogin(environment: environment)
            if case .unix = address { return [] }
            return tls.unreadable.map {
                UnreadableFile(problem: Problem(file: path, message: $0), isOfService: false)
            }
        } catch {
            let isOfService = credentials.levels.contains { level in
                guard case .files(let paths) = level.password else { return false }
                return paths.contains { path in UnreadableFile.folders.contains { path.hasPrefix($0) } }
            }
            return error.problems.map { UnreadableFile(problem: $0, isOfService: isOfService) }
        }
    }
}

extension TLSOptions {
    /// What is wrong with each file that matters in this mode.
    fileprivate var unreadable: [String] {
        if mode == .disabled { return [] }
        let files = [("ca", mode == .verifyIdentity ? ca : nil), ("cert", cert), ("key", key)]
        return files.compactMap { name, path in
            guard let path, access(path, R_OK) != 0 else { return nil }
            return "tls.\(name) \(shown(path: path)): \(TextFile.Failure(errno: errno).reason)"
        }
    }
}
