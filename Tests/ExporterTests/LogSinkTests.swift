import Dispatch
import ReplicationTesting
import Synchronization
import Testing
import Threads

@testable import Exporter

@Suite("Log lines while standard error takes none", .timeLimit(.minutes(5)))
struct LogSinkTests {
    /// What was written, by a writer that can be held up.
    private final class Reader: Sendable {
        let text = Mutex("")
        let isHanging = Atomic(false)
        let isHung = Atomic(false)
        let release = DispatchSemaphore(value: 0)

        func write(_ line: String) {
            if isHanging.load(ordering: .relaxed) {
                isHung.store(true, ordering: .relaxed)
                release.wait()
                isHanging.store(false, ordering: .relaxed)
            }
            text.withLock { $0 += line }
        }
    }

    @Test(
        "Whoever logs goes on; lines are written in order when it takes them again, and those that were lost are counted"
    )
    func hanging() async throws {
        let reader = Reader()
        let sink = LogSink { reader.write($0) }
        sink.log("0\n")
        #expect(reader.text.withLock(\.self) == "0\n")
        sink.detach(at: try BlockingDesk(name: "test"))
        reader.isHanging.store(true, ordering: .relaxed)
        sink.log("1\n")
        try await eventually("a line is being written") { reader.isHung.load(ordering: .relaxed) }
        for number in 2...1004 { sink.log("\(number)\n") }
        #expect(reader.text.withLock(\.self) == "0\n")
        reader.release.signal()
        await sink.attach(within: .seconds(60))
        let lines = reader.text.withLock { $0.split(separator: "\n").map(String.init) }
        #expect(lines.prefix(1002).elementsEqual((0...1001).map(String.init)))
        #expect(lines.dropFirst(1002) == ["3 further lines of the log were lost: standard error did not take them"])
        sink.log("end\n")
        #expect(reader.text.withLock { $0.hasSuffix("end\n") })
    }

    @Test("At the end it is waited for only so long")
    func end() async throws {
        let reader = Reader()
        let sink = LogSink { reader.write($0) }
        sink.detach(at: try BlockingDesk(name: "test"))
        reader.isHanging.store(true, ordering: .relaxed)
        sink.log("1\n")
        try await eventually("a line is being written") { reader.isHung.load(ordering: .relaxed) }
        await sink.attach(within: .milliseconds(10))
        sink.log("2\n")
        reader.release.signal()
    }
}
