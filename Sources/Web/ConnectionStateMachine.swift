/// All decisions of a connection: events in, actions out, no I/O and no clock.
///
/// One request is processed at a time. While a handler runs or a response is written, nothing more is read; what was read
/// together with the request waits in a short backlog. Whatever the peer does, there is always a deadline or a running
/// handler that moves the connection on.
struct ConnectionStateMachine {
    enum Event {
        /// The connection is established. Over capacity, it is refused with 503 and closed.
        case opened(isOverCapacity: Bool)
        /// Bytes arrived; the parts that they complete follow.
        case bytesArrived
        case head(RequestHead)
        case bodyBytes(Int)
        case requestEnded
        /// The parser gave up; `status` is to be sent.
        case unreadable(status: Int)
        /// All parts of what was read have been passed in.
        case readCompleted
        /// The handler's response to the request of the last `run`.
        case answered(Response)
        case partWritten
        case allWritten
        case deadlinePassed
        /// The connection's slot is given to another one.
        case evicted
        case shutdownRequested
        case closed
    }

    enum Action {
        case read
        case run(Request)
        case cancelRun
        case sendContinue
        case write(Response, keepAlive: Bool, includesBody: Bool)
        /// Like `write`, for a response without a handler; the connection ends after it.
        case refuse(Response, includesBody: Bool)
        /// Replaces the current deadline, if any; `nil` removes it.
        case setDeadline(Deadline?)
        /// Closes our side for writing, and drops further input.
        case closeOutput
        case close
        /// Closes at once and discards what the peer has not read; otherwise the kernel would keep trying to deliver it.
        case abort
    }

    /// What must happen in time; `ListenerOptions` has the durations.
    enum Deadline: Hashable, Sendable {
        case idle, head, body, write, linger, arrival
    }

    private enum Phase {
        /// Between requests; `isFirst`: there was none yet.
        case waiting(isFirst: Bool)
        case receivingHead
        case receivingBody(RequestHead, Request, received: Int)
        case running(RequestHead)
        case writing(Ending)
        /// Our side is closed for writing. Closing both directions with input unread would send a reset, which could
        /// overtake the response.
        case lingering
        case closed
    }

    private enum Ending {
        case keepAlive, linger, close
    }

    private let remoteAddress: String
    private let bodyLimit: Int
    private let backlogLimit: Int
    private var phase = Phase.waiting(isFirst: true)
    private var backlog: [Event] = []
    /// Input behind the backlog has been dropped: what follows no longer makes sense.
    private var isBacklogFull = false
    private var isShuttingDown = false

    /// - Parameters:
    ///   - bodyLimit: the maximum size of a request's body, in bytes.
    ///   - backlogLimit: the maximum number of requests that may wait behind the current one.
    init(remoteAddress: String, bodyLimit: Int, backlogLimit: Int = 16) {
        self.remoteAddress = remoteAddress
        self.bodyLimit = bodyLimit
        self.backlogLimit = backlogLimit
    }

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .opened(let isOverCapacity):
            if isOverCapacity { return refuse(503) }
            return [.setDeadline(isShuttingDown ? .arrival : .head), .read]
        case .bytesArrived: return bytesArrived()
        case .head, .bodyBytes, .requestEnded, .unreadable: return receive(event)
        case .readCompleted: return wantsInput ? [.read] : []
        case .answered(let response): return answered(response)
        case .partWritten:
            guard case .writing = phase else { return [] }
            return [.setDeadline(.write)]
        case .allWritten: return allWritten()
        case .deadlinePassed: return deadlinePassed()
        case .evicted:
            // A handler may have started since the connection was chosen.
            if case .running = phase { return [] }
            return close(by: .abort)
        case .shutdownRequested:
            isShuttingDown = true
            guard case .waiting(let isFirst) = phase else { return [] }
            return isFirst ? [.setDeadline(.arrival)] : close()
        case .closed: return closed()
        }
    }

    /// The state of the connection, for choosing which one to evict.
    var standing: Connections.Standing {
        switch phase {
        case .waiting, .receivingHead, .receivingBody, .lingering, .closed: .waiting
        case .running: .running
        case .writing: .writing
        }
    }

    private var wantsInput: Bool {
        switch phase {
        case .waiting, .receivingHead, .receivingBody, .lingering: true
        case .running, .writing, .closed: false
        }
    }
}

// MARK: - Receiving

