/// Where a listener listens, and what it bears.
package struct ListenerOptions: Sendable {
    package var addresses: [ListenAddress]

    /// Connections at a time, over all addresses. Whoever comes then gets the place of an idle one, or else of a slow one;
    /// if a request runs on each, he is told 503.
    package var maxConnections = 512
    /// Bytes of request line and fields; more are told 431.
    package var maxHeadBytes = 16 * 1024
    /// Bytes of a request's body; more are told 413.
    package var maxBodyBytes = 64 * 1024

    /// From the first byte (on a new connection: from the start) until a request's head is there; then 408.
    package var headTimeout = Duration.seconds(10)
    /// From the head until the body is there; then 408.
    package var bodyTimeout = Duration.seconds(10)
    /// How long a connection may stay open without a request.
    package var idleTimeout = Duration.seconds(75)
    /// How long a client may take to read the next 256 KiB of a response.
    package var writeTimeout = Duration.seconds(30)
    /// How long input is still drained after our side has closed, so that the client gets to read the response.
    package var lingerTimeout = Duration.seconds(1)
    /// How long a shutdown waits for requests that run; then they are cancelled.
    package var shutdownGrace = Duration.seconds(10)

    /// Event-loop threads. They only move bytes: one serves many connections.
    package var threads = 1

    package init(addresses: [ListenAddress]) {
        self.addresses = addresses
    }

    func timeout(of deadline: ConnectionStateMachine.Deadline) -> Duration {
        switch deadline {
        case .idle: idleTimeout
        case .head: headTimeout
        case .body: bodyTimeout
        case .write: writeTimeout
        case .linger: lingerTimeout
        }
    }
}
