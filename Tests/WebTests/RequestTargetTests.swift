import Testing

@testable import Web

@Suite struct RequestTargetTests {
    @Test(
        "A target is split before it is decoded",
        arguments: [
            ("/", "/", []), ("*", "*", []), ("/metrics?", "/metrics", []),
            ("/a?node=db1&node=db2", "/a", ["node=db1", "node=db2"]),
            ("/n%C3%B6de%20one/x?a%3Db=c%26d&e+f=%2B", "/n\u{F6}de one/x", ["a=b=c&d", "e f=+"]),
            ("/a+b", "/a+b", []), ("/?x", "/", ["x="]), ("/?x==1", "/", ["x==1"]), ("/?&&=1&", "/", ["=1"]),
            ("/a#fragment?x=1", "/a", []), ("/a?x=1#y", "/a", ["x=1"]), ("//double", "//double", []),
            ("http://localhost:19104/metrics?a=1", "/metrics", ["a=1"]), ("HTTP://h", "/", []),
            ("https://h?a=1", "/", ["a=1"]), ("/%2Fx%3F", "//x?", []),
        ] as [(String, String, [String])])
    func parses(target: String, path: String, query: [String]) throws {
        let parsed = try #require(RequestTarget(target))
        #expect(parsed.path == path)
        #expect(parsed.query.map { "\($0.name)=\($0.value)" } == query)
    }

    @Test(
        "An invalid target is refused",
        arguments: [
            "", "metrics", "host:443", "/%", "/%4", "/%zz", "/%-1", "/%00", "/?a=%00", "/%FF", "/?%C3=1", "http://",
            "http:///x", "ftp://h/",
        ])
    func refuses(target: String) {
        #expect(RequestTarget(target) == nil)
    }

    @Test("A query has all values of a name")
    func values() throws {
        let target = try #require(RequestTarget("/?node=b&x=1&node=a"))
        let request = Request(path: target.path, query: target.query)
        #expect(request.queryValues("node") == ["b", "a"])
        #expect(request.queryValues("Node") == [])
    }
}
