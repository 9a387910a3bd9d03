import Monitoring

/// A probe at work, in a task of its own.
struct RunningProbe: Sendable {
    private let task: Task<Void, Never>

    init(_ probe: any Probe) { task = Task { await probe.run() } }

    func stop() async {
        task.cancel()
        await task.value
    }
}
