/// The probes that run, each in a task of its own.
actor ProbeTasks {
    private var running: [(probe: any Probe, task: Task<Void, Never>)] = []

    /// Lets these run and no others. Those that are not wanted end first: two that know nothing of each other must not write to
    /// one table. For one caller at a time.
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
