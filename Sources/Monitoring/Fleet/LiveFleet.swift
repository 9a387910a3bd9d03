package import Configuration
package import Documents
package import Logging
internal import MariaDB
internal import ServiceLifecycle
internal import Synchronization
package import Threads

/// The fleet in charge, replaced when the configuration is read again; and the probes, as a service.
///
/// A request keeps the fleet it started with. A replaced fleet is closed once unused, except for the sets and nodes that the new
/// one took over. An actor, so that two reloads never cross; requests do not wait for it. It has a thread of its own: reading
/// files blocks.
package actor LiveFleet: Service {
    package typealias Load =
        @Sendable () throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning])

    /// Refuses a configuration for which there is no room beside the one before.
    package typealias Admission = @Sendable (_ next: Configuration, _ before: Configuration) throws -> Void

    private let executor: ThreadExecutor
    private let load: Load
    private let admit: Admission
    private let logger: Logger
    private nonisolated let current: Mutex<Tenure>
    private nonisolated let state: Mutex<ReloadRecord>
    private let probes = ProbeTasks()
    /// Closes fleets that are no longer in charge, one after the other: an earlier one may still be using what a later
    /// one closes.
    private var retirement: Task<Void, Never>?
    /// Hands the probes over from one fleet to the next, one after the other. It does not wait for scrapes.
    private var handover: Task<Void, Never>?

    /// - Parameters:
    ///   - admit: throws what speaks against a configuration.
    ///   - load: reads the configuration; may block.
    package init(
        _ fleet: Fleet, logger: Logger, admit: @escaping Admission = { _, _ in }, load: @escaping Load
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "reload", stackSize: 8 << 20)
        self.load = load
        self.admit = admit
        self.logger = logger
        current = Mutex(Tenure(fleet))
        state = Mutex(ReloadRecord(startedAt: Moment.now.wall))
    }

    deinit { executor.stop() }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package nonisolated var record: ReloadRecord { state.withLock { $0 } }

    /// Lends the fleet in charge, which stays as it is until `body` ends.
    package nonisolated func use<Result>(_ body: (Fleet) async -> Result) async -> Result {
        let tenure = current.withLock { tenure in
            tenure.enter()
            return tenure
        }
        defer { tenure.leave() }
        return await body(tenure.fleet)
    }

    /// Reads the configuration, and goes on by it if it is good. What is wrong with it is logged, all of it.
    /// - Throws: `ReloadRefusal`; then everything runs on as before.
    package func reload() throws(ReloadRefusal) {
        do {
            let (configuration, warnings) = try load()
            let before = current.withLock { $0 }
            try admit(configuration, before.fleet.configuration)
            let successor = try before.fleet.successor(configuration)
            successor.takeCharge()
            successor.forgetChanges(since: before.fleet.configuration)
            current.withLock { $0 = Tenure(successor) }
            handOver(to: successor)
            retire(before, for: successor)
            state.withLock { $0.succeeded(at: Moment.now.wall) }
            for warning in warnings { logger.warning("\(warning)") }
            let kept = configuration.nodes(unchangedSince: before.fleet.configuration).count
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

    // MARK: - The service

    /// The probes' work, until the program ends; then everything is closed.
    package func run() async {
        handOver(to: current.withLock { $0 }.fleet)
        // Thrown when another service has failed: probes end in order, or the sentinel's row would stay behind.
        try? await gracefulShutdown()
        await close()
    }

    /// Closes everything. For the end, when no requests come any more.
    func close() async {
        await handover?.value
        await probes.run([])
        await retirement?.value
        await current.withLock { $0 }.fleet.close()
    }

    private func handOver(to fleet: Fleet) {
        handover = Task { [earlier = handover, probes] in
            await earlier?.value
            await probes.run(fleet.probes)
        }
    }

    private func retire(_ tenure: Tenure, for successor: Fleet) {
        // Not awaited: a reload is done when the successor is in charge.
        retirement = Task { [earlier = retirement] in
            await earlier?.value
            await tenure.unused()
            await tenure.fleet.close(keeping: successor)
        }
    }
}

extension LiveFleet: CustomStringConvertible {
    /// The lifecycle's debug log shows it.
    package nonisolated var description: String { "replication sets" }
}
