import Glibc
import Logging
import NIOCore
import NIOHTTP1

/// Assembles the handlers of a new HTTP connection.
struct HTTPConnectionSetup: Sendable {
    let options: ListenerOptions
    let connections: Connections
    let logger: Logger
    let onRefusal: @Sendable (Int) -> Void
    let handler: Handler

    /// The handlers, from the socket upwards.
    /// - Parameter terms: how the connection is encrypted; nil for plain HTTP.
    func handlers(
        of channel: any Channel, admission: Connections.Admission, terms: TLSTerms?
    ) -> [any ChannelHandler] {
        let transport = terms.map { _ in TransportGuard(onRefusal: onRefusal) }
        let gate = InputGate()
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = options.maxHeadBytes
        limits.maxHeaderListSize = options.maxHeadBytes
        limits.maxHeaderFieldCount = 100
        let encryption: [(any ChannelHandler)?] = [transport, terms?.makeHandler()]
        return encryption.compactMap(\.self) + [
            gate,
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)),
            ConnectionHandler(
                options: options, remoteAddress: channel.peerDescription, connections: connections,
                isOverCapacity: admission == .overCapacity, gate: gate, transport: transport, logger: logger,
                onRefusal: onRefusal, handler: handler),
        ]
    }
}

extension Channel {
    fileprivate var peerDescription: String {
        guard let address = remoteAddress, let host = address.ipAddress, let port = address.port else { return "unix" }
        return ListenAddress.tcp(host: host, port: port).description
    }
}
