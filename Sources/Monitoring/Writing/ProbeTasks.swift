internal import Replication
internal import Synchronization

/// A probe, and where it works.
struct PlacedProbe: Sendable {
    enum Place: Hashable, Sendable {
        case set(String)
        /// In one spelling: see `at`.
        case server(Address)

        static func at(_ address: Address) -> Place { .server(address.canonical) }
    }

    let probe: any Probe
    /// Its set, by name, and the nodes of that. Two probes that share one may write to the same table.
    let places: Set<Place>
}

/// The running probes, each in a task of its own.
final class ProbeTasks: Sendable {
    private struct Entry: Sendable {
        let placed: PlacedProbe
        let task: Task<Void, Never>
        var isEnding = false
    }

    private let entries = Mutex<[Entry]>([])

    /// Runs these probes and no others; returns at once. A new probe begins when those have ended that are no longer wanted and
    /// share a place with it: two that do not know of each other must not write to the same table. It waits for no others.
    func run(_ wanted: [PlacedProbe]) {
        entries.withLock { entries in
            for index in entries.indices where !wanted.contains(entries[index].placed) {
                entries[index].isEnding = true
                entries[index].task.cancel()
            }
            let ending = entries.filter(\.isEnding)
            for placed in wanted where !entries.contains(where: { $0.placed.probe === placed.probe }) {
                let before = ending.filter { !$0.placed.places.isDisjoint(with: placed.places) }.map(\.task)
                entries.append(Entry(placed: placed, task: task(of: placed.probe, after: before)))
            }
        }
    }

    /// Waits until some probes that are no longer wanted have ended.
    func ended(_ probes: [any Probe]) async {
        let tasks = entries.withLock { entries in
            entries.filter { entry in probes.contains { $0 === entry.placed.probe } && entry.isEnding }.map(\.task)
        }
        for task in tasks { await task.value }
    }

    /// Ends all probes.
    func end() async {
        run([])
        let tasks = entries.withLock { $0.map(\.task) }
        for task in tasks { await task.value }
    }

    private func task(of probe: any Probe, after predecessors: [Task<Void, Never>]) -> Task<Void, Never> {
        Task {
            for predecessor in predecessors { await predecessor.value }
            if !Task.isCancelled { await probe.run() }
            entries.withLock { $0.removeAll { $0.placed.probe === probe } }
        }
    }
}

extension [PlacedProbe] {
    fileprivate func contains(_ other: PlacedProbe) -> Bool { contains { $0.probe === other.probe } }
}
