import Glibc
import NIOCore

/// Stands between the socket and TLS: tells who speaks plain HTTP that it is the wrong language here, and ends a
/// connection without the ceremony of TLS, for which a peer may let us wait.
final class TransportGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Language {
        case unknown, tls, other
    }

    private let onRefusal: @Sendable (Int) -> Void
    private var language = Language.unknown
    private var context: ChannelHandlerContext?

    init(onRefusal: @escaping @Sendable (Int) -> Void) {
        self.onRefusal = onRefusal
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if language == .unknown, let first = unwrapInboundIn(data).readableBytesView.first {
            // Every conversation in TLS begins with a record of the type handshake.
            language = first == 22 ? .tls : .other
            if language == .other { refuse(first, context) }
        }
        if language == .tls { context.fireChannelRead(data) }
    }

    /// Ends the connection now.
    func close() {
        context?.close(promise: nil)
    }

    private func refuse(_ first: UInt8, _ context: ChannelHandlerContext) {
        // Whoever begins with no method's capital would not understand the answer.
        guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else { return context.close(promise: nil) }
        onRefusal(400)
        let response = Response.text(status: 400, "This port speaks HTTPS: ask with https://")
        let answer = ByteBuffer(bytes: response.head(keepAlive: false, date: httpDate(Int(time(nil)))) + response.body)
        context.writeAndFlush(wrapOutboundOut(answer)).assumeIsolated().whenComplete { _ in self.close() }
    }
}
