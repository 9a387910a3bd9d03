import ArgumentParser
import Logging
import Monitoring
import Presentation
import Threads

/// Where state is kept across restarts, and the name under which checks are recorded.
struct KeepingOptions: ParsableArguments {
    @Option(
        name: .customLong("state.directory"),
        help: ArgumentHelp(
            "Directory that keeps, across restarts, which nodes took each set's writes and the last failover check.",
            valueName: "path"))
    var directory: String?

    @Option(
        name: .customLong("failover.checker"),
        help: ArgumentHelp(
            "The name under which failover checks are recorded in the table; by default the host name. Only this "
                + "checker's own checks count.", valueName: "name"))
    var checker: String?

    func validate() throws {
        if let checker, !(1...100).contains(checker.unicodeScalars.count) || checker.printable != checker {
            throw ValidationError("--failover.checker must be 1 to 100 printable characters.")
        }
        if let directory, !Directory.exists(directory) {
            throw ValidationError("--state.directory: \(directory) is not a directory.")
        }
    }

    /// - Throws: `ThreadError`.
    func keeping(_ logger: Logger, as role: StateDirectory.Checker = .exporter) throws(ThreadError) -> Keeping {
        let name = checker ?? ProcessEnvironment.hostName
        let state = try directory.map { directory throws(ThreadError) in
            try StateKeeper(StateDirectory(directory, checker: role, name: name, logger: logger))
        }
        return Keeping(state: state, checker: name)
    }
}

extension Keeping {
    /// For commands that run a single round.
    static let nothing = Keeping(state: nil, checker: ProcessEnvironment.hostName)
}
