import Foundation

/// A database server program that the sandbox can start, and its location.
package struct ServerSoftware: Sendable, CustomStringConvertible {
    package enum Flavor: String, Sendable {
        case mariadb, mysql
    }

    package let flavor: Flavor
    /// As the program prints it, such as `10.11.19-MariaDB-0+deb12u1` or `9.7.4-2`.
    package let version: String
    /// The server program's path, as seen from inside `root`.
    package let executable: String
    /// The folder that it runs in under chroot(8); nil if it runs directly on this machine.
    package let root: String?

    /// Flavor and release series, such as `mariadb-10.11`, `mysql-9.7`: the name of its fixture folder.
    package var series: String {
        let numbers = version.prefix { $0.isNumber || $0 == "." }.split(separator: ".").prefix(2)
        return "\(flavor.rawValue)-\(numbers.joined(separator: "."))"
    }

    package var description: String { "\(series) (\(version))" }

    /// Asks the program for its version.
    /// - Throws: `SandboxError.software` if it does not run or is neither MariaDB nor MySQL.
    init(executable: String, root: String?) async throws(SandboxError) {
        let log = "\(temporaryFolder())/sandbox-version-\(UUID().uuidString)"
        defer { unlink(log) }
        let command = Self.command([executable, "--no-defaults", "--version"], in: root)
        do {
            try await ChildProcess.run(command, group: 0, output: log)
        } catch {
            throw .software("\(executable)\(root.map { " in \($0)" } ?? "") does not run: \(error)")
        }
        // "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for …", "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on …"
        let output = lastLines(of: log)
        let words = output.split(whereSeparator: \.isWhitespace)
        guard let label = words.firstIndex(of: "Ver"), label + 1 < words.count else {
            throw .software("\(executable) is not a database server: its --version says \"\(output)\"")
        }
        version = String(words[label + 1])
        flavor = version.contains("MariaDB") ? .mariadb : .mysql
        self.executable = executable
        self.root = root
    }

    /// Wraps a command so that it runs inside the root.
    /// - Parameter seesProcesses: it needs /proc, as Galera's scripts do. There it is mounted for this command alone.
    func command(_ command: [String], seesProcesses: Bool = false) -> [String] {
        Self.command(command, in: root, seesProcesses: seesProcesses)
    }

    private static func command(_ command: [String], in root: String?, seesProcesses: Bool = false) -> [String] {
        guard let root else { return command }
        let mounting =
            seesProcesses ? [executablePath("unshare") ?? "unshare", "--mount", "--mount-proc=\(root)/proc"] : []
        return mounting + [executablePath("chroot") ?? "chroot", root] + command
    }
}

/// The path of a program in PATH or in the system's program folders, which users seldom have in theirs.
func executablePath(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin", "/sbin"])
        .map { "\($0)/\(name)" }
        .first { access($0, X_OK) == 0 }
}

/// $TMPDIR or /tmp.
func temporaryFolder() -> String {
    let named = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
    guard named.hasPrefix("/") else { return "/tmp" }
    return named.count > 1 && named.hasSuffix("/") ? String(named.dropLast()) : named
}
