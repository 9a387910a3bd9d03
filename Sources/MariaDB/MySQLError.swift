internal import Glibc
package import Replication

/// Why a server did not answer, or refused a statement.
///
/// `code` and `sqlState` are the numbers of the MariaDB and MySQL manuals ("Server Error Message Reference", "Client Error
/// Message Reference"); 2000–2999 and 5000–5999 come from the client library. `message` is the server's own text: it may contain
/// host names and user names, so it goes to logs and pages for people, never into a label.
package struct MySQLError: Error, Sendable, Equatable {
    /// What was being done when it happened; never `connectionLimit`, which follows from the code.
    package typealias Phase = NodeFailure.Reason

    package let phase: Phase
    package let code: UInt32
    package let sqlState: String
    package let message: String

    package init(phase: Phase, code: UInt32, sqlState: String = "HY000", message: String) {
        self.phase = phase
        self.code = code
        self.sqlState = sqlState
        self.message = message
    }

    /// The deadline passed. Made here, never by a server: libmariadb reports an interrupted read as a lost connection.
    package static func deadlineExceeded(while doing: String) -> MySQLError {
        MySQLError(phase: .timeout, code: 2013, message: "no answer before the deadline while \(doing)")
    }

    /// The reply exceeded a limit. Made here as well.
    static func refused(_ message: String) -> MySQLError {
        MySQLError(phase: .protocol, code: ErrorCode.packetTooLarge, message: message)
    }
}

extension MySQLError {
    /// The text for people: the message, with its code if a server or the library gave one.
    package var words: String { code == 0 ? message : "\(message) (error \(code))" }
}

extension MySQLError {
    /// Whether two log-ins needed the same authentication plugin at the same time, and the other one loaded it first
    /// (Connector/C, `mysql_load_plugin`): it is available now.
    var isLostRaceForPlugin: Bool { message.hasSuffix("could not be loaded: it is already loaded") }
}

extension MySQLError: CustomStringConvertible {
    package var description: String { "\(phase.rawValue) error \(code) (\(sqlState)): \(message)" }
}

/// The error codes that the program distinguishes, with the manuals' names.
package enum ErrorCode {
    package static let tooManyConnections: UInt32 = 1040  // ER_CON_COUNT_ERROR
    package static let serverOffline: UInt32 = 3032  // ER_SERVER_OFFLINE_MODE
    package static let serverOfflineBecause: UInt32 = 6400  // the same in MySQL 9, with time and reason
    package static let noSuchDatabase: UInt32 = 1049  // ER_BAD_DB_ERROR
    package static let noSuchTable: UInt32 = 1146  // ER_NO_SUCH_TABLE
    package static let tooManyUserConnections: UInt32 = 1203  // ER_TOO_MANY_USER_CONNECTIONS
    package static let newAbortingConnection: UInt32 = 1184  // ER_NEW_ABORTING_CONNECTION
    package static let lockWaitTimeout: UInt32 = 1205  // ER_LOCK_WAIT_TIMEOUT
    package static let userLimitReached: UInt32 = 1226  // ER_USER_LIMIT_REACHED
    package static let optionPreventsStatement: UInt32 = 1290  // ER_OPTION_PREVENTS_STATEMENT
    package static let noBinaryLogging: UInt32 = 1381  // ER_NO_BINARY_LOGGING
    package static let connectionRefusedSocket: UInt32 = 2002  // CR_CONNECTION_ERROR
    package static let connectionRefusedHost: UInt32 = 2003  // CR_CONN_HOST_ERROR
    package static let unknownHost: UInt32 = 2005  // CR_UNKNOWN_HOST
    package static let serverGone: UInt32 = 2006  // CR_SERVER_GONE_ERROR
    package static let serverLost: UInt32 = 2013  // CR_SERVER_LOST
    package static let packetTooLarge: UInt32 = 2020  // CR_NET_PACKET_TOO_LARGE
    package static let tlsFailed: UInt32 = 2026  // CR_SSL_CONNECTION_ERROR
    package static let malformedPacket: UInt32 = 2027  // CR_MALFORMED_PACKET
    package static let pluginNotAllowed: UInt32 = 5010  // CR_PLUGIN_NOT_ALLOWED

    /// Whether no connection was established.
    static func isOfConnecting(_ code: UInt32) -> Bool {
        code == connectionRefusedSocket || code == connectionRefusedHost
    }

    /// Whether the code comes from the library, not a server: the connection can no longer be used.
    static func isOfLibrary(_ code: UInt32) -> Bool {
        (2000...2999).contains(code) || (5000...5999).contains(code)
    }
}

