import Testing

@testable import Web

/// Each test is a conversation: events, and the actions of the machine.
@Suite struct ConnectionStateMachineTests {
    private var machine = ConnectionStateMachine(remoteAddress: "192.0.2.1:9", bodyLimit: 100, backlogLimit: 2)

    /// Passes in one event and returns the actions as text.
    private mutating func on(_ event: ConnectionStateMachine.Event) -> [String] {
        machine.handle(event).map(description)
    }

    /// Passes in a request without a body, as it arrives in one read.
    private mutating func receive(_ head: RequestHead) -> [String] {
        on(.bytesArrived) + on(.head(head)) + on(.requestEnded) + on(.readCompleted)
    }

    @Test("A request is run and answered, and the connection waits for the next one")
    mutating func keepAlive() {
        #expect(on(.opened(isOverCapacity: false)) == ["deadline head", "read"])
        #expect(on(.bytesArrived) == [])
        #expect(on(.readCompleted) == ["read"])
        #expect(on(.head(head("/a?b=c"))) == [])
        #expect(on(.requestEnded) == ["no deadline", "run GET /a"])
        #expect(on(.readCompleted) == [])
        #expect(on(.answered(.bare(200))) == ["deadline write", "write 200 keep-alive"])
        #expect(on(.partWritten) == ["deadline write"])
        #expect(on(.allWritten) == ["deadline idle", "read"])
        #expect(on(.bytesArrived) == ["deadline head"])
        #expect(on(.head(head("/b"))) == [])
        #expect(on(.requestEnded) == ["no deadline", "run GET /b"])
    }

    @Test("Eviction ends the connection at once, unless a request is running by then")
    mutating func evicted() {
        _ = on(.opened(isOverCapacity: false))
        #expect(machine.standing == .waiting)
        _ = receive(head("/"))
        #expect(machine.standing == .running)
        #expect(on(.evicted) == [])
        _ = on(.answered(.bare(200)))
        #expect(machine.standing == .writing)
        #expect(on(.evicted) == ["no deadline", "abort"])
        #expect(on(.allWritten) == [])
    }

