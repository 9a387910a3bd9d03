import Collection
import Configuration
import Exposition
import Glibc
import Metrics
import Monitoring
import Presentation
import Replication
import Threads
import Topology
import Web

/// What the listener serves: one line per endpoint.
struct Routes: Sendable {
    let live: LiveFleet
    let counter: RequestCounter
    let telemetryPath: String
    /// Subtracted from the scraper's own timeout, so that the answer arrives before it gives up.
    let timeoutOffset: Duration
    /// Whether `/-/reload` and other requests that change something are allowed.
    let isLifecycleEnabled: Bool
    let nodeChecks: NodeChecks
    private let memory = IdleMemory()
    /// For pages of whole sets: however many scrapes there are, a processor is left for the checks of balancers.
    private let pages = Turnstile(limit: min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1))

    /// How old the findings on the topology page may be. When opened, it shows at once what the last scrape found; then it
    /// refreshes every five seconds, and all viewers share a round.
    private static let firstViewAge = SetMonitor.longestAge
    private static let liveViewAge = Duration.seconds(4)

    /// Every endpoint except the metrics, whose path the user chooses.
    private static let endpoints = [
        Endpoint("GET", "/") { await $0.page($1, within: firstViewAge) { $0.response } },
        Endpoint("GET", "/topology.html") { await $0.page($1, within: liveViewAge) { $0.fragmentResponse } },
        Endpoint("GET", "/assets/:name") { _, request in PageAssets.response(request.parameters["name"]) },
        Endpoint("GET", "/probe") { await $0.probe($1) },
        Endpoint("GET", "/sd") { await $0.serviceDiscovery($1) },
        Endpoint("GET", "/topology.json") { await $0.topology($1) },
        // The page's links need the last slash.
        Endpoint("GET", "/runbooks") { _, _ in Response(status: 307, headers: ["Location": "runbooks/"]) },
        Endpoint("GET", "/runbooks/") { await $0.runbooks($1) },
        Endpoint("GET", "/runbooks/:alert") { await $0.runbook($1) },
        Endpoint("GET", "/docs/metrics") { await $0.metricsReference($1) },
        Endpoint("GET", "/config") { await $0.configuration($1) },
        Endpoint("GET", "/-/healthy") { _, _ in .text("mysql-replication-exporter is healthy.") },
        Endpoint("GET", "/-/ready") { _, _ in .text("mysql-replication-exporter is ready.") },
        Endpoint("POST", "/-/reload") { routes, _ in await routes.reload() },
        Endpoint("GET", "/failover/:set") { await $0.failover($1) },
        Endpoint("POST", "/failover/:set/accept") { await $0.acceptPreferred($1) },
        // HAProxy's httpchk uses OPTIONS by default.
        Endpoint("GET", "/nodes/:node/:question") { await $0.nodeCheck($1) },
        Endpoint("OPTIONS", "/nodes/:node/:question") { await $0.nodeCheck($1) },
        Endpoint("POST", "/nodes/:node/:state") { await $0.setNodeState($1) },
        Endpoint("POST", "/sets/:set/writer") { await $0.setWriter($1) },
        Endpoint("POST", "/sets/:set/complete") { await $0.setComplete($1) },
    ]

    /// The paths where metrics cannot be served.
    static var takenPaths: [String] { endpoints.map(\.path) }

    static func paths(telemetryPath: String) -> [String] { [telemetryPath] + takenPaths }

    var router: Router {
        var router = Router()
        router.on("GET", path: telemetryPath) { await metrics($0) }
        for endpoint in Self.endpoints {
            router.on(endpoint.method, path: endpoint.path) { await endpoint.answer(self, $0) }
        }
        return router
    }

    /// Answers a request and counts it.
    func answer(_ request: Request, _ router: Router) async -> Response {
        // In a flood, most clients have hung up before their turn.
        if Task.isCancelled { return .clientHasGone }
        let answer = await router.answer(request)
        counter.count(route: answer.route, code: answer.response.status)
        return answer.response
    }

    private func metrics(_ request: Request) async -> Response {
        let only = request.queryValues("only")
        guard only.isEmpty else {
            guard only == ["exporter"] else { return .text(status: 400, "only=exporter is the only value of 'only'") }
            return exporterMetrics(request)
        }
        return await round(
            request,
            Selection(sets: Set(request.queryValues("replication_set")), nodes: Set(request.queryValues("node")))
        ) { fleet, selection, findings, started in
            var families = fleet.families(of: findings, selection)
            families.add(statistics(since: started))
            return rendered(families.all, for: request)
        }
    }

    /// The exporter's own series, without asking any node: beside a job that scrapes the nodes at `/probe`, which has neither
    /// the process's resource use nor, while `/sd` has not been read, any target.
    private func exporterMetrics(_ request: Request) -> Response {
        var families = Families()
        families.add(statistics(since: .now))
        return rendered(families.all, for: request)
    }

    /// One node, for configurations that relabel targets. The answer includes the series of its set as a whole, and what alerts
    /// need to know of the exporter, so that the same rules work here and at `/metrics`. The process's own resource use is only
    /// at `/metrics`.
    private func probe(_ request: Request) async -> Response {
        let targets = request.queryValues("target")
        guard let target = targets.first, targets.count == 1, !target.isEmpty else {
            return .text(
                status: 400, "name exactly one node: /probe?target=<name, or host:port, of a configured node>")
        }
        return await round(request, Selection(nodes: [target])) { fleet, selection, findings, started in
            var families = fleet.families(of: findings, selection, withSets: true)
            families.addState(of: statistics(since: started))
            return rendered(families.all, for: request)
        }
    }

    private func topology(_ request: Request) async -> Response {
        await round(request, Selection(sets: Set(request.queryValues("replication_set")))) { _, _, findings, _ in
            .json(Array((TopologyJSON.json(findings).text + "\n").utf8))
        }
    }

    private func page(
        _ request: Request, within age: Duration, _ response: (TopologyPage) -> Response
    ) async -> Response {
        await live.use { fleet in
            let selection = Selection(sets: Set(request.queryValues("replication_set")))
            let unknown = selection.unknown(in: fleet.configuration)
            guard unknown.isEmpty else { return .notConfigured(unknown) }
            let answers = await fleet.answers(
                of: selection, notOlderThan: age, deadline: .now + SetMonitor.viewersPatience)
            return await inTurn(request) {
                response(
                    TopologyPage(
                        answers.map(\.findings),
                        age: answers.map(\.asked).min()?.duration(to: .now) ?? .zero, telemetryPath: telemetryPath,
                        selected: selection.sets.sorted()))
            }
        }
    }

    private func serviceDiscovery(_ request: Request) async -> Response {
        let per = request.queryValues("per")
        guard per.isEmpty || per == ["node"] || per == ["replication_set"] else {
            return .text(status: 400, "a target for each: per=node (the default) or per=replication_set")
        }
        return await live.use { fleet in
            await inTurn(request) {
                let targets =
                    per == ["replication_set"]
                    ? ServiceDiscovery.sets(fleet.configuration, telemetryPath: telemetryPath)
                    : ServiceDiscovery.nodes(fleet.configuration)
                return .json(Array((targets.text + "\n").utf8))
            }
        }
    }

    private func configuration(_ request: Request) async -> Response {
        await live.use { fleet in
            await inTurn(request) {
                Response(contentType: "text/plain; charset=utf-8", body: Array(fleet.configuration.text.utf8))
            }
        }
    }

    /// Makes a page of whole sets, and compresses it, when it is its turn.
    func inTurn(_ request: Request, _ page: () -> Response) async -> Response {
        await pages.pass { page().encoded(for: request) } ?? .clientHasGone
    }

    private func reload() async -> Response {
        guard isLifecycleEnabled else {
            return .text(
                status: 403, "Lifecycle API is not enabled: start with --web.enable-lifecycle, or send SIGHUP.")
        }
        do throws(ReloadRefusal) {
            try await live.reload()
            return .text("configuration reloaded")
        } catch {
            return .text(status: 500, "configuration refused; the old one stays in effect:\n\(error)")
        }
    }

    // MARK: - A round

    /// One round over the selection, and a page made of it; 400 if the selection names a set or node that is not configured.
    private func round(
        _ request: Request, _ selection: Selection,
        _ page: (Fleet, Selection, [SetFindings], _ started: ContinuousClock.Instant) -> Response
    ) async -> Response {
        await live.use { fleet in
            let selection = selection.named(in: fleet.configuration)
            let unknown = selection.unknown(in: fleet.configuration)
            guard unknown.isEmpty else { return .notConfigured(unknown) }
            let timeout = ScrapeTimeout.duration(said: request.headers[ScrapeTimeout.header], offset: timeoutOffset)
            return await memory.during {
                let started = ContinuousClock.now
                let findings = await fleet.findings(of: selection, deadline: started + timeout)
                return await inTurn(request) { page(fleet, selection, findings, started) }
            }
        }
    }

    private func statistics(since started: ContinuousClock.Instant) -> ExporterStatistics {
        let record = live.record
        return ExporterStatistics(
            build: .current, process: .current(), requests: counter.requests,
            scrapeDuration: started.duration(to: .now).seconds, isConfigurationFresh: record.isFresh,
            configurationLoaded: record.loadedAt)
    }

    private func rendered(_ families: [MetricFamily], for request: Request) -> Response {
        let format = NegotiatedFormat.negotiate(accept: request.headers["Accept"])
        var body: [UInt8] = []
        Exposition.render(families, format: format.format, into: &body)
        return Response(contentType: format.contentType, body: body)
    }
}

extension Response {
    /// Nobody reads it.
    fileprivate static let clientHasGone = Response.text(status: 503, "the client has gone")

    fileprivate static func notConfigured(_ names: [String]) -> Response {
        .text(status: 400, "not configured: \(names.joined(separator: ", "))")
    }
}

/// A path and its handler.
private struct Endpoint: Sendable {
    let method: String
    let path: String
    let answer: @Sendable (Routes, Request) async -> Response

    init(_ method: String, _ path: String, _ answer: @escaping @Sendable (Routes, Request) async -> Response) {
        self.method = method
        self.path = path
        self.answer = answer
    }
}
