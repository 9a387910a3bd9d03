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

    /// The exporter's.
    /// - Throws: `ThreadError`.
    func keeping(_ logger: Logger) throws(ThreadError) -> Keeping {
        guard let directory = stateDirectory(.exporter, logger) else { return Keeping(checker: name) }
        return Keeping(.keeper(try StateKeeper(directory)), checker: name)
    }

    /// Nil without `--state.directory`.
    func stateDirectory(_ checker: StateDirectory.Checker, _ logger: Logger) -> StateDirectory? {
        directory.map { StateDirectory($0, checker: checker, name: name, logger: logger) }
    }

    var name: String { checker ?? ProcessEnvironment.hostName }
}

extension Keeping {
    /// For commands that run a single round.
    static let nothing = Keeping(checker: ProcessEnvironment.hostName)
}
