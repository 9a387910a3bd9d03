import Collection
import Exposition
import Metrics
import Web

/// What the listener serves: one line an endpoint.
struct Routes: Sendable {
    let monitor: Monitor
    let counter: RequestCounter
    let telemetryPath: String
    /// Taken off the scraper's own timeout, so that the answer is there before it gives up.
    let timeoutOffset: Duration
    let configurationLoaded: Double

    var router: Router {
        var router = Router()
        router.on("GET", path: telemetryPath) { await metrics($0) }
        router.on("GET", path: "/") { _ in LandingPage.response(telemetryPath: telemetryPath) }
        router.on("GET", path: "/-/healthy") { _ in .text("mysql-replication-exporter is healthy.") }
        router.on("GET", path: "/-/ready") { _ in .text("mysql-replication-exporter is ready.") }
        return router
    }

    static func paths(telemetryPath: String) -> [String] { [telemetryPath, "/", "/-/healthy", "/-/ready"] }

    /// Answers and counts.
    func answer(_ request: Request, _ router: Router) async -> Response {
        let answer = await router.answer(request)
        counter.count(route: answer.route, code: answer.response.status)
        return answer.response
    }

    private func metrics(_ request: Request) async -> Response {
        let selection = Selection(
            sets: Set(request.queryValues("replication_set")), nodes: Set(request.queryValues("node")))
        let unknown = selection.unknown(in: monitor.configuration)
        guard unknown.isEmpty else {
            return .text(status: 400, "not configured: \(unknown.joined(separator: ", "))")
        }
        let timeout = ScrapeTimeout.duration(
            said: request.headers[ScrapeTimeout.header], offset: timeoutOffset)
        let started = ContinuousClock.now
        let findings = await monitor.findings(of: selection, deadline: started + timeout)
        var families = monitor.families(of: findings, selection)
        families.add(
            ExporterStatistics(
                build: .current, process: .current(), requests: counter.requests,
                scrapeDuration: started.duration(to: .now).seconds, isConfigurationFresh: true,
                configurationLoaded: configurationLoaded))
        let format = NegotiatedFormat.negotiate(accept: request.headers["Accept"])
        var body: [UInt8] = []
        Exposition.render(families.all, format: format.format, into: &body)
        return Response(contentType: format.contentType, body: body)
    }
}
