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
    package var reason: NodeFailure.Reason {
        switch code {
        case _ where isConnectionLimit: .connectionLimit
        case ErrorCode.serverOffline, ErrorCode.serverOfflineBecause: .offlineMode
        default: phase
        }
    }

    /// What to do about it, for the end of a message.
    fileprivate var advice: String {
        switch code {
        case ErrorCode.tooManyConnections:
            "; the server has reached max_connections: find out which clients hold its connections, or raise the limit"
        case ErrorCode.tooManyUserConnections, ErrorCode.userLimitReached:
            "; the account needs more: `mysql-replication-exporter grants` prints the limit to set"
        case ErrorCode.serverOffline, ErrorCode.serverOfflineBecause:
            "; it admits only accounts with CONNECTION_ADMIN until offline_mode is switched off"
        default: ""
        }
    }
}