extension ConnectionStateMachine {
    private mutating func bytesArrived() -> [Action] {
        guard case .waiting(let isFirst) = phase else { return [] }
        phase = .receivingHead
        // The deadline of the first head started with the connection, or with the shutdown.
        return isFirst ? [] : [.setDeadline(.head)]
    }

    private mutating func receive(_ event: Event) -> [Action] {
        switch (phase, event) {
        case (.running, _), (.writing(.keepAlive), _):
            enqueue(event)
            return []
        case (.waiting, .head(let head)), (.receivingHead, .head(let head)):
            return accept(head)
        case (.receivingBody(let head, let request, let received), .bodyBytes(let count)):
            if received + count > bodyLimit { return refuse(413) }
            phase = .receivingBody(head, request, received: received + count)
            return []
        case (.receivingBody(let head, let request, _), .requestEnded):
            phase = .running(head)
            return [.setDeadline(nil), .run(request)]
        case (.waiting, .unreadable(let status)), (.receivingHead, .unreadable(let status)),
            (.receivingBody, .unreadable(let status)):
            return refuse(status)
        default:
            return []
        }
    }

    private mutating func accept(_ head: RequestHead) -> [Action] {
        if let status = head.refusal(bodyLimit: bodyLimit) { return refuse(status, method: head.method) }
        guard let target = RequestTarget(head.target) else { return refuse(400, method: head.method) }
        let request = Request(
            method: head.method, path: target.path, query: target.query, headers: head.headers,
            remoteAddress: remoteAddress)
        phase = .receivingBody(head, request, received: 0)
        guard head.hasBody else { return [] }
        return [.setDeadline(.body)] + (head.expectsContinue ? [.sendContinue] : [])
    }

    private mutating func enqueue(_ event: Event) {
        if isBacklogFull { return }
        if case .bodyBytes(let more) = event, case .bodyBytes(let count)? = backlog.last {
            backlog[backlog.count - 1] = .bodyBytes(count + more)
            return
        }
        if case .unreadable = event { isBacklogFull = true }
        if case .head = event {
            let waiting = backlog.count { if case .head = $0 { true } else { false } }
            if waiting == backlogLimit {
                isBacklogFull = true
                return
            }
        }
        backlog.append(event)
    }
}

// MARK: - Answering

extension ConnectionStateMachine {
    private mutating func refuse(_ status: Int, method: String? = nil) -> [Action] {
        phase = .writing(.linger)
        return [.setDeadline(.write), .refuse(.bare(status), includesBody: method != "HEAD")]
    }

    private mutating func answered(_ response: Response) -> [Action] {
        guard case .running(let head) = phase else { return [] }
        // A client whose requests were dropped learns which were answered, and may send the others again.
        let isLastAccepted = isBacklogFull && backlog.isEmpty
        let keepAlive = head.isKeepAlive && !isShuttingDown && !isLastAccepted
        phase = .writing(keepAlive ? .keepAlive : head.asksToClose ? .close : .linger)
        let includesBody = head.method != "HEAD" && response.mayHaveBody
        return [.setDeadline(.write), .write(response, keepAlive: keepAlive, includesBody: includesBody)]
    }

    private mutating func allWritten() -> [Action] {
        guard case .writing(let ending) = phase else { return [] }
        switch ending {
        case .close: return close()
        case .linger: return linger()
        case .keepAlive: return isShuttingDown ? linger() : next()
        }
    }

    /// Processes the backlog, or waits for more input.
    private mutating func next() -> [Action] {
        phase = .waiting(isFirst: false)
        var actions = [Action.setDeadline(.idle)]
        var events = backlog[...]
        while wantsInput, let event = events.popFirst() { actions += receive(event) }
        backlog = Array(events)
        return wantsInput ? actions + [.read] : actions
    }

    private mutating func linger() -> [Action] {
        phase = .lingering
        backlog = []
        return [.setDeadline(.linger), .closeOutput, .read]
    }
}

// MARK: - Ending

extension ConnectionStateMachine {
    private mutating func deadlinePassed() -> [Action] {
        switch phase {
        case .receivingHead, .receivingBody: refuse(408)
        case .waiting, .lingering: close()
        case .writing: close(by: .abort)
        case .running, .closed: []
        }
    }

    private mutating func close(by action: Action = .close) -> [Action] {
        phase = .closed
        return [.setDeadline(nil), action]
    }

    private mutating func closed() -> [Action] {
        let isRunning = if case .running = phase { true } else { false }
        phase = .closed
        backlog = []
        return isRunning ? [.setDeadline(nil), .cancelRun] : [.setDeadline(nil)]
    }
}
