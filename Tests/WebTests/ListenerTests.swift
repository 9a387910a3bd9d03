import NIOCore
import Testing

@testable import Web

private let hello: Handler = { .text("\($0.method) \($0.path)") }

@Suite(.timeLimit(.minutes(5))) struct ListenerTests {
    @Test("GET, HEAD, 404 and 405 on one connection")
    func methods() async throws {
        var router = Router()
        router.on("GET", path: "/a", handler: hello)
        try await withListener(handler: { [router] in await router.answer($0).response }) { _, address in
            let client = try await Client.connect(to: address)
            try await client.get("/a")
            let get = try await client.reply()
            #expect(get.status == 200 && get.text == "GET /a\n")
            #expect(get.headers["Connection"] == "keep-alive")
            #expect(get.headers["Date"]?.hasSuffix("GMT") == true)
            try await client.get("/a", method: "HEAD")
            let head = try await client.reply(hasBody: false)
            #expect(head.status == 200 && head.headers["Content-Length"] == "8")
            try await client.get("/b")
            #expect(try await client.reply().status == 404)
            try await client.get("/a", method: "POST")
            let post = try await client.reply()
            #expect(post.status == 405 && post.headers["Allow"] == "GET, HEAD")
            try await client.close()
        }
    }

    @Test("The handler gets the decoded request and the peer's address")
    func request() async throws {
        try await withListener { request in
            let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            return .text("\(request.path) \(query) \(request.headers["x-a"] ?? "") \(request.remoteAddress)")
        } body: { _, address in
            let client = try await Client.connect(to: address)
            try await client.get("/n%C3%B6de?a=1&a=%202", "X-A: b")
            let port = try #require(client.channel.localAddress?.port)
            #expect(try await client.reply().text == "/n\u{F6}de a=1,a= 2 b 127.0.0.1:\(port)\n")
        }
    }

    @Test("HTTP/1.0 and Connection: close end with the response")
    func closing() async throws {
        try await withListener(handler: hello) { _, address in
            for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"] {
                let client = try await Client.connect(to: address)
                try await client.send(request)
                let reply = try await client.reply()
                #expect(reply.headers["Connection"] == "close" && reply.text == "GET /\n")
                #expect(await client.rest() == "")
            }
        }
    }

    @Test("Pipelined requests are answered in order, one at a time")
    func pipelining() async throws {
        let release = Event()
        let handler: Handler = { request in
            if request.path == "/1" { await release.wait() }
            return .text(request.path)
        }
        try await withListener(handler: handler) { _, address in
            let client = try await Client.connect(to: address)
            let requests = (1...3).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
            try await client.send(requests)
            let other = try await Client.connect(to: address)
            try await other.get("/other")
            #expect(try await other.reply().text == "/other\n")
            release.happen()
            for path in ["/1\n", "/2\n", "/3\n"] { #expect(try await client.reply().text == path) }
        }
    }

    @Test("Of more pipelined requests than wait their turn, the last one answered carries Connection: close")
    func pipeliningBeyondTheBacklog() async throws {
        let release = Event()
        let handler: Handler = { request in
            if request.path == "/1" { await release.wait() }
            return .text(request.path)
        }
        try await withListener(handler: handler) { _, address in
            let client = try await Client.connect(to: address)
            let requests = (1...40).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
            try await client.send(requests)
            release.happen()
            var answered = 0
            while true {
                let reply = try await client.reply()
                answered += 1
                #expect(reply.text == "/\(answered)\n")
                if reply.headers["Connection"] == "close" { break }
            }
            #expect(answered < 40)
            #expect(await client.rest() == "")
        }
    }

    @Test(
        "A client that sends too slowly is cut off at the deadline, while another one is answered",
        arguments: [
            "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 10_000),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n" + String(repeating: "x", count: 10_000),
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;"
                + String(repeating: "x", count: 10_000),
        ])
    func dripping(bytes: String) async throws {
        let configure: (inout ListenerOptions) -> Void = {
            // Long enough for the other client on a busy machine, and for the slow one to read the response.
            $0.headTimeout = .seconds(20)
            $0.bodyTimeout = .milliseconds(500)
            $0.lingerTimeout = .seconds(2)
        }
        try await withListener(configure, handler: hello) { _, address in
            let slow = try await Client.connect(to: address)
            slow.drip(bytes)
            let other = try await Client.connect(to: address)
            try await other.get("/other")
            #expect(try await other.reply().text == "GET /other\n")
            #expect(try await slow.reply().status == 408)
            #expect(await slow.rest() == "")
        }
    }

    @Test("A connection without a request is closed after the idle time, without a response")
    func idle() async throws {
        try await withListener({ $0.idleTimeout = .milliseconds(50) }, handler: hello) { _, address in
            let client = try await Client.connect(to: address)
            try await client.get("/")
            #expect(try await client.reply().status == 200)
            #expect(await client.rest() == "")
        }
        try await withListener({ $0.headTimeout = .milliseconds(50) }, handler: hello) { _, address in
            let client = try await Client.connect(to: address)
            #expect(await client.rest() == "")
        }
    }

    @Test(
        "A malformed or too large request is refused, and the connection ends",
        arguments: [
            ("\u{16}\u{03}\u{01}\u{02}\u{00}TLS hello\r\n\r\n", 400),
            ("GET /\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400),
            ("GET /%GG HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n"
                    + String(repeating: "x", count: 65537), 413
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 16_384) + "\r\n\r\n", 431),
            ("GET /" + String(repeating: "x", count: 1_000_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: bread\r\n\r\n", 417),
        ])
    func malformed(bytes: String, status: Int) async throws {
        try await withListener(handler: hello) { _, address in
            let client = try await Client.connect(to: address)
            // The connection may end while this is still being sent.
            client.channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil)
            let reply = try await client.reply()
            #expect(reply.status == status)
            #expect(reply.headers["Connection"] == "close")
            #expect(await client.rest() == "")
            let other = try await Client.connect(to: address)
            try await other.get("/other")
            #expect(try await other.reply().text == "GET /other\n")
        }
    }

    @Test("A body is read and discarded; 100 Continue is sent on request")
    func bodies() async throws {
        try await withListener(handler: hello) { _, address in
            let client = try await Client.connect(to: address)
            try await client.get("/length", method: "POST", "Content-Length: 5", "Expect: 100-continue")
            #expect(try await client.reply().status == 100)
            try await client.send("hello")
            #expect(try await client.reply().text == "POST /length\n")
            try await client.get("/chunks", method: "POST", "Transfer-Encoding: chunked")
            try await client.send("5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n")
            #expect(try await client.reply().text == "POST /chunks\n")
            try await client.get("/after")
            #expect(try await client.reply().text == "GET /after\n")
        }
    }

    @Test("A large response arrives complete, plain and compressed; HEAD has the same length")
    func large() async throws {
        let body = (0..<200_000).flatMap { "metric{node=\"db\($0)\"} \($0)\n".utf8 }
        try await withListener { _ in
            Response(contentType: "text/plain", body: body)
        } body: { _, address in
            let client = try await Client.connect(to: address)
            try await client.get("/")
            #expect(try await client.reply().body == body)
            try await client.get("/", "Accept-Encoding: gzip")
            let compressed = try await client.reply()
            #expect(compressed.headers["Content-Encoding"] == "gzip")
            #expect(compressed.headers["Vary"] == "Accept-Encoding")
            #expect(compressed.body.count < body.count / 4)
            #expect(try gunzip(compressed.body) == body)
            try await client.get("/", method: "HEAD", "Accept-Encoding: gzip")
            let head = try await client.reply(hasBody: false)
            #expect(head.headers["Content-Length"] == "\(compressed.body.count)")
        }
    }

    @Test("A client that does not read the response is cut off")
    func slowReader() async throws {
        // More than the buffers of both ends of a loopback connection hold.
        let body = [UInt8](repeating: 0, count: 64 << 20)
        try await withListener({ $0.writeTimeout = .milliseconds(100) }) { _ in
            Response(contentType: "text/plain", body: body)
        } body: { _, address in
            let client = try await Client.connect(to: address, reading: false)
            try await client.get("/")
            // Nothing is read, so the only event on the connection can be its end.
            try await client.channel.closeFuture.get()
        }
    }

    @Test("A client that goes away cancels its request")
    func disconnect() async throws {
        let (started, cancelled) = (Event(), Event())
        let handler: Handler = { _ in
            started.happen()
            await Event().wait()
            if Task.isCancelled { cancelled.happen() }
            return .text("late")
        }
        try await withListener(handler: handler) { _, address in
            let client = try await Client.connect(to: address)
            try await client.get("/")
            await started.wait()
            try await client.close()
            await cancelled.wait()
        }
    }

    @Test("Refusals without the handler are reported")
    func refusals() async throws {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        var options = ListenerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)])
        options.lingerTimeout = .milliseconds(10)
        let listener = Listener(options: options, onRefusal: { continuation.yield($0) }, handler: hello)
        let run = Task { try await listener.run() }
        let client = try await Client.connect(to: try await listener.boundAddresses[0])
        try await client.send("rubbish\r\n\r\n")
        var statuses = stream.makeAsyncIterator()
        #expect(await statuses.next() == 400)
        listener.shutDown()
        try await run.value
    }
}
