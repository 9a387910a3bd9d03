import Foundation

extension ServerSoftware {
    /// Finds server software by name.
    ///
    /// - `mariadb`: $MARIADBD, or `mariadbd` in PATH;
    /// - `mysql`: $MYSQLD, or `mysqld` in PATH if that is MySQL;
    /// - any other name: a root built by `scripts/server-root.sh NAME`.
    /// - Throws: `SandboxError.software`, with what to install or run.
    package static func find(_ name: String = "mariadb") async throws(SandboxError) -> ServerSoftware {
        switch name {
        case "mariadb":
            try await onThisMachine(.mariadb, variable: "MARIADBD", names: ["mariadbd", "mysqld"])
        case "mysql":
            try await onThisMachine(.mysql, variable: "MYSQLD", names: ["mysqld"])
        default:
            try await inRoot(name)
        }
    }

    /// The names that `find` would accept here: what is installed, and the roots that are built.
    package static func available() async -> [String] {
        var names: [String] = []
        for name in ["mariadb", "mysql"] where (try? await find(name)) != nil { names.append(name) }
        let roots = rootsFolder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        for root in roots.sorted() where (try? await find(root)) != nil { names.append(root) }
        return names
    }

    private static func onThisMachine(
        _ flavor: Flavor, variable: String, names: [String]
    ) async throws(SandboxError) -> ServerSoftware {
        let candidates: [String]
        if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty {
            candidates = [named]
        } else {
            candidates = names.compactMap(executablePath)
        }
        for candidate in candidates {
            let software = try await ServerSoftware(executable: candidate, root: nil)
            if software.flavor == flavor { return software }
        }
        throw .software(
            "no \(flavor.rawValue) server found: neither $\(variable) nor PATH names one"
                + (flavor == .mysql ? "; `scripts/server-root.sh mysql-9` builds one" : "; install mariadb-server"))
    }

    private static func inRoot(_ name: String) async throws(SandboxError) -> ServerSoftware {
        guard let folder = rootsFolder, !name.contains("/") else {
            throw .software("no server software is named \(name)")
        }
        let root = "\(folder)/\(name)"
        guard access("\(root)/.complete", F_OK) == 0 else {
            throw .software("\(name) is not built: run `scripts/server-root.sh \(name)` first (looked in \(folder))")
        }
        guard geteuid() == 0 else {
            throw .software("\(name) runs under chroot, which needs root")
        }
        for executable in ["/usr/sbin/mariadbd", "/usr/sbin/mysqld"] where access(root + executable, X_OK) == 0 {
            return try await ServerSoftware(executable: executable, root: root)
        }
        throw .software("\(root) contains no server program")
    }

    private static var rootsFolder: String? {
        if let named = ProcessInfo.processInfo.environment["SERVER_ROOTS"], !named.isEmpty { return named }
        return cacheFolder().map { "\($0)/roots" }
    }
}

/// This project's folder in the user's cache; nil if the environment names none.
func cacheFolder() -> String? {
    let environment = ProcessInfo.processInfo.environment
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
        return "\(cache)/mysql-replication-exporter"
    }
    return environment["HOME"].map { "\($0)/.cache/mysql-replication-exporter" }
}
