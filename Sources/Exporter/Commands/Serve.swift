import ArgumentParser
import Configuration
import Documents
import Glibc
import Logging
import MariaDB
import Metrics
import Monitoring
import Presentation
import ServiceLifecycle
import Threads
import UnixSignals
import Web

/// The exporter itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves metrics over HTTP (the default).")

    @OptionGroup var source: ConfigurationOptions

    @Flag(name: .customLong("config.check"), help: "Check the configuration, report every problem, and exit.")
    var checksOnly = false

    @Option(
        name: .customLong("web.listen-address"),
        help: ArgumentHelp(
            "Address to listen on; repeatable. :PORT for all interfaces, HOST:PORT, [IPv6]:PORT or unix:PATH.",
            valueName: "address"))
    var listenAddresses: [String] = [":19104"]

    @Option(
        name: .customLong("web.telemetry-path"),
        help: ArgumentHelp("Path under which metrics are served.", valueName: "path"))
    var telemetryPath = "/metrics"

    @Option(
        name: .customLong("web.config.file"),
        help: ArgumentHelp(
            "File with TLS, passwords and headers, in exporter-toolkit's format (docs/web.md).", valueName: "path")
    )
    var webConfigurationPath: String?

    @Flag(
        name: .customLong("web.systemd-socket"),
        help: "Listen on the sockets passed by systemd (a .socket unit), instead of --web.listen-address.")
    var listensOnActivatedSockets = false

    @Flag(
        name: .customLong("web.enable-lifecycle"),
        help:
            "Allow requests that change state: POST /-/reload, and POST to the path of a node, a set or a failover rule, which moves traffic."
    )
    var isLifecycleEnabled = false

    @OptionGroup var agent: AgentOptions

    @OptionGroup var keeping: KeepingOptions

    @Option(
        name: .customLong("scrape.timeout-offset"),
        help: ArgumentHelp("How many seconds before Prometheus' scrape timeout a scrape ends.", valueName: "seconds"))
    var timeoutOffset = 0.5

    @Option(
        name: .customLong("log.level"),
        help: ArgumentHelp("Minimum log level.", valueName: "level"))
    var logLevel = LogLevel.info

    @Option(
        name: .customLong("log.format"), help: ArgumentHelp("Log format.", valueName: "format"))
    var logFormat = LogFormat.logfmt

    func validate() throws {
        guard telemetryPath.hasPrefix("/"), telemetryPath != "/",
            !telemetryPath.contains(where: { "?#: ".contains($0) })
        else { throw ValidationError("--web.telemetry-path must be a path such as /metrics, not /.") }
        guard !Routes.takenPaths.contains(telemetryPath) else {
            throw ValidationError("--web.telemetry-path: another endpoint is served at \(telemetryPath).")
        }
        guard (0...3600).contains(timeoutOffset) else {
            throw ValidationError("--scrape.timeout-offset must be between 0 and 3600 seconds.")
        }
        do {
            _ = try listenAddresses.map { try ListenAddress($0) }
        } catch {
            throw ValidationError("--web.listen-address: \(error)")
        }
    }

    func run() async throws {
        let sink = LogSink()
        let logger = makeLogger(sink)
        // Before anything that takes long: a unit may be reloaded as soon as it has been started.
        let hangups = await HangupReload.trap()
        let ((configuration, configurationWarnings), protection) = try loadBothOrExplain(logger)
        let warnings = configurationWarnings + (protection?.warnings ?? [])
        if checksOnly {
            // What systemd makes for the service is not there for a check in a terminal.
            let outside = try refuseUnreadableFiles(of: configuration, except: \.isOfService)
            for warning in warnings where !outside.contains(warning) { print("warning: \(warning)") }
            for problem in outside { print("warning: \(problem) (outside of the service)") }
            let nodes = Amount.count(configuration.nodes.count, "node")
            let sets = Amount.count(configuration.sets.count, "replication set")
            print("configuration is valid: \(nodes) in \(sets)")
            return
        }
        for warning in warnings { logger.warning("\(warning)") }
        try refuseUnreadableFiles(of: configuration) { _ in false }

        MallocSettings.apply()
        PrivateMemory.applyToRelease()
        let openFiles = try sharedOpenFiles(configuration, logger)
        let environment = ProcessEnvironment.variables
        let fleet = try Fleet(
            configuration, environment: environment, keeping: try keeping.keeping(logger), logger: logger)
        let reloads = ReloadSource(source, started: configuration)
        let live = try LiveFleet(fleet, logger: logger, admit: { try openFiles.check($0, after: $1) }) {
            () throws(ConfigurationError) in try reloads.load()
        }
        sink.detach(at: try BlockingDesk(name: "log"))
        do {
            try await serve(live, HangupReload(live, on: hangups), openFiles, protection, logger)
            logger.info("stopped")
        } catch {
            await sink.attach()
            throw error
        }
        await sink.attach()
    }

    /// An unreadable password or certificate is an error now, while somebody is looking; for reloads, see `ReloadSource`.
    /// - Returns: the problems of the files to except.
    @discardableResult
    private func refuseUnreadableFiles(
        of configuration: Configuration, except: (UnreadableFile) -> Bool
    ) throws -> [Problem] {
        let unreadable = source.unreadableFiles(of: configuration)
        let problems = unreadable.filter { !except($0) }.map(\.problem)
        guard problems.isEmpty else {
            ConfigurationError(problems: problems).explain()
            throw ExitCode(2)
        }
        return unreadable.map(\.problem)
    }

    private func serve(
        _ live: LiveFleet, _ hangups: HangupReload, _ openFiles: OpenFiles, _ protection: WebConfigurationFile?,
        _ logger: Logger
    ) async throws {
        let counter = RequestCounter(routes: Routes.paths(telemetryPath: telemetryPath))
        let nodeChecks = try agent.nodeChecks(isLifecycleEnabled: isLifecycleEnabled, logger)
        defer { nodeChecks.operators.logUnwritten() }
        let routes = Routes(
            live: live, counter: counter, telemetryPath: telemetryPath, timeoutOffset: .seconds(timeoutOffset),
            isLifecycleEnabled: isLifecycleEnabled,
            nodeChecks: nodeChecks)
        let router = routes.router
        let listener = Listener(
            options: try listenerOptions(openFiles, logger), protection: protection, logger: logger,
            onRefusal: { counter.count(route: Router.unknown, code: $0) },
            handler: { await routes.answer($0, router) })
        // The first is the last to end: probes and connections go when no request comes any more.
        var services: [any Service] = [live, listener]
        var listeners = [listener]
        if let agent = try agentListener(routes, openFiles, logger) {
            services.append(agent)
            listeners.append(agent)
        }
        let readiness = Task { [listeners] in
            // If one cannot listen, the group below fails with the reason, and nothing is ready.
            for listener in listeners {
                guard (try? await listener.boundAddresses) != nil else { return }
            }
            ServiceManager.notify("READY=1", environment: ProcessEnvironment.variables)
        }
        defer { readiness.cancel() }
        services.append(hangups)
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch let error as ListenerError {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }

    private func agentListener(_ routes: Routes, _ openFiles: OpenFiles, _ logger: Logger) throws -> Listener? {
        do throws(ListenerError) {
            return try agent.listener(routes, maxConnections: openFiles.clients, logger)
        } catch {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }

    private func sharedOpenFiles(_ configuration: Configuration, _ logger: Logger) throws -> OpenFiles {
        do throws(OpenFiles.TooFew) {
            let openFiles = try OpenFiles(
                limit: Int(clamping: ProcessEnvironment.raiseOpenFileLimit()), configuration,
                addresses: [listenAddresses.count, agent.addressCount])
            openFiles.warn(logger)
            return openFiles
        } catch {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }

    private func listenerOptions(_ openFiles: OpenFiles, _ logger: Logger) throws -> ListenerOptions {
        do {
            var options = ListenerOptions(
                addresses: listensOnActivatedSockets
                    ? try ActivatedSockets.addresses(for: .web, environment: ProcessEnvironment.variables)
                    : try listenAddresses.map { try ListenAddress($0) })
            options.maxConnections = min(options.maxConnections, openFiles.clients)
            return options
        } catch {
            logger.error("\(error)")
            throw ExitCode.failure
        }
    }

    /// Loads the configuration and the web configuration; the problems of both are reported at once.
    private func loadBothOrExplain(
        _ logger: Logger
    ) throws -> ((configuration: Configuration, warnings: [Warning]), WebConfigurationFile?) {
        let protection: Result<WebConfigurationFile?, ConfigurationError>
        do throws(ConfigurationError) {
            protection = .success(
                try webConfigurationPath.map { path throws(ConfigurationError) in
                    try WebConfigurationFile(path: path, logger: logger)
                })
        } catch {
            protection = .failure(error)
            error.explain()
        }
        let configuration = try source.loadOrExplain()
        guard case .success(let protection) = protection else { throw ExitCode(2) }
        return (configuration, protection)
    }

    private func makeLogger(_ sink: LogSink) -> Logger {
        let format = logFormat
        let level = logLevel.level
        LoggingSystem.bootstrap { _ in LineLogHandler(logLevel: level, format: format, sink: sink) }
        return Logger(label: "exporter")
    }
}

enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warning, error

    /// In any case, and with `warn`, as other exporters call it.
    init?(argument: String) {
        let name = argument.lowercased()
        self.init(rawValue: name == "warn" ? LogLevel.warning.rawValue : name)
    }

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
