/// The addresses of a listener, and its limits.
package struct ListenerOptions: Sendable {
    package var addresses: [ListenAddress]

    /// The maximum number of connections, over all addresses. A further one replaces an idle or, failing that, a slow one;
    /// if all of them run a request, it is refused with 503.
    package var maxConnections = 512
    /// The maximum size of request line and fields, in bytes; otherwise 431.
    package var maxHeadBytes = 16 * 1024
    /// The maximum size of a request's body, in bytes; otherwise 413.
    package var maxBodyBytes = 64 * 1024

    /// From the first byte (on a new connection: from the start) until a request's head is complete; otherwise 408.
    package var headTimeout = Duration.seconds(10)
    /// From the head until the body is complete; otherwise 408.
    package var bodyTimeout = Duration.seconds(10)
    /// How long a connection may stay open without a request.
    package var idleTimeout = Duration.seconds(75)
    /// How long a client may take to read the next 256 KiB of a response.
    package var writeTimeout = Duration.seconds(30)
    /// How long input is drained after our side has closed, so that the client can still read the response.
    package var lingerTimeout = Duration.seconds(1)
    /// How long a shutdown waits for the first request of a connection: the client could not know that it would be in vain.
    package var arrivalGrace = Duration.seconds(1)
    /// How long a shutdown waits for running requests before they are cancelled.
    package var shutdownGrace = Duration.seconds(10)

    /// Event-loop threads. They only move bytes, so one serves many connections.
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
        case .arrival: arrivalGrace
        }
    }
}
