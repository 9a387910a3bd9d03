package import MariaDB

/// Why a sandbox could not do what it was asked to.
package enum SandboxError: Error, Sendable {
    /// The operating system refused; `errno` as of the call.
    case system(doing: String, errno: Int32)
    /// No such server software here, or it cannot be used; the text says what to install or set.
    case software(String)
    /// A program that was to succeed did not. `log` holds the end of what it printed.
    case ended(what: String, status: ExitStatus, log: String)
    /// The server refused a statement, or could not be asked.
    case refused(node: String, statement: String, MySQLError)
    /// What was waited for did not come in time.
    case timeout(waitingFor: String)
    /// The caller named a node that the wiring has not, or asked a node for what it is not wired for.
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
