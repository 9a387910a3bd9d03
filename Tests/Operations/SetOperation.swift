/// What operators and accidents do to a replication set, and to the exporter that watches it.
package enum SetOperation: Sendable, Equatable {
    /// SIGKILL.
    case kill(String)
    /// - Parameter hasNewIdentity: it comes back with another server_id and server_uuid.
    case start(String, isReadOnly: Bool, hasNewIdentity: Bool)
    /// SIGSTOP.
    case freeze(String)
    /// SIGCONT.
    case thaw(String)
    /// The exporter alone cannot reach it.
    case hide(String)
    case show(String)
    /// RESET REPLICA ALL, or orchestrator's `//` before the old source's host; then read_only off, and what answers follows.
    case failOver(to: String, detaching: Bool)
    case switchOver(to: String)
    case setReadOnly(String, Bool)
    /// - Parameter applierToo: both threads, or the IO thread alone.
    case stopReplication(String, applierToo: Bool)
    /// CHANGE MASTER to the server that is written to.
    case repoint(String, OperatedSet.Way)
    /// RESET REPLICA ALL on a node for which nobody asked.
    case reset(String)
    /// The server that is written to, and perhaps another.
    case write([String])
    /// - Parameter keepsState: by `--state.directory`.
    case restartExporter(keepsState: Bool)
    case nothing
}
