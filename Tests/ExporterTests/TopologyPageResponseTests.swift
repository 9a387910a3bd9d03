import Presentation
import Testing
import Web

@testable import Exporter

@Suite("The responses with pages")
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
            // It leads nowhere but to its own server.
            let links = body.matches(of: /(src|href)="([^"]*)"/).map(\.2)
            #expect(links.count > 8 && !links.contains { $0.contains("//") })
        }
    }

    @Test("pages to read need styles and icons alone, and no browser keeps them")
    func documents() throws {
        for response in [RunbookIndex().page.response, MetricsPage().page.response] {
            let policy = try #require(response.headers["Content-Security-Policy"])
            let body = String(decoding: response.body, as: UTF8.self)
            let nonces = body.matches(of: /nonce="([a-z0-9]{16,})"/).map(\.1)
            #expect(nonces.count == 1 && nonces.allSatisfy { policy.contains("style-src 'nonce-\($0)'") })
            #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("script") && !policy.contains("unsafe"))
            #expect(!body.contains("<script") && body.firstMatch(of: /\s(style|on[a-z]+)="/) == nil)
            #expect(
                response.headers["Cache-Control"] == "no-store" && response.headers["Referrer-Policy"] == "no-referrer")
        }
    }
}
