/// Work done independently of scrapes, for as long as the configuration asks for it.
package protocol Probe: AnyObject, Sendable {
    /// Works until the task is cancelled, then closes its connections. Nothing is written after this returns; a statement that
    /// hangs is abandoned after a moment and its connection closed.
    func run() async
}
