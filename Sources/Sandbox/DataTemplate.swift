import Foundation

/// A freshly initialised data directory, made once per server version and copied for every server: initialising takes
/// seconds, copying a tenth of a second.
struct DataTemplate: Sendable {
    /// On this machine.
    let path: String

    /// Part of the cached folder's name; to be raised when the content of a template changes.
    private static let format = 2

    /// The cached template, made now if there is none.
    init(for software: ServerSoftware, in folder: SandboxFolder, group: pid_t) async throws(SandboxError) {
        guard let cache = cacheFolder() else {
            // Without a home folder there is no cache: made once per sandbox.
            path = try await Self.initialise(software, in: folder, group: group)
            return
        }
        let user = geteuid() == 0 ? "mysql" : "\(geteuid())"
        let templates = "\(cache)/templates"
        let kept = "\(templates)/\(software.flavor.rawValue)-\(software.version)-\(user)-\(Self.format)"
        if access(kept, F_OK) != 0 {
            let fresh = try await Self.initialise(software, in: folder, group: group)
            do {
                try FileManager.default.createDirectory(atPath: templates, withIntermediateDirectories: true)
            } catch {
                throw .system(doing: "make \(templates)", errno: errno)
            }
            // Gets its final name only when complete: another sandbox may be looking.
            let copy = "\(kept).\(getpid())-\(UUID().uuidString)"
            try await Self.copy(fresh, to: copy, folder: folder, group: group)
            if rename(copy, kept) != 0 { try? FileManager.default.removeItem(atPath: copy) }
            try? FileManager.default.removeItem(atPath: fresh)
        }
        path = kept
    }

    /// Makes a data directory from the template.
    func copy(to data: String, folder: SandboxFolder, group: pid_t) async throws(SandboxError) {
        try await Self.copy(path, to: data, folder: folder, group: group)
    }

    private static func copy(
        _ from: String, to target: String, folder: SandboxFolder, group: pid_t
    ) async throws(SandboxError) {
        try await ChildProcess.run(
            ["cp", "-a", "--reflink=auto", from, target], group: group, output: "\(folder.path)/copy.log")
    }

    private static func initialise(
        _ software: ServerSoftware, in folder: SandboxFolder, group: pid_t
    ) async throws(SandboxError) -> String {
        let data = try folder.makeServerFolder("template")
        let temporary = try folder.makeServerFolder("template-tmp")
        let common = [
            "--no-defaults", "--datadir=\(folder.inside(data))", "--tmpdir=\(folder.inside(temporary))",
            "--innodb-buffer-pool-size=16M",
        ]
        let user = folder.user == nil ? [] : ["--user=mysql"]
        let command: [String]
        switch software.flavor {
        case .mariadb:
            let installer =
                software.root == nil
                ? executablePath("mariadb-install-db") ?? "mariadb-install-db" : "mariadb-install-db"
            // Forced, because in a bare root not even `localhost` can be resolved, and nothing needs it to be.
            command =
                [installer] + common + user + [
                    "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force",
                    "--innodb-log-file-size=4M",
                ]
        case .mysql:
            command =
                [software.executable] + common + user + [
                    "--initialize-insecure", "--secure-file-priv=", "--disable-log-bin",
                    "--innodb-redo-log-capacity=16M",
                ]
        }
        try await ChildProcess.run(software.command(command), group: group, output: "\(folder.path)/initialise.log")
        // Contains the server's UUID; every copy needs its own.
        unlink("\(data)/auto.cnf")
        return data
    }
}
