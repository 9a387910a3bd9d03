package import Configuration
package import Documents
package import Logging
internal import MariaDB
internal import ServiceLifecycle
internal import Synchronization
package import Threads

/// The fleet in charge, replaced when the configuration is reloaded; also runs the probes, as a service.
///
/// A request keeps the fleet it started with. A replaced fleet is closed once unused, except for the sets and nodes that the new
/// one took over. An actor, so that reloads never overlap; requests do not wait for it. It has a thread of its own because
/// reading files blocks.
package actor LiveFleet: Service {
    package typealias Load =
        @Sendable () throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning])

    /// Refuses a configuration if there are no resources to run it beside the previous one.
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

    /// - Parameters:
    ///   - admit: throws the reason against a configuration.
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

    /// Lends the fleet in charge, which is not closed before `body` ends.
    package nonisolated func use<Result>(_ body: (Fleet) async -> Result) async -> Result {
        let tenure = current.withLock { tenure in
            tenure.requests.enter()
            return tenure
        }
        defer { tenure.requests.leave() }
        return await body(tenure.fleet)
    }

    /// Reads the configuration and switches to it if it is valid. Otherwise logs everything that is wrong with it.
    /// - Throws: `ReloadRefusal`; then everything continues as before.
    package func reload() throws(ReloadRefusal) {
        do {
            let (configuration, warnings) = try load()
            let before = current.withLock { $0 }
            try admit(configuration, before.fleet.configuration)
            let successor = try before.fleet.successor(configuration)
            successor.takeCharge(from: before.fleet)
            successor.forgetChanges(since: before.fleet.configuration)
            current.withLock { $0 = Tenure(successor) }
            probes.run(successor.probes)
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

    /// Runs the probes until the program ends; then closes everything.
    package func run() async {
        probes.run(current.withLock { $0 }.fleet.probes)
        // It throws if another service has failed; even then probes end in an orderly way, or the sentinel's row would remain.
        try? await gracefulShutdown()
        await close()
    }

    /// Closes everything; called at the end, when there are no more requests.
    func close() async {
        await probes.end()
        await retirement?.value
        await current.withLock { $0 }.fleet.close()
    }

    private func retire(_ tenure: Tenure, for successor: Fleet) {
        // Not awaited: the reload is complete as soon as the successor is in charge.
        retirement = Task { [earlier = retirement, probes] in
            await earlier?.value
            await tenure.requests.unused()
            await tenure.fleet.close(keeping: successor) { await probes.ended($0) }
        }
    }
}

extension LiveFleet: CustomStringConvertible {
    /// Shown in the service group's debug log.
    package nonisolated var description: String { "replication sets" }
}