extension MySQLError {
    /// Classifies an error by its code. `connecting` distinguishes phases that share a code.
    static func classify(code: UInt32, sqlState: String, message: String, connecting: Bool) -> MySQLError {
        if connecting, let (code, text) = beforeTLS(code, message) {
            return classify(code: code, sqlState: sqlState, message: text, connecting: true)
        }
        let phase: Phase
        switch code {
        case 0:
            // The library gives up on some packets without saying why.
            return MySQLError(phase: .protocol, code: ErrorCode.malformedPacket, message: "a malformed packet")
        case ErrorCode.pluginNotAllowed:
            // The library's own text is only the plugin's name as sent by the server, and does not say what would be allowed.
            return MySQLError(
                phase: .authentication, code: code, sqlState: sqlState,
                message: "the server asks for an authentication plugin other than \(allowedPlugins)")
        case ErrorCode.unknownHost:
            phase = .dns
        case ErrorCode.tlsFailed where !connecting:
            phase = .connect  // the peer closed an encrypted connection
        case ErrorCode.tlsFailed, 3159:  // ER_SECURE_TRANSPORT_REQUIRED
            phase = .tls
        case 1045, 1698, 1130, 1129, 1044, 1251, 1275, 1524, 1820, 1862, 3118, 4151, 2049, 2058, 2059, 2060, 2061:
            // access denied, host not allowed or blocked, expired or locked accounts, plugins that cannot be used
            phase = .authentication
        case 1142, 1143, 1227, 1370:  // ER_TABLEACCESS_DENIED, ER_SPECIFIC_ACCESS_DENIED …
            phase = .permission
        case ErrorCode.lockWaitTimeout, 1969, 3024:  // max_statement_time, max_execution_time
            phase = .timeout
        case 1040, 1203, 1226, 1053, 1927, 4031, 1152, ErrorCode.newAbortingConnection, 1158...1161, 2001...2006,
            2009...2011, ErrorCode.serverLost,
            2055:
            // too many connections, shutting down, connection killed or lost, idle for too long
            phase = .connect
        case 5013, 5014:  // CR_ERR_NET_READ, CR_ERR_NET_WRITE
            phase = .connect
        case _ where ErrorCode.isOfLibrary(code):
            phase = .protocol
        default:
            phase = connecting ? .connect : .query
        }
        return MySQLError(phase: phase, code: code, sqlState: sqlState, message: message)
    }

    /// The error that the server sent in place of its greeting, where TLS was wanted: Connector/C wraps it in an error of its
    /// own, `… cannot be verified: 1040 - Too many connections`.
    private static func beforeTLS(_ code: UInt32, _ message: String) -> (code: UInt32, text: String)? {
        guard code == ErrorCode.connectionRefusedSocket,
            let range = message.firstRange(of: "cannot be verified: ")
        else { return nil }
        let parts = message[range.upperBound...].split(separator: " - ", maxSplits: 1)
        guard parts.count == 2, let inner = UInt32(parts[0]), !ErrorCode.isOfLibrary(inner) else { return nil }
        return (inner, String(parts[1]))
    }

    /// Why no connection was established, in the system's words: "Connection refused".
    /// - Parameters:
    ///   - message: libmariadb's, which ends with a number: `Can't connect to server on 'db1' (111)`.
    ///   - errno: the number, if it is known from elsewhere.
    static func reason(of message: String, errno: Int32?) -> String {
        guard message.hasPrefix("Can't connect to"), message.hasSuffix(")"),
            let opening = message.lastIndex(of: "("),
            let number = errno ?? Int32(message[message.index(after: opening)...].dropLast()), number != EINPROGRESS,
            let text = strerror(number)
        else { return message }
        return String(cString: text)
    }

    /// Whether a table or its database is missing: MySQL reports either, MariaDB always reports the table.
    package var isForWantOfTable: Bool { code == ErrorCode.noSuchTable || code == ErrorCode.noSuchDatabase }

    /// Whether the error comes from the server itself. Errors made here or by the library have a code of the library's, or none.
    package var isOfServer: Bool { code != 0 && !ErrorCode.isOfLibrary(code) }

    /// Whether the server is alive but has no connection left for this account, or for any.
    package var isConnectionLimit: Bool {
        switch code {
        case ErrorCode.tooManyConnections, ErrorCode.tooManyUserConnections, ErrorCode.userLimitReached: true
        default: false
        }
    }

    /// The error of the first statement after a log-in. A server whose `init_connect` fails lets an account without SUPER (MySQL:
    /// CONNECTION_ADMIN; MariaDB: CONNECTION ADMIN) log in, and closes the connection when a statement comes; only its error log says why.
    var rightAfterLogIn: MySQLError {
        guard phase == .connect else { return self }
        switch code {
        case ErrorCode.serverGone, ErrorCode.serverLost, ErrorCode.tlsFailed, ErrorCode.newAbortingConnection:
            return MySQLError(
                phase: phase, code: code, sqlState: sqlState,
                message:
                    "the server accepted the log-in and then closed the connection, as it does if its init_connect fails "
                    + "(see its error log): \(message)")
        default: return self
        }
    }

    /// Whether the connection can no longer be used, so that the next statement needs a new one.
    package var breaksConnection: Bool {
        switch code {
        case 1053, 1927, 4031, 1152, ErrorCode.newAbortingConnection, 1158...1161: true
        default: ErrorCode.isOfLibrary(code)
        }
    }
}
