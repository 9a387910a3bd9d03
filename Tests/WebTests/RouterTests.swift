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
        "A request goes to the first route that fits",
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

    @Test("405 names every method that the path has")
    func allow() async {
        let reload = await router.answer(Request(method: "DELETE", path: "/-/reload"))
        #expect(reload.response.headers["Allow"] == "POST, GET, HEAD")
        let health = await router.answer(Request(method: "POST", path: "/nodes/db1/health"))
        #expect(health.response.headers["Allow"] == "GET, OPTIONS, HEAD")
    }
}
