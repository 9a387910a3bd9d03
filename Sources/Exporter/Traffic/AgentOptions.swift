import ArgumentParser
import Logging
import Threads
import Web

/// How HAProxy's agent checks are served, and where operators set the states of nodes.
struct AgentOptions: ParsableArguments {
    @Option(
        name: .customLong("agent.listen-address"),
        help: ArgumentHelp(
            "Address on which to answer HAProxy's agent checks; repeatable. [HOST]:PORT or unix:PATH. agent-send names the node.",
            valueName: "address"))
    var listenAddresses: [String] = []

    @Flag(
        name: .customLong("agent.systemd-socket"),
        help:
            "Answer agent checks on the sockets passed by systemd whose unit has FileDescriptorName=agent, instead of --agent.listen-address."
    )
    var listensOnActivatedSockets = false

    @Option(
        name: .customLong("agent.state-directory"),
        help: ArgumentHelp(
            "Directory in which a file named after a node and containing drain or maint keeps traffic away from that node; "
                + "POST /nodes/… writes there. Without it, states set by POST are lost when the exporter exits.",
            valueName: "path"))
    var stateDirectory: String?

    /// The number of addresses to listen on, as far as it is known before a service manager's sockets are looked at.
    var addressCount: Int { listensOnActivatedSockets ? 1 : listenAddresses.count }

    func validate() throws {
        do throws(ListenerError) {
            for address in listenAddresses { _ = try ListenAddress(address) }
        } catch {
            throw ValidationError("--agent.listen-address: \(error)")
        }
        if let stateDirectory, !Directory.exists(stateDirectory) {
            throw ValidationError("--agent.state-directory: \(stateDirectory) is not a directory.")
        }
    }

    func nodeChecks(isLifecycleEnabled: Bool, _ logger: Logger) throws(ThreadError) -> NodeChecks {
        if isLifecycleEnabled, addressCount > 0, stateDirectory == nil {
            logger.warning(
                "without --agent.state-directory, a drain or maint set by POST /nodes/… stays in effect in HAProxy if the exporter is restarted before it has ended"
            )
        }
        return NodeChecks(try OperatorDesk(directory: stateDirectory, logger: logger))
    }

    /// Nil if none is configured.
    func listener(_ routes: Routes, maxConnections: Int, _ logger: Logger) throws(ListenerError) -> Listener? {
        var addresses: [ListenAddress] = []
        if listensOnActivatedSockets {
            addresses = try ActivatedSockets.addresses(for: .agent, environment: ProcessEnvironment.variables)
        } else {
            for address in listenAddresses { addresses.append(try ListenAddress(address)) }
        }
        if addresses.isEmpty { return nil }
        var options = ListenerOptions(addresses: addresses)
        options.maxConnections = min(options.maxConnections, maxConnections)
        // Room for a node's name, a check and limits.
        options.maxHeadBytes = 512
        options.headTimeout = .seconds(5)
        options.writeTimeout = .seconds(5)
        options.shutdownGrace = .seconds(2)
        var logger = logger
        logger[metadataKey: "protocol"] = "agent"
        return Listener(options: options, logger: logger) { await routes.agentReply(to: $0) }
    }
}
