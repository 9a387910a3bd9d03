import Dispatch
import Foundation
import Logging
import ReplicationTesting
import Testing
import Threads
import Traffic

@testable import Exporter

@Suite("Operators' states while their directory hangs", .timeLimit(.minutes(5)))
struct OperatorDeskTests {
    private let log = CapturedLog(level: .warning)

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("states-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("What was read last holds, a node that was not read counts as maint, and nothing is said to be set")
    func hanging() async throws {
        try await withFolder { folder in
            let desk = try BlockingDesk(name: "test")
            // Enough for a busy machine; a desk that hangs is refused at once after that.
            let patience = Duration.seconds(1)
            let operators = OperatorDesk(
                directory: folder, at: desk, patience: patience, operatorsPatience: .seconds(60), logger: log.logger)
            // A disk that is slow for once must not fail the test: the first reading may be repeated.
            try await eventually("the states are read") { await operators.state(of: "db1") == .ready }
            try await operators.set(.drain, of: "db2")
            try await eventually("the state is read") { await operators.state(of: "db2") == .drain }
            let lines = log.lines.count
            let release = DispatchSemaphore(value: 0)
            Task { await desk.carryOut { release.wait() } }
            try await eventually("the desk hangs") { desk.underWay.map { $0.duration(to: .now) > patience } ?? false }
            #expect(await operators.state(of: "db1") == .ready)
            #expect(await operators.state(of: "db2") == .drain)
            #expect(await operators.state(of: "db3") == .maintenance)
            #expect(await !operators.endsMaintenance(of: "db2", .drain))
            #expect(log.lines.count == lines + 1 && log.lines.last?.contains("does not answer") == true, "\(log.lines)")
            release.signal()
            await desk.carryOut {}
            try await eventually("the states are read again") { await operators.state(of: "db3") == .ready }
            #expect(await operators.endsMaintenance(of: "db2", .drain) == false)
            try await eventually("a note is left") { FileManager.default.fileExists(atPath: "\(folder)/db2~told") }
        }
    }
}
