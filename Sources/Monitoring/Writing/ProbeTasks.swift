/// The running probes, each in a task of its own.
actor ProbeTasks {
    private var running: [(probe: any Probe, task: Task<Void, Never>)] = []

    /// Runs these probes and no others. Probes that are no longer wanted end first: two that do not know of each other must not
    /// write to the same table. For one caller at a time.
    func run(_ wanted: [any Probe]) async {
        let ending = running.filter { entry in !wanted.contains { $0 === entry.probe } }
        for entry in ending { entry.task.cancel() }
        for entry in ending { await entry.task.value }
        running.removeAll { entry in !wanted.contains { $0 === entry.probe } }
        for probe in wanted where !running.contains(where: { $0.probe === probe }) {
            running.append((probe, Task { await probe.run() }))
        }
    }
}
