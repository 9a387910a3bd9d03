/// Something that works beside the scrapes for as long as the configuration asks for it.
package protocol Probe: AnyObject, Sendable {
    /// Begins its work. Called once.
    func start()

    /// Ends its work and closes its connections. Nothing is written any more when this returns; what hangs is left behind
    /// after a moment, cut off from its server.
    func stop() async
}
