/// Writes rows on a server at a steady rate, until its task is cancelled.
package struct WriteLoad: Sendable {
    package let server: Server
    /// Rows per second.
    package let rate: Int

    package init(on server: Server, rate: Int) {
        self.server = server
        self.rate = rate
    }

    /// Returns when the task is cancelled. A server that refuses (it is frozen, killed, read-only) is tried again a
    /// second later: faults are what a sandbox is for. `refused` is called for the first refusal of a series.
    package func run(refused: (SandboxError) -> Void) async {
        guard rate > 0 else { return }
        let clock = ContinuousClock()
        var next = clock.now
        var isRefused = false
        while !Task.isCancelled {
            do {
                try await server.write(note: "load")
                isRefused = false
                next += .seconds(1) / rate
            } catch {
                if !isRefused { refused(error) }
                isRefused = true
                next = clock.now + .seconds(1)
            }
            // After a stall, the missed rows are not made up for.
            if clock.now - next > .seconds(1) { next = clock.now }
            do { try await Task.sleep(until: next, clock: clock) } catch { return }
        }
    }
}
