import Foundation
import Sandbox

/// The programs that are compared.
struct Tools {
    let exporter: String
    let peer: String
    let floor: String
    let delay: String
    let allocations: String
}

/// Where a run writes its files, next to its servers'; removed together with them.
struct Workplace {
    let tools: Tools
    let folder: String
    /// The process group that ends with the sandbox.
    let group: pid_t
    let serverVersion: String
    let servers: [ProcessUsage]

    /// User and system time of all servers. Seconds.
    func serverSeconds() throws(BenchmarkError) -> Double {
        var sum = 0.0
        for server in servers { sum += try server.cpuSeconds() }
        return sum
    }

    func write(_ text: String, to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw BenchmarkError.system("write \(path)") }
        return path
    }

    /// The file for a program's own output.
    func log(_ name: String) -> String { "\(folder)/\(name).log" }
}

/// A port that is not in use now.
func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard isBound else { throw BenchmarkError.system("find a free port") }
    return UInt16(bigEndian: address.sin_port)
}

/// Waits until `holds`; an error counts as false.
func eventually(_ what: String, _ holds: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while (try? holds()) != true {
        guard ContinuousClock.now < deadline else { throw BenchmarkError.failed("not within a minute: \(what)") }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Runs `work` on each value, each on its own thread, and waits for all.
func inParallel<Value>(_ values: [Value], _ work: @escaping (Value) -> Void) {
    nonisolated(unsafe) let values = values
    nonisolated(unsafe) let work = work
    let threads = DispatchGroup()
    for index in values.indices {
        threads.enter()
        Thread.detachNewThread {
            work(values[index])
            threads.leave()
        }
    }
    threads.wait()
}

/// How long `work` takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
    let started = ContinuousClock.now
    try work()
    return started.duration(to: .now) / .seconds(1)
}
