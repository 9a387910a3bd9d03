import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// Performs the actions of the state machine, on one channel and its event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// Sent down every pipeline when the listener stops.
    struct ShutdownRequested: Sendable {}

    private let options: ListenerOptions
    private let remoteAddress: String
    private let connections: Connections
    private let handler: Handler
    private let onRefusal: @Sendable (Int) -> Void
    private let isOverCapacity: Bool
    private let gate: InputGate
    /// The guard below TLS; nil without TLS.
    private let transport: TransportGuard?
    private let logger: Logger
    private var machine: ConnectionStateMachine
    private var standing = Connections.Standing.waiting
    private var context: ChannelHandlerContext?
    private var deadline: Scheduled<Void>?
    private var run: Task<Void, Never>?
    private var unwritten: ArraySlice<UInt8> = []

    init(
        options: ListenerOptions, remoteAddress: String, connections: Connections, isOverCapacity: Bool,
        gate: InputGate, transport: TransportGuard? = nil, logger: Logger = Logger(label: "web"),
        onRefusal: @escaping @Sendable (Int) -> Void, handler: @escaping Handler
    ) {
        self.options = options
        self.remoteAddress = remoteAddress
        self.connections = connections
        self.handler = handler
        self.onRefusal = onRefusal
        self.isOverCapacity = isOverCapacity
        self.gate = gate
        self.transport = transport
        self.logger = logger
        self.machine = ConnectionStateMachine(remoteAddress: remoteAddress, bodyLimit: options.maxBodyBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { process(.opened(isOverCapacity: isOverCapacity)) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        process(.closed)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        process(.opened(isOverCapacity: isOverCapacity))
    }

    func channelInactive(context: ChannelHandlerContext) {
        process(.closed)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let fields = head.headers.map { (name: $0.name, value: $0.value) }
            process(
                .head(
                    RequestHead(
                        method: head.method.rawValue, target: head.uri, minorVersion: head.version.minor,
                        headers: Headers(fields))))
        case .body(let bytes): process(.bodyBytes(bytes.readableBytes))
        case .end: process(.requestEnded)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        process(.readCompleted)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is InputGate.BytesArrived: process(.bytesArrived)
        case is ShutdownRequested: process(.shutdownRequested)
        case is Connections.Evicted: process(.evicted)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// No error is passed on: the listener must survive any failure of a connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // End of input in the middle of a request: channelInactive follows.
        case HTTPParserError.invalidEOFState: break
        case HTTPParserError.headerOverflow: process(.unreadable(status: 431))
        case HTTPParserError.invalidVersion: process(.unreadable(status: 505))
        case is HTTPParserError: process(.unreadable(status: 400))
        // A parser that has given up reports an error for every further byte.
        case is ByteToMessageDecoderError: break
        default:
            if case NIOSSLError.handshakeFailed(let reason) = error { logFailedHandshake(reason) }
            if error is CertificateNotAllowed { logFailedHandshake(error) }
            context.close(promise: nil)
        }
    }

    /// Logged at level debug, because scanners and health checks would fill the log.
    private func logFailedHandshake(_ reason: any Error) {
        logger.debug("TLS handshake failed", metadata: ["peer": "\(remoteAddress)", "reason": "\(reason)"])
    }
}

// MARK: - Actions

extension ConnectionHandler {
    private func process(_ event: ConnectionStateMachine.Event) {
        let actions = machine.handle(event)
        if machine.standing != standing, let context {
            standing = machine.standing
            connections.note(context.channel, standing)
        }
        for action in actions {
            guard let context else { return }
            perform(action, context)
        }
    }

    private func perform(_ action: ConnectionStateMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .read: context.read()
        case .run(let request): start(request, on: context.eventLoop)
        case .cancelRun: run?.cancel()
        case .sendContinue:
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        case .write(let response, let keepAlive, let includesBody):
            write(response, keepAlive: keepAlive, includesBody: includesBody)
        case .refuse(let response, let includesBody):
            onRefusal(response.status)
            write(response, keepAlive: false, includesBody: includesBody)
        case .setDeadline(let deadline): schedule(deadline, on: context.eventLoop)
        case .closeOutput:
            gate.isClosed = true
            context.close(mode: .output, promise: nil)
        case .close: context.close(promise: nil)
        case .abort:
            let reset = linger(l_onoff: 1, l_linger: 0)
            // Whether that worked does not matter: the channel closes in any case.
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(reset)
            if let transport { transport.close() } else { context.close(promise: nil) }
        }
    }

    private func schedule(_ deadline: ConnectionStateMachine.Deadline?, on eventLoop: any EventLoop) {
        self.deadline?.cancel()
        self.deadline = deadline.map { deadline in
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.timeout(of: deadline))) {
                self.process(.deadlinePassed)
            }
        }
    }

    /// Runs handler and compression on the concurrent pool, and returns to the event loop with the response.
    private func start(_ request: Request, on eventLoop: any EventLoop) {
        let connection = NIOLoopBound(self, eventLoop: eventLoop)
        let handler = handler
        connections.runStarted()
        run = Task {
            let response = await handler(request).encoded(for: request)
            eventLoop.execute { connection.value.finish(response) }
        }
    }

    private func finish(_ response: Response) {
        run = nil
        process(.answered(response))
        connections.runEnded()
    }
}

// MARK: - Writing

extension ConnectionHandler {
    /// The size in which a body is copied; each part must be sent before the deadline.
    private static let partSize = 256 * 1024

    private func write(_ response: Response, keepAlive: Bool, includesBody: Bool) {
        unwritten = includesBody ? response.body[...] : []
        writePart(after: response.head(keepAlive: keepAlive, date: httpDate(Int(time(nil)))))
    }

    private func writePart(after head: [UInt8] = []) {
        guard let context else { return }
        let part = unwritten.prefix(Self.partSize)
        var buffer = context.channel.allocator.buffer(capacity: head.count + part.count)
        buffer.writeBytes(head)
        buffer.writeBytes(part)
        unwritten = unwritten.dropFirst(part.count)
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenComplete { result in
            switch result {
            case .failure: self.context?.close(promise: nil)
            case .success where self.unwritten.isEmpty:
                self.unwritten = []
                self.process(.allWritten)
            case .success:
                self.process(.partWritten)
                self.writePart()
            }
        }
    }
}
