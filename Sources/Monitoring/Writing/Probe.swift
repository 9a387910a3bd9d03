/// Work beside the scrapes, for as long as the configuration asks for it.
package protocol Probe: AnyObject, Sendable {
    /// Works until the task is cancelled, and closes its connections. Nothing is written any more when this returns; what hangs
    /// is left behind after a moment, cut off from its server.
    func run() async
}
