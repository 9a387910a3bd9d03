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

    /// Keeps a desk's thread busy, as a file system that hangs would.
    /// - Returns: ends that.
    private func hang(_ desk: BlockingDesk, longerThan patience: Duration = .zero) async throws -> DispatchSemaphore {
        let release = DispatchSemaphore(value: 0)
        Task { await desk.carryOut { release.wait() } }
        try await eventually("the desk hangs") { desk.underWay.map { $0.duration(to: .now) > patience } ?? false }
        return release
    }

    /// Enough for a busy machine; a desk that has hung for longer is not waited for.
    private static let patience = Duration.seconds(1)

    private func operators(_ folder: String, _ desks: OperatorDesk.Desks) -> OperatorDesk {
        OperatorDesk(
            directory: folder, at: desks, patience: Self.patience, operatorsPatience: .seconds(60), logger: log.logger)
    }

    @Test("While reading hangs, what was read last holds, and the state of a node that was not read is unknown")
    func hanging() async throws {
        try await withFolder { folder in
            let desks = try OperatorDesk.Desks()
            let operators = operators(folder, desks)
            try await eventually("the state is read") { await operators.state(of: "db1") == .init(state: .ready) }
            let release = try await hang(desks.reader, longerThan: Self.patience)
            let lines = log.lines.count
            // Set meanwhile: in effect at once, though it cannot be read.
            try await operators.set(.drain, of: "db2")
            #expect(await operators.state(of: "db1") == .init(state: .ready))
            #expect(await operators.state(of: "db2") == .init(state: .drain))
            #expect(await operators.state(of: "db3") == .init(state: .maintenance, isKnown: false))
            #expect(log.lines.count <= lines + 1 && log.lines.last?.contains("does not answer") == true, "\(log.lines)")
            release.signal()
            try await eventually("the states are read again") {
                await operators.state(of: "db3") == .init(state: .ready)
            }
            #expect(await !operators.endsMaintenance(of: "db3", .ready))
            #expect(await operators.state(of: "db2") == .init(state: .drain))
        }
    }

    @Test("What was told before a start without the directory is withdrawn once that is back")
    func directoryAwayAtStart() async throws {
        try await withFolder { folder in
            try Data().write(to: URL(filePath: "\(folder)/db1~told"))
            try FileManager.default.moveItem(atPath: folder, toPath: "\(folder)-away")
            let operators = operators(folder, try OperatorDesk.Desks())
            try await eventually("it is read") { await operators.state(of: "db1") == .unknown && !log.lines.isEmpty }
            try FileManager.default.moveItem(atPath: "\(folder)-away", toPath: folder)
            try await eventually("it is back") { await operators.state(of: "db1") == .init(state: .ready) }
            #expect(await operators.endsMaintenance(of: "db1", .ready))
        }
    }

    @Test("Of requests at the same time, only that one is told of success whose state is in effect")
    func superseded() async throws {
        try await withFolder { folder in
            let desks = try OperatorDesk.Desks()
            let operators = operators(folder, desks)
            let release = try await hang(desks.writer)
            func set(_ state: OperatorState) -> Task<String, Never> {
                Task {
                    do { try await operators.set(state, of: "db1") } catch { return "\(error)" }
                    return "set"
                }
            }
            let first = set(.maintenance)
            try await eventually("the first waits") { operators.unwrittenState(of: "db1") == .maintenance }
            let second = set(.drain)
            try await eventually("the second waits") { operators.unwrittenState(of: "db1") == .drain }
            release.signal()
            #expect(await first.value.contains("another request has set db1 to drain"))
            #expect(await second.value == "set")
        }
    }

    @Test("While writing hangs, states are read, and the last one that was set is written in the end")
    func writingHangs() async throws {
        try await withFolder { folder in
            let desks = try OperatorDesk.Desks()
            let operators = OperatorDesk(
                directory: folder, at: desks, patience: Self.patience, operatorsPatience: .milliseconds(10),
                logger: log.logger)
            let release = try await hang(desks.writer, longerThan: Self.patience)
            for state in [OperatorState.drain, .ready, .maintenance] {
                await #expect(throws: OperatorDesk.Failure.self) { try await operators.set(state, of: "db1") }
            }
            try await eventually("the state is read") { await operators.state(of: "db1") == .init(state: .ready) }
            let lines = log.lines.count
            operators.logUnwritten()
            #expect(log.lines.count == lines + 1 && log.entries.last?.metadata["state"] == "maint")
            // An answer that was given without its note is withdrawn all the same.
            #expect(await !operators.endsMaintenance(of: "db2", .drain))
            #expect(await operators.endsMaintenance(of: "db2", .ready))
            release.signal()
            try await eventually("the last state is written") {
                await operators.state(of: "db1") == .init(state: .maintenance)
            }
            #expect(try String(contentsOfFile: "\(folder)/db1", encoding: .utf8) == "maint\n")
        }
    }
}
