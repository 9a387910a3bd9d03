import Documents
import Foundation
import Glibc
import Logging
import Testing
import Traffic

@testable import Exporter

extension MaintenanceNotices {
    /// A check, with its note.
    fileprivate func endsMaintenance(
        of node: String, _ state: OperatorState, now: ContinuousClock.Instant = .now
    ) -> Bool {
        readNotes()
        let turn = turn(of: node, state, now: now)
        if let note = turn.note { carryOut(note, of: node) }
        return turn.endsMaintenance
    }
}

@Suite("Maintenance as reported to HAProxy's agents")
struct MaintenanceNoticesTests {
    private static let logger = Logger(label: "notices")

    @Test(
        "Ready is sent only after a drain or maint, for a minute, and again after the next one",
        arguments: [true, false])
    func release(isWrittenDown: Bool) throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let notices = MaintenanceNotices(directory: isWrittenDown ? folder : nil, logger: Self.logger)
        let start = ContinuousClock.now
        func isEnding(_ state: OperatorState, after seconds: Int, node: String = "db1") -> Bool {
            notices.endsMaintenance(of: node, state, now: start + .seconds(seconds))
        }
        #expect(!isEnding(.ready, after: 0))
        #expect(!isEnding(.drain, after: 10))
        #expect(!isEnding(.maintenance, after: 20))
        // The minute begins with the first question afterwards, however late that is.
        #expect(isEnding(.ready, after: 1000))
        #expect(isEnding(.ready, after: 1060))
        #expect(!isEnding(.ready, after: 500, node: "db2"))
        #expect(!isEnding(.ready, after: 1061))
        #expect(!isEnding(.ready, after: 1062))
        #expect(try Self.files(folder).isEmpty)

        #expect(!isEnding(.drain, after: 2000))
        #expect(isEnding(.ready, after: 2001))
        #expect(!isEnding(.maintenance, after: 2002))
        #expect(isEnding(.ready, after: 2100))
        #expect(!isEnding(.ready, after: 2161))
    }

    @Test(
        "A note is written on the operator's file's file system only: where that was mounted, there is another directory now"
    )
    func unmounted() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var status = stat()
        #expect(stat(folder, &status) == 0)
        let notices = MaintenanceNotices(directory: folder, logger: Self.logger)
        notices.carryOut(.written, of: "db1", on: status.st_dev + 1)
        #expect(try Self.files(folder).isEmpty)
        notices.carryOut(.written, of: "db1", on: status.st_dev)
        #expect(try Self.files(folder) == ["db1~told"])
    }

    @Test("What was reported before a restart is revoked after it")
    func restart() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let start = ContinuousClock.now
        let before = MaintenanceNotices(directory: folder, logger: Self.logger)
        #expect(!before.endsMaintenance(of: "db1", .maintenance, now: start))
        #expect(try Self.files(folder) == ["db1~told"])
        // Ended, but not reported for long enough.
        #expect(before.endsMaintenance(of: "db1", .ready, now: start + .seconds(1)))

        let after = MaintenanceNotices(directory: folder, logger: Self.logger)
        #expect(after.endsMaintenance(of: "db1", .ready, now: start + .seconds(100)))
        #expect(!after.endsMaintenance(of: "db2", .ready, now: start + .seconds(100)))
        #expect(!after.endsMaintenance(of: "db1", .ready, now: start + .seconds(161)))
        #expect(try Self.files(folder).isEmpty)
        #expect(!MaintenanceNotices(directory: folder, logger: Self.logger).endsMaintenance(of: "db1", .ready))
    }

    @Test("A note that has vanished, or could not be written, is written at the next question")
    func again() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let notices = MaintenanceNotices(directory: folder, logger: Self.logger)
        #expect(!notices.endsMaintenance(of: "db1", .drain))
        try FileManager.default.removeItem(atPath: folder)
        #expect(!notices.endsMaintenance(of: "db1", .drain))
        #expect(!notices.endsMaintenance(of: "db2", .maintenance))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(!notices.endsMaintenance(of: "db1", .drain))
        #expect(!notices.endsMaintenance(of: "db2", .maintenance))
        #expect(try Self.files(folder).sorted() == ["db1~told", "db2~told"])
    }

    @Test(
        "A pipe instead of a file blocks nothing, whether it is read or not; it counts as not written, or as an old draft",
        .timeLimit(.minutes(5)), arguments: [true, false])
    func pipe(isRead: Bool) throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let paths = ["\(folder)/db1~told", "\(folder)/db1~\(getpid())"]
        var readers: [Int32] = []
        defer { for reader in readers { close(reader) } }
        for path in paths {
            try #require(mkfifo(path, 0o600) == 0)
            if isRead { readers.append(open(path, O_RDONLY | O_NONBLOCK)) }
        }
        let notices = MaintenanceNotices(directory: folder, logger: Self.logger)
        let states = OperatorStates(directory: folder, logger: Self.logger)
        #expect(!notices.endsMaintenance(of: "db1", .drain))
        #expect(throws: DraftedFile.Failure.self) { try DraftedFile.descriptor(writing: paths[0], mode: 0o600) }
        // What bears this process's number was left by an earlier one that had it.
        try states.set(.drain, of: "db1")
        #expect(states["db1"] == .drain)
        try states.set(.drain, of: "db2")
        #expect(states["db2"] == .drain)
    }

    private static func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("notices-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
    }
}
