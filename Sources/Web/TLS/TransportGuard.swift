import Glibc
import NIOCore

/// Between the socket and TLS: answers clients that speak plain HTTP with an explanation, and closes connections without
/// TLS's closing handshake, in which a peer may stall.
final class TransportGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum WireProtocol {
        case unknown, tls, other
    }

    private let onRefusal: @Sendable (Int) -> Void
    private var wireProtocol = WireProtocol.unknown
    private var context: ChannelHandlerContext?

    init(onRefusal: @escaping @Sendable (Int) -> Void) {
        self.onRefusal = onRefusal
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if wireProtocol == .unknown, let first = unwrapInboundIn(data).readableBytesView.first {
            // Every TLS connection begins with a record of type handshake.
            wireProtocol = first == 22 ? .tls : .other
            if wireProtocol == .other { refuse(first, context) }
        }
        if wireProtocol == .tls { context.fireChannelRead(data) }
    }

    /// Closes the connection now.
    func close() {
        context?.close(promise: nil)
    }

    private func refuse(_ first: UInt8, _ context: ChannelHandlerContext) {
        // Without the capital letter of an HTTP method, the client would not understand the answer.
        guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else { return context.close(promise: nil) }
        onRefusal(400)
        let response = Response.text(status: 400, "This port speaks HTTPS: use https://")
        let answer = ByteBuffer(bytes: response.head(keepAlive: false, date: httpDate(Int(time(nil)))) + response.body)
        context.writeAndFlush(wrapOutboundOut(answer)).assumeIsolated().whenComplete { _ in self.close() }
    }
}
