/// What a fault server was told.
package struct Journal: Sendable {
    package var connections = 0
    /// Those that are still there.
    package var openConnections = 0
    package var bytesReceived = 0
    /// Queries, in the order of their arrival, and the time of it: epoch seconds.
    package var queries: [(query: Query, time: Double)] = []
    /// What was sent in answer to a greeting or to a request, such as the log-in; not queries.
    package var answers: [[UInt8]] = []
    /// COM_QUIT packets: connections that were closed as they should be.
    package var quits = 0

    /// All statements, in the order of their arrival.
    package var statements: [String] { queries.flatMap(\.query.statements) }
}

/// What happens at a fault server, for a test to wait for.
package enum Event: Sendable, Equatable {
    case connected(Int)
    case queried(connection: Int, text: String)
    case disconnected(Int)
}