    @Test(
        "How a connection ends depends on the HTTP version and the Connection field",
        arguments: [
            (head("/"), "write 200 keep-alive", ["deadline idle", "read"]),
            (head("/", ["Connection": "Close"]), "write 200 close", ["no deadline", "close"]),
            (head("/", ["Connection": "x, close"]), "write 200 close", ["no deadline", "close"]),
            (head("/", minor: 0), "write 200 close", ["deadline linger", "close output", "read"]),
            (head("/", ["Connection": "Keep-Alive"], minor: 0), "write 200 keep-alive", ["deadline idle", "read"]),
            (head("/", ["Upgrade": "h2c"]), "write 200 close", ["deadline linger", "close output", "read"]),
            (head("/", method: "HEAD"), "write 200 keep-alive without body", ["deadline idle", "read"]),
        ])
    mutating func endings(head: RequestHead, write: String, after: [String]) {
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head)
        #expect(on(.answered(.bare(200))) == ["deadline write", write])
        #expect(on(.allWritten) == after)
    }

    @Test(
        "A head that cannot be served is refused, and the connection ends",
        arguments: [
            (head("/", host: nil), "refuse 400"),
            (head("/", ["host": "b"]), "refuse 400"),
            (head("metrics"), "refuse 400"),
            (head("/%zz"), "refuse 400"),
            (head("/", ["Transfer-Encoding": "gzip, chunked"]), "refuse 400"),
            (head("/", ["Transfer-Encoding": "chunked"], minor: 0), "refuse 400"),
            (head("/", ["Content-Length": "101"]), "refuse 413"),
            (head("/", ["Content-Length": "101"], method: "HEAD"), "refuse 413 without body"),
            (head("/", ["Expect": "200-maybe"]), "refuse 417"),
        ])
    mutating func refusals(head: RequestHead, refusal: String) {
        _ = on(.opened(isOverCapacity: false))
        _ = on(.bytesArrived)
        #expect(on(.head(head)) == ["deadline write", refusal])
        #expect(on(.requestEnded) == [])
        #expect(on(.readCompleted) == [])
        #expect(on(.allWritten) == ["deadline linger", "close output", "read"])
        #expect(on(.bytesArrived) == [])
        #expect(on(.readCompleted) == ["read"])
        #expect(on(.deadlinePassed) == ["no deadline", "close"])
    }

    @Test("HTTP/1.0 needs no Host")
    mutating func oldVersion() {
        _ = on(.opened(isOverCapacity: false))
        #expect(receive(head("/", host: nil, minor: 0)) == ["no deadline", "run GET /"])
    }

    @Test("A body has its own deadline and its limit, in one piece or many")
    mutating func bodies() {
        _ = on(.opened(isOverCapacity: false))
        _ = on(.bytesArrived)
        #expect(on(.head(head("/", ["Content-Length": "100"], method: "POST"))) == ["deadline body"])
        #expect(on(.bodyBytes(60)) == [])
        #expect(on(.readCompleted) == ["read"])
        #expect(on(.bodyBytes(40)) == [])
        #expect(on(.requestEnded) == ["no deadline", "run POST /"])
        _ = on(.answered(.bare(200)))
        _ = on(.allWritten)
        _ = on(.bytesArrived)
        #expect(on(.head(head("/", ["Transfer-Encoding": "chunked"], method: "POST"))) == ["deadline body"])
        #expect(on(.bodyBytes(60)) == [])
        #expect(on(.bodyBytes(41)) == ["deadline write", "refuse 413"])
        #expect(on(.bodyBytes(41)) == [])
    }

    @Test("A client that waits for 100 Continue gets it")
    mutating func expectation() {
        _ = on(.opened(isOverCapacity: false))
        _ = on(.bytesArrived)
        let fields = ["Content-Length": "10", "Expect": "100-Continue"]
        #expect(on(.head(head("/", fields, method: "POST"))) == ["deadline body", "continue"])
    }

    @Test("Requests that arrived together are answered one after the other")
    mutating func pipelining() {
        _ = on(.opened(isOverCapacity: false))
        #expect(receive(head("/1")) == ["no deadline", "run GET /1"])
        #expect(receive(head("/2", ["Content-Length": "3"], method: "POST")) == [])
        #expect(on(.answered(.bare(200))) == ["deadline write", "write 200 keep-alive"])
        #expect(receive(head("/3")) == [])
        #expect(on(.allWritten) == ["deadline idle", "deadline body", "no deadline", "run POST /2"])
        _ = on(.answered(.bare(200)))
        #expect(on(.allWritten) == ["deadline idle", "no deadline", "run GET /3"])
        _ = on(.answered(.bare(200)))
        #expect(on(.allWritten) == ["deadline idle", "read"])
    }

    @Test("Requests beyond the backlog are dropped; the last one that is answered says that the connection closes")
    mutating func backlogLimit() {
        _ = on(.opened(isOverCapacity: false))
        for path in ["/1", "/2", "/3", "/4", "/5"] { _ = receive(head(path)) }
        #expect(on(.answered(.bare(200))) == ["deadline write", "write 200 keep-alive"])
        #expect(on(.allWritten) == ["deadline idle", "no deadline", "run GET /2"])
        #expect(receive(head("/6")) == [])
        _ = on(.answered(.bare(200)))
        #expect(on(.allWritten) == ["deadline idle", "no deadline", "run GET /3"])
        #expect(on(.answered(.bare(200))) == ["deadline write", "write 200 close"])
        #expect(on(.allWritten) == ["deadline linger", "close output", "read"])
    }

    @Test("Garbage after a request is refused after the request's answer")
    mutating func garbageBehind() {
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head("/1"))
        #expect(on(.unreadable(status: 400)) == [])
        #expect(on(.unreadable(status: 505)) == [])
        _ = on(.answered(.bare(200)))
        #expect(on(.allWritten) == ["deadline idle", "deadline write", "refuse 400"])
        #expect(on(.allWritten) == ["deadline linger", "close output", "read"])
    }

    @Test("A deadline that passes ends the connection, with 408 if a request had begun")
    mutating func deadlines() {
        let initial = machine
        _ = on(.opened(isOverCapacity: false))
        #expect(on(.deadlinePassed) == ["no deadline", "close"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = on(.bytesArrived)
        #expect(on(.deadlinePassed) == ["deadline write", "refuse 408"])
        #expect(on(.deadlinePassed) == ["no deadline", "abort"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = on(.bytesArrived)
        _ = on(.head(head("/", ["Content-Length": "9"])))
        #expect(on(.deadlinePassed) == ["deadline write", "refuse 408"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head("/"))
        #expect(on(.deadlinePassed) == [])
        _ = on(.answered(.bare(200)))
        #expect(on(.deadlinePassed) == ["no deadline", "abort"])
        #expect(on(.allWritten) == [])
    }

    @Test("A shutdown closes idle connections, waits a moment for first requests, and lets running ones finish")
    mutating func shutdown() {
        let initial = machine
        _ = on(.opened(isOverCapacity: false))
        #expect(on(.shutdownRequested) == ["deadline arrival"])
        #expect(on(.bytesArrived) == [])
        #expect(on(.head(head("/"))) + on(.requestEnded) == ["no deadline", "run GET /"])
        #expect(on(.answered(.bare(200))) == ["deadline write", "write 200 close"])
        machine = initial
        #expect(on(.shutdownRequested) == ["deadline arrival"])
        #expect(on(.opened(isOverCapacity: false)) == ["deadline arrival", "read"])
        #expect(on(.deadlinePassed) == ["no deadline", "close"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head("/"))
        _ = on(.answered(.bare(200)))
        _ = on(.allWritten)
        #expect(on(.shutdownRequested) == ["no deadline", "close"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head("/1"))
        _ = receive(head("/2"))
        #expect(on(.shutdownRequested) == [])
        #expect(on(.answered(.bare(200))) == ["deadline write", "write 200 close"])
        #expect(on(.allWritten) == ["deadline linger", "close output", "read"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head("/1"))
        _ = receive(head("/2"))
        _ = on(.answered(.bare(200)))
        #expect(on(.shutdownRequested) == [])
        #expect(on(.allWritten) == ["deadline linger", "close output", "read"])
        machine = initial
        _ = on(.opened(isOverCapacity: false))
        _ = on(.bytesArrived)
        #expect(on(.shutdownRequested) == [])
        #expect(on(.head(head("/"))) + on(.requestEnded) == ["no deadline", "run GET /"])
    }

    @Test("A client that goes away cancels its request; a late answer is dropped")
    mutating func disconnect() {
        _ = on(.opened(isOverCapacity: false))
        _ = receive(head("/"))
        #expect(on(.closed) == ["no deadline", "cancel"])
        #expect(on(.answered(.bare(200))) == [])
        #expect(on(.closed) == ["no deadline"])
        #expect(on(.bytesArrived) + on(.readCompleted) + on(.deadlinePassed) == [])
    }

    @Test("Over capacity, a connection is refused with 503 and closed")
    mutating func overCapacity() {
        #expect(on(.opened(isOverCapacity: true)) == ["deadline write", "refuse 503"])
        #expect(on(.allWritten) == ["deadline linger", "close output", "read"])
    }
}

private func head(
    _ target: String, _ fields: [String: String] = [:], method: String = "GET", host: String? = "h", minor: Int = 1
) -> RequestHead {
    let hosts = host.map { [(name: "Host", value: $0)] } ?? []
    let others = fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    return RequestHead(method: method, target: target, minorVersion: minor, headers: Headers(hosts + others))
}

private func description(_ action: ConnectionStateMachine.Action) -> String {
    switch action {
    case .read: "read"
    case .run(let request): "run \(request.method) \(request.path)"
    case .cancelRun: "cancel"
    case .sendContinue: "continue"
    case .write(let response, let keepAlive, let includesBody):
        "write \(response.status) \(keepAlive ? "keep-alive" : "close")\(includesBody ? "" : " without body")"
    case .refuse(let response, let includesBody): "refuse \(response.status)\(includesBody ? "" : " without body")"
    case .setDeadline(let deadline?): "deadline \(deadline)"
    case .setDeadline(nil): "no deadline"
    case .closeOutput: "close output"
    case .close: "close"
    case .abort: "abort"
    }
}
