import ArgumentParser
import Configuration
import Glibc
import Logging
import Monitoring
import Traffic

/// The failover answer for an `extend` line of snmpd: a line with the number, with nothing before it.
struct FailoverCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover-check",
        abstract: "Prints 100 (send to the preferred node) or 200 (send to the standby) by the set's failover rule.",
        discussion: """
            The exit code is 0 for either answer. Any other exit code means that there is no answer: nothing is printed, and the \
            problem goes to standard error, as does the reason for every answer except the ordinary 100.

            Each run is a newly started checker, which has to look at replication before it answers, unless \
            --state.directory keeps the state of the previous run.
            """)

    @OptionGroup var source: ConfigurationOptions

    @OptionGroup var keeping: KeepingOptions

    @Flag(help: "Declare, as the operator, that the preferred node has all the data, whatever replication reports.")
    var accept = false

    @Argument(help: "The replication set.")
    var set: String

    /// The named set, which must have a rule; otherwise says what is missing.
    private func configuredSet(in configuration: Configuration) throws -> ReplicationSet {
        guard let set = configuration.set(named: set) else {
            let names = configuration.sets.map(\.name).joined(separator: ", ")
            StandardError.print("no replication set is named \(set.debugDescription); configured sets: \(names)")
            throw ExitCode(2)
        }
        guard set.failover != nil else {
            StandardError.print(
                "replication set \(set.name.debugDescription) has no failover rule: add failover: {preferred: …, standby: …, "
                    + "table: …} to it in the configuration file")
            throw ExitCode(2)
        }
        return set
    }

    func run() async throws {
        let configuration = try source.loadOrExplain().configuration
        let set = try configuredSet(in: configuration)
        // The other sets do not matter here.
        let quiet = Logger(label: "failover") { _ in SwiftLogNoOpLogHandler() }
        let directory = keeping.stateDirectory(.command, quiet)
        let kept = Keeping(directory.map { .directory($0) } ?? .nowhere, checker: keeping.name)
        let fleet = try Fleet(
            Configuration(sets: [set]), environment: ProcessEnvironment.variables,
            keeping: kept, isOneShot: true, logger: quiet)
        if accept { _ = fleet.acceptPreferred(set.name) }
        guard let (_, decision) = await fleet.failover(set.name) else { throw ExitCode.failure }
        if let answer = decision.answer { print(answer.rawValue) }
        // snmpd reads both streams as output, so the number has to come first.
        fflush(nil)
        let logger = Logger(label: "failover") { _ in LineLogHandler(logLevel: .info, format: .logfmt) }
        decision.log(to: logger, of: set.name)
        if let complaint = directory?.complaint {
            logger.warning(
                "state is not kept", metadata: ["replication_set": "\(set.name)", "reason": "\(complaint)"])
        }
        await fleet.close()
        if decision.answer == nil { throw ExitCode.failure }
    }
}
