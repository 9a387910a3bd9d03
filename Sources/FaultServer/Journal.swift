/// What a fault server has received.
package struct Journal: Sendable {
    package var connections = 0
    /// Those that are still open.
    package var openConnections = 0
    package var bytesReceived = 0
    /// Queries in order of arrival, with the time of arrival: epoch seconds.
    package var queries: [(query: Query, time: Double)] = []
    /// What clients sent in reply to a greeting or a request, such as the login; not queries.
    package var answers: [[UInt8]] = []
    /// COM_QUIT packets: connections that were closed properly.
    package var quits = 0

    /// All statements, in order of arrival.
    package var statements: [String] { queries.flatMap(\.query.statements) }
}

/// What happens at a fault server, for a test to wait for.
package enum Event: Sendable, Equatable {
    case connected(Int)
    case queried(connection: Int, text: String)
    case disconnected(Int)
}
