import Foundation
import Synchronization

/// What fuzz tests have in common.
enum FuzzRun {
    /// A number from the environment.
    static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    static func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// Bytes.
    static func residentMemory() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .ascii).split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }
}

/// What the workers of a test share.
final class Tally: Sendable {
    private let state = Mutex((taken: 0, outcomes: [String: Int]()))

    func next(below count: Int) -> Int? {
        state.withLock { state in
            defer { state.taken += 1 }
            return state.taken < count ? state.taken : nil
        }
    }

    func note(_ outcome: String) { state.withLock { $0.outcomes[outcome, default: 0] += 1 } }

    var text: String {
        state.withLock {
            $0.outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
    }
}

/// The file in which a worker stores the seed of the current case: after a crash it says which one that was.
final class SeedTrace: Sendable {
    private let descriptor: Int32
    private let path: String

    init() {
        path = NSTemporaryDirectory() + "fuzz-\(getpid())-\(UUID().uuidString).seed"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    }

    func trace(_ seed: UInt64) {
        let line = Array("\(seed)\n".utf8)
        _ = pwrite(descriptor, line, line.count, 0)
    }

    func remove() {
        close(descriptor)
        unlink(path)
    }
}
