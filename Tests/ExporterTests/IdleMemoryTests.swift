import Foundation
import Synchronization
import Testing

@testable import Exporter

@Suite("Memory between scrapes", .timeLimit(.minutes(5)))
struct IdleMemoryTests {
    /// What was released, in order.
    private final class Log: Sendable {
        private let entries = Mutex<[String]>([])
        private let stream = AsyncStream<String>.makeStream()

        func note(_ entry: String) {
            entries.withLock { $0.append(entry) }
            stream.continuation.yield(entry)
        }

        var all: [String] { entries.withLock { $0 } }

        /// Waits for the next entry.
        func next() async -> String? {
            var iterator = stream.stream.makeAsyncIterator()
            return await iterator.next()
        }
    }

    private func memory(_ log: Log, quiet: Duration) -> IdleMemory {
        IdleMemory(quiet: quiet, trim: { log.note("free memory") })
    }

    @Test("After each round, free memory is released once")
    func order() async {
        let log = Log()
        let memory = memory(log, quiet: .milliseconds(1))
        #expect(await memory.during { 7 } == 7)
        #expect(await log.next() == "free memory")
        await memory.during {}
        #expect(await log.next() == "free memory")
        await memory.during {}
        #expect(await log.next() == "free memory")
        #expect(log.all.count == 3)
    }

    @Test("Nothing is released during a round, however long it takes, and concurrent rounds count as one")
    func underway() async {
        let log = Log()
        let memory = memory(log, quiet: .milliseconds(1))
        await memory.during {
            // Its end would start the quiet period.
            await memory.during {}
            await memory.during {}
            // Many times the quiet period: the absence of an event cannot be awaited.
            try? await Task.sleep(for: .milliseconds(50))
            #expect(log.all == [])
        }
        #expect(await log.next() == "free memory")
        #expect(log.all.count == 1)
    }
}
