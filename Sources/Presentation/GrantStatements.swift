package import Documents
import MariaDB
package import Replication

/// A script that makes the accounts the exporter needs, with their privileges and the tables of its probes. Any supported
/// server runs it as it is. The privileges are those of the dialects' facts.
package struct GrantStatements {
    /// What the accounts are for.
    package enum Purpose {
        /// Everything but `checksum`.
        case monitoring
        /// The command `checksum`, which reads every table and sets `binlog_format`.
        case checksum
    }

    /// An account that the exporter logs in with, and the grants that its probes need.
    package struct Account: Equatable {
        package let user: String
        package var tables: [TableGrant]
        /// MAX_USER_CONNECTIONS: the maximum number of connections that the account may have to one server.
        package var connections: Int
        /// Nil to leave the account locked.
        package var password: Secret?

        package init(user: String, tables: [TableGrant] = [], connections: Int, password: Secret? = nil) {
            self.user = user
            self.tables = tables
            self.connections = connections
            self.password = password
        }
    }

    private let accounts: [Account]
    private let host: String
    private let purpose: Purpose
    private let isForEachServer: Bool
    private let service: Service

    /// - Parameters:
    ///   - accounts: their names must be `printable` (a newline would end a comment) and `fitComments`.
    ///   - host: the host they connect from.
    ///   - isForEachServer: whether the script is run on every server and must not replicate.
    ///   - service: the one that runs the servers.
    package init(
        _ accounts: [Account], host: String, for purpose: Purpose = .monitoring,
        onEachServer isForEachServer: Bool = false, service: Service = .unmanaged
    ) {
        self.service = service
        self.accounts = accounts
        self.host = host
        self.purpose = purpose
        self.isForEachServer = isForEachServer
    }

    /// Whether a name can be in an executable comment, in quotes, without ending it.
    package static func fitsComments(_ name: String) -> Bool { !name.contains("*/") && !name.contains("/*") }

    /// Whether a password means the same in every `sql_mode` and character set of the session that runs the script.
    package static func canWrite(_ password: Secret) -> Bool {
        password.reveal().utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }

    package var text: String {
        let parts =
            [head, isForEachServer ? "SET SESSION sql_log_bin = 0;\n" : "", tables] + accounts.map(statements)
            + [isForEachServer ? "SET SESSION sql_log_bin = 1;\n" : ""]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var head: String {
        var lines =
            service != .unmanaged
            ? [
                "For \(service.title), by its documentation: not tried on the service. Run this on the primary (the writer), as the",
                "administrator that the service has given you; replicas get it by replication.",
            ]
            : isForEachServer
                ? [
                    "Run this on each server, as an administrator (on MySQL with super_read_only off). Nothing of it is",
                    "written to the binary log, so that no replica gets a transaction that its source does not have.",
                ]
                : [
                    "Run this on the primary only, as an administrator: accounts, grants and tables replicate. Run on a",
                    "replica, it would leave transactions there that its source does not have, and can stop replication.",
                    "To run it on each server instead: grants --each-server.",
                ]
        let locked = accounts.filter { $0.password == nil }
        if !locked.isEmpty {
            lines += [
                "",
                "New accounts are locked until they have a password. To have it in this script: --ask-password or",
                "--password-file. Otherwise, afterwards\(isForEachServer ? ", in the same session" : ""):",
            ]
            lines += locked.map { "  ALTER USER \(name($0)) IDENTIFIED BY '...' ACCOUNT UNLOCK;" }
        }
        return lines.map { $0.isEmpty ? "--\n" : "-- \($0)\n" }.joined()
    }

    /// The databases and tables, each once: a table must exist before a privilege on it is granted.
    private var tables: String {
        var statements: [String] = []
        for grant in accounts.flatMap(\.tables) {
            for statement in [grant.database, grant.definition] where !statements.contains(statement) {
                statements.append(statement)
            }
        }
        return statements.map { $0 + ";\n" }.joined()
    }

    private func name(_ account: Account) -> String {
        "\(SQLText.accountPart(account.user))@\(SQLText.accountPart(host))"
    }

    /// An account is made with its password, or locked: never one that anybody could use.
    private func statements(_ account: Account) -> String {
        let name = name(account)
        let limit = "WITH MAX_USER_CONNECTIONS \(account.connections)"
        var lines: [String]
        if let password = account.password {
            let literal = "'\(password.reveal().replacing("'", with: "''"))'"
            lines = [
                "CREATE USER IF NOT EXISTS \(name) IDENTIFIED BY \(literal);",
                // For an account that exists already, such as one that was left locked.
                "ALTER USER \(name) IDENTIFIED BY \(literal) \(limit) ACCOUNT UNLOCK;",
            ]
        } else {
            lines = ["CREATE USER IF NOT EXISTS \(name) ACCOUNT LOCK;", "ALTER USER \(name) \(limit);"]
        }
        lines += ServerGrants.all(purpose, on: service).flatMap { $0.statements(name) }
        lines += account.tables.map { "GRANT \($0.text) TO \(name);" }
        return lines.map { $0 + "\n" }.joined()
    }
}
