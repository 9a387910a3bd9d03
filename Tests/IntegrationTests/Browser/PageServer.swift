import Presentation
import Synchronization
import Topology
import Web

@testable import Exporter

/// The topology page for findings made by the test.
final class PageServer: Sendable {
    private let findings: Mutex<[SetFindings]>
    private let fragments = Mutex(0)

    init(_ findings: [SetFindings]) { self.findings = Mutex(findings) }

    /// What it shows from now on.
    func show(_ findings: [SetFindings]) { self.findings.withLock { $0 = findings } }

    /// How often the page was refreshed.
    var renewals: Int { fragments.withLock { $0 } }

    func answer(_ request: Request) -> Response {
        let page = TopologyPage(findings.withLock { $0 }, age: .zero, telemetryPath: "/metrics")
        switch request.path {
        case "/": return page.response
        case "/topology.html":
            fragments.withLock { $0 += 1 }
            return page.fragmentResponse
        case let path where path.hasPrefix("/assets/"): return PageAssets.response(String(path.dropFirst(8)))
        default: return .text(status: 404, "")
        }
    }
}

/// Runs `body` with a browser tab on a page of these findings.
func withTopologyPage(
    _ findings: [SetFindings], hasScript: Bool = true, preload: String? = nil,
    _ body: (PageServer, BrowserPage) async throws -> Void
) async throws {
    let server = PageServer(findings)
    let listener = Listener(options: ListenerOptions(addresses: [try ListenAddress("127.0.0.1:0")])) {
        server.answer($0)
    }
    let run = Task { try await listener.run() }
    do {
        let address = try await listener.boundAddresses[0]
        try await withBrowserPage(hasScript: hasScript, preload: preload) { page in
            try await page.go(to: "http://\(address)/")
            try await body(server, page)
        }
    } catch {
        listener.shutDown()
        _ = await run.result
        throw error
    }
    listener.shutDown()
    try await run.value
}
