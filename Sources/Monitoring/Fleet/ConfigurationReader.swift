internal import Configuration
internal import Documents
internal import Synchronization
internal import Threads

/// Reads the configuration on a thread of its own: its files may be pipes, or on a file system that hangs.
final class ConfigurationReader: Sendable {
    typealias Load = LiveFleet.Load
    typealias Reading = Result<(configuration: Configuration, warnings: [Warning]), ConfigurationError>

    /// Blocking work, one piece after the other.
    private actor Desk {
        private let executor: ThreadExecutor

        init() throws(ThreadError) { executor = try ThreadExecutor(name: "reload", stackSize: 8 << 20) }

        deinit { executor.stop() }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func carryOut<Value, Failure>(_ work: @Sendable () throws(Failure) -> Value) throws(Failure) -> Value {
            try work()
        }
    }

    private let desk: Desk
    private let load: Load
    /// Since when a file is being read.
    private let began = Mutex<ContinuousClock.Instant?>(nil)

    init(_ load: @escaping Load) throws(ThreadError) {
        desk = try Desk()
        self.load = load
    }

    /// When a reading began that has not ended yet, though nobody may be waiting for it any more.
    var underWay: ContinuousClock.Instant? { began.withLock { $0 } }

    func read() async -> Reading {
        began.withLock { $0 = .now }
        defer { began.withLock { $0 = nil } }
        do throws(ConfigurationError) {
            return .success(try await desk.carryOut { [load] () throws(ConfigurationError) in try load() })
        } catch {
            return .failure(error)
        }
    }

    /// Makes the fleet of another configuration, which may read the files of `--state.directory`.
    func successor(of fleet: Fleet, _ configuration: Configuration) async throws(ThreadError) -> Fleet {
        try await desk.carryOut { () throws(ThreadError) in try fleet.successor(configuration) }
    }
}
