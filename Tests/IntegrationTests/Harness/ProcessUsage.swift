import Foundation
import ReplicationTesting

/// The resources that a process holds, by proc(5).
struct ProcessUsage: Sendable, CustomStringConvertible {
    var threads: Int
    var openFiles: Int
    /// Bytes.
    var residentMemory: Int

    init(of pid: pid_t) throws {
        threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count
        openFiles = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
        let pages = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .ascii).split(separator: " ")
        guard pages.count > 1, let resident = Int(pages[1]) else { throw Failure("/proc/\(pid)/statm: \(pages)") }
        residentMemory = resident * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    var description: String { "\(threads) threads, \(openFiles) open files, \(residentMemory >> 10) KiB" }

    /// Waits until the process holds no more threads and files than before: closing takes a moment.
    static func settled(_ process: pid_t, to before: ProcessUsage) async throws -> ProcessUsage {
        var usage = try ProcessUsage(of: process)
        do {
            try await eventually("it settles", within: .seconds(10), every: .milliseconds(50)) {
                usage = try ProcessUsage(of: process)
                return usage.threads <= before.threads && usage.openFiles <= before.openFiles
            }
        } catch is NeverHappened {
            // What it holds is for the caller to judge.
        }
        return usage
    }
}
