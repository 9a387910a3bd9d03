import MariaDB
import Replication

extension NodeFailure {
    init(_ error: MySQLError, refusing fact: Fact) {
        var message = "\(fact.summary) was refused: \(error.words)"
        if error.phase == .permission, !fact.privileges.isEmpty {
            let scope = fact.privileges.contains(" ON ") ? "" : " ON *.*"
            message += "; the user needs GRANT \(fact.privileges)\(scope)"
        }
        self.init(reason: error.reason, message: message)
    }
}

extension MissingReason {
    init(_ error: MySQLError, asking fact: FactName) {
        switch (error.phase, error.code) {
        case _ where fact.isOfConfiguredTable && error.isForWantOfTable: self = .noTable
        // A convenience; the privilege for it is not worth an alert.
        case (.permission, _) where fact == .binlogRetention: self = .unsupported
        case (.permission, _), (.authentication, _): self = .permission
        case (.timeout, _): self = .timeout
        // Syntax error, unknown database, table, column, variable or command: this server does not support it.
        case (_, 1064), (_, 1049), (_, 1146), (_, 1054), (_, 1193), (_, 1109), (_, 1235): self = .unsupported
        default: self = .error
        }
    }
}

extension FactName {
    /// Whether it is read from a table that the user has configured, whose existence does not depend on the server's version.
    fileprivate var isOfConfiguredTable: Bool {
        switch self {
        case .heartbeat, .checksums, .checksumSummary: true
        default: false
        }
    }
}

extension Fact {
    /// The statement if it is short, otherwise its purpose; for a log line.
    var summary: String {
        statement.utf8.count <= 40 ? statement : "the statement for \(name.rawValue)"
    }
}
