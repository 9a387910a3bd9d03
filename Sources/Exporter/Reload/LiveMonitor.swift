import Configuration
import Documents
import Logging
import MariaDB
import Synchronization
import Threads

/// The monitor in charge, replaced as a whole when the configuration is read anew.
///
/// Who has begun with one monitor ends with it; only then it is closed, but for the nodes that its successor goes on with.
/// An actor, so that two reloads never cross; requests do not wait for it. It has a thread of its own: reading files blocks.
actor LiveMonitor {
    typealias Load = @Sendable () throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning])

    private let executor: ThreadExecutor
    private let load: Load
    private let environment: [String: String]
    private let openFiles: OpenFiles?
    private let logger: Logger
    private nonisolated let current: Mutex<Tenure>
    private nonisolated let state: Mutex<ReloadRecord>
    /// Closes monitors that are no longer in charge, one after the other: an earlier one may still be using what a later
    /// one closes.
    private var retirement: Task<Void, Never>?
    /// Hands the probes over from one monitor to the next, one after the other. It waits for nobody who still scrapes.
    private var handover: Task<Void, Never>?

    /// - Parameters:
    ///   - openFiles: what is left for connections to nodes; nil for as much as anybody wants.
    ///   - load: reads the configuration anew; may block.
    init(
        _ monitor: Monitor, environment: [String: String], openFiles: OpenFiles? = nil, logger: Logger,
        load: @escaping Load
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "reload", stackSize: 8 << 20)
        self.load = load
        self.environment = environment
        self.openFiles = openFiles
        self.logger = logger
        current = Mutex(Tenure(monitor))
        state = Mutex(ReloadRecord(startedAt: Moment.now.wall))
    }

    deinit { executor.stop() }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated var record: ReloadRecord { state.withLock { $0 } }

    /// Lends the monitor in charge, which stays as it is until `body` ends.
    nonisolated func use<Result>(_ body: (Monitor) async -> Result) async -> Result {
        let tenure = current.withLock { tenure in
            tenure.enter()
            return tenure
        }
        defer { tenure.leave() }
        return await body(tenure.monitor)
    }

    /// Reads the configuration, and goes on by it if it is good. What is wrong with it is logged, all of it.
    /// - Throws: `ReloadRefusal`; then everything runs on as before.
    func reload() throws(ReloadRefusal) {
        do {
            let (configuration, warnings) = try load()
            let before = current.withLock { $0 }
            try openFiles?.check(configuration, after: before.monitor.configuration)
            let successor = try before.monitor.successor(configuration, environment: environment)
            current.withLock { $0 = Tenure(successor) }
            handOver(from: before.monitor, to: successor)
            retire(before, for: successor)
            state.withLock { $0.succeeded(at: Moment.now.wall) }
            for warning in warnings { logger.warning("\(warning)") }
            let kept = configuration.nodes(unchangedSince: before.monitor.configuration).count
            logger.info(
                "configuration reloaded", metadata: ["nodes": "\(configuration.nodes.count)", "unchanged": "\(kept)"])
        } catch let error as ConfigurationError {
            throw refusal(error.problems.map(\.description))
        } catch {
            throw refusal(["\(error)"])
        }
    }

    private func refusal(_ problems: [String]) -> ReloadRefusal {
        state.withLock { $0.failed() }
        for problem in problems { logger.error("\(problem)") }
        logger.error("configuration refused; the old one stays in effect", metadata: ["problems": "\(problems.count)"])
        return ReloadRefusal(problems: problems)
    }

    /// Begins what works beside the scrapes.
    func startProbes() { handOver(from: nil, to: current.withLock { $0 }.monitor) }

    private func handOver(from monitor: Monitor?, to successor: Monitor) {
        handover = Task { [earlier = handover] in
            await earlier?.value
            await successor.startProbes(replacing: monitor)
        }
    }

    private func retire(_ tenure: Tenure, for successor: Monitor) {
        // Not awaited: a reload is done when the successor is in charge.
        retirement = Task { [earlier = retirement] in
            await earlier?.value
            await tenure.unused()
            await tenure.monitor.close(keeping: successor)
        }
    }

    /// Closes everything. For the end, when no requests come any more.
    func close() async {
        await handover?.value
        await current.withLock { $0 }.monitor.stopProbes()
        await retirement?.value
        await current.withLock { $0 }.monitor.close()
    }
}
