import Presentation
import Testing
import Web

@testable import Exporter

@Suite("The response with the topology page")
struct TopologyPageResponseTests {
    @Test("the page needs nothing beyond its own content security policy")
    func policy() {
        let page = TopologyPage([], age: .zero, telemetryPath: "/metrics")
        let responses = [page.response, page.response]
        let policies = responses.compactMap { $0.headers["Content-Security-Policy"] }
        #expect(Set(policies).count == 2, "the nonce is new each time")
        for (response, policy) in zip(responses, policies) {
            let body = String(decoding: response.body, as: UTF8.self)
            let nonces = body.matches(of: /nonce="([a-z0-9]{16,})"/).map(\.1)
            #expect(nonces.count == 2 && nonces.allSatisfy { policy.contains("'nonce-\($0)'") })
            #expect(!policy.contains("unsafe") && policy.hasPrefix("default-src 'none'"))
            #expect(body.firstMatch(of: /\s(style|on[a-z]+)="/) == nil)
            #expect(
                body.matches(of: /(src|href)="([^"]*)"/).map(\.2).filter { $0.hasPrefix("http") }
                    == ["https://github.com/mysql-replication-exporter/mysql-replication-exporter"])
        }
    }
}
