import Testing

@testable import Web

@Suite struct RouterTests {
    private let router: Router = {
        var router = Router()
        let echo: Handler = { .text($0.parameters.map { "\($0)=\($1)" }.sorted().joined(separator: ",")) }
        router.on("GET", path: "/") { _ in .text("root") }
        router.on("GET", path: "/nodes/all/health") { _ in .text("literal") }
        router.on("GET", "OPTIONS", path: "/nodes/:node/health", handler: echo)
        router.on("POST", path: "/-/reload") { _ in .text("reloaded") }
        router.on("GET", path: "/-/reload") { _ in .text("state") }
        router.on("GET", path: "/a/:x/:y", handler: echo)
        return router
    }()

    @Test(
        "A request goes to the first route that matches",
        arguments: [
            ("GET", "/", 200, "/", "root"),
            ("HEAD", "/", 200, "/", "root"),
            ("OPTIONS", "/", 405, "/", "405 Method Not Allowed"),
            ("GET", "/nodes/db1/health", 200, "/nodes/:node/health", "node=db1"),
            ("HEAD", "/nodes/db1/health", 200, "/nodes/:node/health", "node=db1"),
            ("OPTIONS", "/nodes/db1/health", 200, "/nodes/:node/health", "node=db1"),
            ("GET", "/nodes/all/health", 200, "/nodes/all/health", "literal"),
            ("POST", "/-/reload", 200, "/-/reload", "reloaded"),
            ("GET", "/-/reload", 200, "/-/reload", "state"),
            ("GET", "/a/1/2", 200, "/a/:x/:y", "x=1,y=2"),
            ("get", "/", 405, "/", "405 Method Not Allowed"),
            ("GET", "/nodes//health", 404, "unknown", "404 Not Found"),
            ("GET", "/nodes/db1/health/", 404, "unknown", "404 Not Found"),
            ("GET", "/nodes/db1", 404, "unknown", "404 Not Found"),
            ("GET", "//", 404, "unknown", "404 Not Found"),
            ("DELETE", "/favicon.ico", 404, "unknown", "404 Not Found"),
            ("OPTIONS", "*", 404, "unknown", "404 Not Found"),
        ])
    func routes(method: String, path: String, status: Int, route: String, body: String) async {
        let answer = await router.answer(Request(method: method, path: path))
        #expect(answer.response.status == status)
        #expect(answer.route == route)
        #expect(answer.response.body == Array("\(body)\n".utf8))
    }

    @Test("405 lists all methods of the path")
    func allow() async {
        let reload = await router.answer(Request(method: "DELETE", path: "/-/reload"))
        #expect(reload.response.headers["Allow"] == "POST, GET, HEAD")
        let health = await router.answer(Request(method: "POST", path: "/nodes/db1/health"))
        #expect(health.response.headers["Allow"] == "GET, OPTIONS, HEAD")
    }

    @Test(
        "A request that may change something is refused from another site's page, and allowed from a program and own pages",
        arguments: [
            ([:], true),
            (["Sec-Fetch-Site": "cross-site"], false),
            (["Sec-Fetch-Site": "same-site"], false),
            (["Sec-Fetch-Site": "Cross-Site"], false),
            (["Sec-Fetch-Site": "none, cross-site"], false),
            (["Sec-Fetch-Site": "same-origin"], true),
            (["Sec-Fetch-Site": "none"], true),
            (["Origin": "http://evil.example"], false),
            (["Origin": "null"], false),
            (["Origin": ""], false),
            (["Origin": "http://exporter:19104"], true),
            (["Origin": "HTTPS://Exporter:19104"], true),
            (["Origin": "http://exporter"], false),
            (["Origin": "http://exporter:19105"], false),
            (["Origin": "http://exporter:19104.evil.example"], false),
            (["Origin": "http://evil.example, http://exporter:19104"], false),
            (["Origin": "ftp://exporter:19104"], false),
            (["Host": "exporter", "Origin": "http://exporter:80"], true),
            (["Host": "exporter:443", "Origin": "https://exporter"], true),
            (["Host": "[::1]:80", "Origin": "http://[::1]"], true),
            (["Host": "exporter:443", "Origin": "http://exporter"], false),
            (["Content-Type": "application/x-www-form-urlencoded"], false),
            (["Content-Type": "Text/Plain ; charset=utf-8"], false),
            (["Content-Type": "multipart/form-data; boundary=x"], false),
            (["Content-Type": "application/json"], true),
        ] as [([String: String], Bool)])
    func crossSite(fields: [String: String], isDone: Bool) async {
        let headers = Headers(
            fields.merging(["Host": "exporter:19104"]) { given, _ in given }.map { ($0.key, $0.value) })
        // Protection depends on the method, not on the path, so it covers any route that is added.
        var router = Router()
        for method in ["POST", "PUT", "PATCH", "DELETE", "REPORT"] {
            router.on(method, path: "/sets/:set/writer") { _ in .text("done") }
            let answer = await router.answer(Request(method: method, path: "/sets/shop/writer", headers: headers))
            #expect(answer.response.status == (isDone ? 200 : 403), "\(method) \(fields)")
            #expect(answer.route == "/sets/:set/writer")
            let body = String(decoding: answer.response.body, as: UTF8.self)
            #expect(isDone || (body.contains("curl -X POST") && body.split(separator: "\n").count == 1), "\(body)")
        }
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = await self.router.answer(Request(method: method, path: "/nodes/db1/health", headers: headers))
            #expect(answer.response.status == 200, "\(method) \(fields)")
        }
    }
}
