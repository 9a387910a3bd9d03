package import MariaDB

/// Why a sandbox could not do what was requested.
package enum SandboxError: Error, Sendable {
    /// The operating system refused; `errno` as of the call.
    case system(doing: String, errno: Int32)
    /// The server software is missing or cannot be used; the text says what to install or set.
    case software(String)
    /// A program failed. `log` holds the end of what it printed.
    case ended(what: String, status: ExitStatus, log: String)
    /// The server refused a statement, or could not be reached.
    case refused(node: String, statement: String, MySQLError)
    /// A wait timed out.
    case timeout(waitingFor: String)
    /// The caller named a node that is not in the wiring, or asked a node for something that it is not wired for.
    case wiring(String)
}

extension SandboxError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let doing, let errno): "cannot \(doing): \(text(of: errno))"
        case .software(let reason): reason
        case .ended(let what, let status, let log): "\(what) \(status)\(log.isEmpty ? "" : ":\n" + log)"
        case .refused(let node, let statement, let error): "\(node) refused `\(statement)`: \(error)"
        case .timeout(let waitingFor): "gave up waiting for \(waitingFor)"
        case .wiring(let reason): reason
        }
    }
}
