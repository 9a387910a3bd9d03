package import MariaDB

/// Why a probe could not do its work on a node: for logs and pages, never for a label.
package struct ProbeFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The node's name.
    package let node: String
    package let message: String

    package init(node: String, message: String) {
        self.node = node
        self.message = message
    }

    /// - Parameter action: what was being done, for example `writing the heartbeat`.
    package init(_ error: MySQLError, node: String, while action: String) {
        self.init(node: node, message: "\(action): \(error.words)")
    }

    package var description: String { "\(node): \(message)" }
}
