import Foundation
import Testing

@testable import Web

@Suite struct ResponseTests {
    @Test("A head has the response's fields, then those of the connection")
    func head() {
        let response = Response(status: 503, headers: ["X-Reason": "lag"], body: [1, 2, 3])
        #expect(
            String(decoding: response.head(keepAlive: true, date: "now"), as: UTF8.self)
                == "HTTP/1.1 503 Service Unavailable\r\nX-Reason: lag\r\nContent-Length: 3\r\nDate: now\r\n"
                + "Connection: keep-alive\r\n\r\n")
    }

    @Test("A value cannot break out of its field")
    func injection() {
        let response = Response(headers: ["Location": "/a\r\nSet-Cookie: b=1\n\u{0}"])
        #expect(
            String(decoding: response.head(keepAlive: false, date: "now"), as: UTF8.self)
                == "HTTP/1.1 200 OK\r\nLocation: /a  Set-Cookie: b=1  \r\nContent-Length: 0\r\nDate: now\r\n"
                + "Connection: close\r\n\r\n")
    }

    @Test(
        "Every status in use has its reason phrase in the status line",
        arguments: [(403, "Forbidden"), (409, "Conflict")])
    func reason(status: Int, words: String) {
        let head = Response(status: status).head(keepAlive: true, date: "now")
        #expect(String(decoding: head, as: UTF8.self).hasPrefix("HTTP/1.1 \(status) \(words)\r\n"))
    }

    @Test("204 and 304 have neither body nor length", arguments: [204, 304])
    func bodiless(status: Int) {
        let head = Response(status: status, body: [1]).head(keepAlive: true, date: "now")
        #expect(!String(decoding: head, as: UTF8.self).contains("Content-Length"))
    }

    @Test("A page's policy allows only what it is given")
    func policy() {
        let strict = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        #expect(Response.html([]).headers["content-security-policy"] == strict)
        #expect(
            Response.html([], allowing: "connect-src 'self'").headers["content-security-policy"]
                == strict + "; connect-src 'self'")
        #expect(Response.html([]).headers["X-Content-Type-Options"] == "nosniff")
        #expect(Response.text(status: 400, "no").body == Array("no\n".utf8))
        #expect(Response.json([0x7B, 0x7D]).headers["Content-Type"] == "application/json; charset=utf-8")
    }

    @Test(
        "Dates have the format of RFC 9110",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_208_000, "Thu, 29 Feb 2024 12:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ])
    func date(seconds: Int, text: String) {
        #expect(httpDate(seconds) == text)
    }
}

@Suite struct HeadersTests {
    @Test("Names match whatever their case; repeated fields are one list")
    func lookUp() {
        var headers: Headers = ["Accept": "a", "HOST": "h", "accept": "b"]
        #expect(headers["ACCEPT"] == "a, b")
        #expect(headers.values("Accept") == ["a", "b"])
        #expect(headers["host"] == "h")
        #expect(headers["hos"] == nil)
        // These differ only in bit 0x20, but are not letters.
        #expect(Headers(["[": "1"])["{"] == nil)
        headers["Accept"] = "c"
        #expect(headers.fields.map(\.value) == ["h", "c"])
        headers["Accept"] = nil
        #expect(headers["Accept"] == nil)
    }
}

extension Headers {
    fileprivate init(_ pairs: KeyValuePairs<String, String>) {
        self.init(pairs.map { (name: $0.key, value: $0.value) })
    }
}
