import NIOCore

/// On a listening socket: accepts a connection only if there is room for it, and counts it at once.
///
/// Evicted connections stay open until their event loop gets to them. New connections wait in the kernel's queue until then,
/// instead of being refused.
final class AdmissionHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    private let connections: Connections

    init(connections: Connections) {
        self.connections = connections
    }

    func read(context: ChannelHandlerContext) {
        let (eventLoop, bound) = (context.eventLoop, NIOLoopBound((self, context), eventLoop: context.eventLoop))
        let mayAccept = connections.mayAccept {
            eventLoop.execute {
                let (handler, context) = bound.value
                if context.channel.isActive { handler.read(context: context) }
            }
        }
        if mayAccept { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connections.admit(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
