internal import Configuration
internal import Documents
internal import Threads

/// Reads the configuration on a thread of its own: its files may be pipes, or on a file system that hangs.
final class ConfigurationReader: Sendable {
    typealias Load = LiveFleet.Load
    typealias Reading = Result<(configuration: Configuration, warnings: [Warning]), ConfigurationError>

    private let desk: BlockingDesk
    private let load: Load

    init(_ load: @escaping Load) throws(ThreadError) {
        desk = try BlockingDesk(name: "reload", stackSize: 8 << 20)
        self.load = load
    }

    /// When a reading began that has not ended yet, though nobody may be waiting for it any more.
    var underWay: ContinuousClock.Instant? { desk.underWay }

    func read() async -> Reading {
        await desk.carryOut { [load] in
            do throws(ConfigurationError) {
                return .success(try load())
            } catch {
                return .failure(error)
            }
        }
    }

    /// Makes the fleet of another configuration, which may read the files of `--state.directory`.
    func successor(of fleet: Fleet, _ configuration: Configuration) async -> Result<Fleet, ThreadError> {
        await desk.carryOut {
            do throws(ThreadError) {
                return .success(try fleet.successor(configuration))
            } catch {
                return .failure(error)
            }
        }
    }
}
