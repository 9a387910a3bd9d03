import NIOCore

/// Answers a line with a line; runs on Swift's concurrent pool. The returned text is sent unchanged, with a line feed.
package typealias LineAnswer = @Sendable (String) async -> String

/// A connection of a protocol with one line each way: reads a line, answers it, and closes the connection.
final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let options: ListenerOptions
    private let connections: Connections
    private let answer: LineAnswer
    private var line: [UInt8] = []
    private var deadline: Scheduled<Void>?
    private var run: Task<Void, Never>?

    init(options: ListenerOptions, connections: Connections, answer: @escaping LineAnswer) {
        self.options = options
        self.connections = connections
        self.answer = answer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { channelActive(context: context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        // `echo db1 | nc …` closes its side before it reads. If the option cannot be set, it gets no answer.
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        closeUnlessDone(within: options.headTimeout, context)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard run == nil else { return }
        for byte in unwrapInboundIn(data).readableBytesView {
            if byte == UInt8(ascii: "\n") { return start(context) }
            guard line.count < options.maxHeadBytes else {
                context.close(promise: nil)
                return
            }
            line.append(byte)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Whatever follows the line is ignored.
        if run == nil { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where run == nil && !line.isEmpty: start(context)
        case ChannelEvent.inputClosed where run == nil: context.close(promise: nil)
        case is ConnectionHandler.ShutdownRequested where run == nil:
            deadline?.cancel()
            closeUnlessDone(within: options.arrivalGrace, context)
        case is Connections.Evicted: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        run?.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func start(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        let eventLoop = context.eventLoop
        let connection = NIOLoopBound((self, context), eventLoop: eventLoop)
        let answer = answer
        connections.runStarted()
        connections.note(context.channel, .running)
        run = Task {
            let reply = await answer(text)
            eventLoop.execute {
                let (handler, context) = connection.value
                handler.finish(reply, context)
            }
        }
    }

    private func finish(_ reply: String, _ context: ChannelHandlerContext) {
        connections.runEnded()
        guard context.channel.isActive else { return }
        closeUnlessDone(within: options.writeTimeout, context)
        let channel = context.channel
        connections.note(channel, .writing)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply + "\n"))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    private func closeUnlessDone(within time: Duration, _ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
    }
}

/// Closes a connection that cannot be served.
final class ClosingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { context.close(promise: nil) }
    }

    func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
}
