package import Configuration
package import Documents
package import Logging
internal import MariaDB
internal import ServiceLifecycle
internal import Synchronization
package import Threads

/// The fleet in charge, replaced when the configuration is reloaded; also runs the probes, as a service.
///
/// A request keeps the fleet it started with. A replaced fleet is closed once its requests and its probes have ended, except for
/// the sets and nodes that the new one took over.
package actor LiveFleet: Service {
    package typealias Load =
        @Sendable () throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning])

    /// Refuses a configuration if there are no resources to run it beside the earlier ones that are not closed yet, oldest first;
    /// the last is the one in effect.
    package typealias Admission = @Sendable (_ next: Configuration, _ earlier: [Configuration]) throws -> Void

    /// More fleets than this may not be closing when another is replaced.
    private static let maxRetiring = 1
    private static let doubt = "a file system or pipe that hangs?"

    private let reader: ConfigurationReader
    private let admit: Admission
    private let patience: Duration
    private let logger: Logger
    private nonisolated let current: Mutex<Tenure>
    private nonisolated let state: Mutex<ReloadRecord>
    private let probes = ProbeTasks()

    /// The reload that began last, and the one that begins when that ends.
    private var running: Task<Outcome, Never>?
    private var waiting: Task<Outcome, Never>?
    /// Ends what the running reload waits for.
    private var interrupt: (() -> Void)?
    private var isEnding = false
    /// Fleets that are no longer in charge, oldest first, until they are closed.
    private var retiring: [Retirement] = []

    private typealias Outcome = Result<Void, ReloadRefusal>

    private struct Retirement {
        let tenure: Tenure
        /// Whether there is anything to close.
        let isHolding: Bool
        /// Ends when nothing uses the fleet and its closing has begun.
        let task: Task<Void, Never>
        /// Ends when its connections are closed, also those on which a server hangs.
        let closed: Task<Void, Never>
    }

    /// - Parameters:
    ///   - patience: how long a reload waits for files, and for earlier fleets to be closed.
    ///   - admit: throws the reason against a configuration.
    ///   - load: reads the configuration; may block.
    package init(
        _ fleet: Fleet, logger: Logger, patience: Duration = .seconds(30),
        admit: @escaping Admission = { _, _ in }, load: @escaping Load
    ) throws(ThreadError) {
        reader = try ConfigurationReader(load)
        self.admit = admit
        self.patience = patience
        self.logger = logger
        current = Mutex(Tenure(fleet))
        state = Mutex(ReloadRecord(startedAt: Moment.now.wall))
    }

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

    // MARK: - Asking for a reload

    /// Reads the configuration and switches to it if it is valid. Otherwise logs everything that is wrong with it.
    ///
    /// One reload at a time. All that are asked for while one runs are one, which begins when that ends.
    /// - Throws: `ReloadRefusal`; then everything continues as before. A caller that is cancelled leaves; the reload goes on.
    package func reload() async throws(ReloadRefusal) {
        let reload = next()
        let answer = TimedAnswer<Outcome>()
        Task { answer.settle(await reload.value) }
        let outcome = await withTaskCancellationHandler {
            // Reloads end by themselves: this is longer than two of them take.
            await answer.value(until: .now + patience * 4 + .seconds(60))
        } onCancel: {
            answer.settle(.failure(ReloadRefusal(problems: ["the caller left before the end of the reload"])))
        }
        try (outcome ?? .failure(ReloadRefusal(problems: ["the reload has not ended yet"]))).get()
    }

    /// The same, for a caller that does not wait for the result: it is in the log.
    package func requestReload() { _ = next() }

    /// Refuses reloads from now on, also the one that is waiting for its files: the program is ending.
    package func endReloads() {
        isEnding = true
        interrupt?()
    }

    private func next() -> Task<Outcome, Never> {
        if let waiting { return waiting }
        let task = Task { [earlier = running] () -> Outcome in
            _ = await earlier?.value
            running = waiting
            waiting = nil
            do throws(ReloadRefusal) {
                return .success(try await carryOut())
            } catch {
                return .failure(error)
            }
        }
        waiting = task
        return task
    }

    // MARK: - A reload

    private func carryOut() async throws(ReloadRefusal) {
        let (configuration, warnings) = try await read()
        try await makeRoom(for: configuration)
        let before = current.withLock { $0 }
        let successor = try await successor(of: before.fleet, configuration)
        await successor.inherit(from: before.fleet)
        if isEnding { throw ReloadRefusal.ending }
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
    }

    private func read() async throws(ReloadRefusal) -> (configuration: Configuration, warnings: [Warning]) {
        if isEnding { throw ReloadRefusal.ending }
        if let began = reader.underWay {
            throw refusal([
                "a file of the configuration or of --state.directory has been read for \(began.duration(to: .now).components.seconds) s: \(Self.doubt)"
            ])
        }
        let reading = await waited(until: .now + patience) { [reader] in await reader.read() }
        if isEnding { throw ReloadRefusal.ending }
        switch reading {
        case .success(let read): return read
        case .failure(let error): throw refusal(error.problems.map(\.description))
        case nil:
            throw refusal([
                "the configuration could not be read within \(patience.components.seconds) s: \(Self.doubt)"
            ])
        }
    }

    private func successor(of fleet: Fleet, _ configuration: Configuration) async throws(ReloadRefusal) -> Fleet {
        let made = await waited(until: .now + patience) { [reader] in
            await reader.successor(of: fleet, configuration)
        }
        if isEnding { throw ReloadRefusal.ending }
        switch made {
        case .success(let successor): return successor
        case .failure(let error): throw refusal(["\(error)"])
        case nil:
            throw refusal([
                "--state.directory could not be read within \(patience.components.seconds) s: \(Self.doubt)"
            ])
        }
    }

    /// Waits until there are resources for another configuration. While requests and probes still use earlier fleets, these keep
    /// their connections: reloads that follow each other fast would use up all descriptors.
    private func makeRoom(for next: Configuration) async throws(ReloadRefusal) {
        let deadline = ContinuousClock.now + patience
        while let obstacle = obstacle(to: next) {
            guard let oldest = retiring.first?.closed else { throw refusal([obstacle]) }
            let isClosed = await waited(until: deadline) { await oldest.value } != nil
            if isEnding { throw ReloadRefusal.ending }
            if !isClosed { throw refusal([obstacle]) }
        }
    }

    private func obstacle(to next: Configuration) -> String? {
        let holding = retiring.count(where: \.isHolding)
        guard holding <= Self.maxRetiring else {
            return
                "\(holding) earlier configurations still have requests, probes or servers that hang: reload again in a while"
        }
        do {
            try admit(next, (retiring.map(\.tenure) + [current.withLock { $0 }]).map(\.fleet.configuration))
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Waits for something that may take long.
    /// - Returns: nil if the deadline comes first, or the program is ending.
    private func waited<Value: Sendable>(
        until deadline: ContinuousClock.Instant, for work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        if isEnding { return nil }
        let answer = TimedAnswer<Value?> { .some(await work()) }
        interrupt = { answer.settle(nil) }
        defer { interrupt = nil }
        return await answer.value(until: deadline) ?? nil
    }

    private func refusal(_ problems: [String]) -> ReloadRefusal {
        state.withLock { $0.failed() }
        for problem in problems { logger.error("\(problem)") }
        logger.error("configuration refused; the old one stays in effect", metadata: ["problems": "\(problems.count)"])
        return ReloadRefusal(problems: problems)
    }

    /// Closes a fleet that has been replaced; not awaited by the reload, which is complete once the successor is in charge.
    ///
    /// Fleets are closed one after the other: an earlier one may still be using what a later one closes.
    private func retire(_ tenure: Tenure, for successor: Fleet) {
        let earlier = retiring.last
        let task = Task { [probes] in
            await earlier?.task.value
            await tenure.requests.unused()
            await tenure.fleet.close(keeping: successor) { await probes.ended($0) }
        }
        let closed = Task {
            await earlier?.closed.value
            await task.value
            await tenure.fleet.closed(keeping: successor)
            retiring.removeAll { $0.tenure === tenure }
        }
        retiring.append(
            Retirement(
                tenure: tenure, isHolding: tenure.fleet.isHolding(beyond: successor), task: task, closed: closed))
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
        endReloads()
        await probes.end()
        await retiring.last?.task.value
        let fleet = current.withLock { $0 }.fleet
        await fleet.close()
        await fleet.flush()
    }
}

extension ReloadRefusal {
    fileprivate static let ending = ReloadRefusal(problems: ["the exporter is ending"])
}

extension LiveFleet: CustomStringConvertible {
    /// Shown in the service group's debug log.
    package nonisolated var description: String { "replication sets" }
}
