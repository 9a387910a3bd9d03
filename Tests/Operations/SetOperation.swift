/// What operators and accidents do to a replication set, and to the exporter that monitors it.
package enum SetOperation: Sendable, Equatable {
    /// SIGKILL.
    case kill(String)
    /// - Parameter hasNewIdentity: it comes back with another server_id and server_uuid.
    case start(String, isReadOnly: Bool, hasNewIdentity: Bool)
    /// SIGSTOP.
    case freeze(String)
    /// SIGCONT.
    case thaw(String)
    /// Only the exporter cannot reach it.
    case hide(String)
    case show(String)
    /// RESET REPLICA ALL, or orchestrator's `//` before the old source's host; then read_only off, and all nodes that
    /// answer follow it.
    case failOver(to: String, detaching: Bool)
    case switchOver(to: String)
    case setReadOnly(String, Bool)
    /// - Parameter applierToo: both threads, or only the IO thread.
    case stopReplication(String, applierToo: Bool)
    /// CHANGE MASTER to the server being written to.
    case repoint(String, OperatedSet.Way)
    /// An unintended RESET REPLICA ALL.
    case reset(String)
    /// The server being written to, and perhaps another.
    case write([String])
    /// - Parameter keepsState: with `--state.directory`.
    case restartExporter(keepsState: Bool)
    case nothing
}
