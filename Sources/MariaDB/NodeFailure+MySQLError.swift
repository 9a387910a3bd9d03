package import Replication

extension NodeFailure {
    package init(_ error: MySQLError) {
        self.init(reason: error.reason, message: "\(error.words)\(error.advice)")
    }

    init(_ error: MySQLError, connectingTo address: Address) {
        self.init(reason: error.reason, message: "connecting to \(address): \(error.words)\(error.advice)")
    }
}

extension MySQLError {
    /// Why the node is down.
    package var reason: NodeFailure.Reason { isConnectionLimit ? .connectionLimit : phase }

    /// What to do about it, for the end of a message.
    fileprivate var advice: String {
        switch code {
        case ErrorCode.tooManyConnections:
            "; the server has reached max_connections: find out which clients hold its connections, or raise the limit"
        case ErrorCode.tooManyUserConnections, ErrorCode.userLimitReached:
            "; the account needs more: `mysql-replication-exporter grants` prints the limit to set"
        default: ""
        }
    }
}
