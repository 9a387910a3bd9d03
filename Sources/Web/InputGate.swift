import NIOCore

/// Stands before the parser: tells the connection that bytes came in, and, once nobody wants them, drops them.
final class InputGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct BytesArrived: Sendable {}

    /// Drops what comes in: a parser that has given up would keep it all.
    var isClosed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosed { return }
        context.fireUserInboundEventTriggered(BytesArrived())
        context.fireChannelRead(data)
    }
}
