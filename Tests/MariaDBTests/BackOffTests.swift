import Replication
import Testing

@testable import MariaDB

@Suite("Back-off")
struct BackOffTests {
    private let start = ContinuousClock.now
    private let failure = NodeFailure(reason: .connect, message: "connection refused")

    @Test("Without a failure, attempts are made at once")
    func fresh() {
        #expect(BackOff().failure(at: start) == nil)
    }

    @Test("The first failure causes no wait")
    func first() {
        var backOff = BackOff()
        backOff.failed(failure, at: start)
        #expect(backOff.failure(at: start) == nil)
    }

    @Test(
        "Waits grow to one second, and are never shorter than half of that",
        arguments: [(2, 0.25, 0.5), (3, 0.5, 1.0), (4, 0.5, 1.0), (100, 0.5, 1.0)])
    func growth(failures: Int, least: Double, most: Double) {
        var backOff = BackOff()
        for _ in 0..<failures { backOff.failed(failure, at: start) }
        #expect(backOff.failure(at: start + .seconds(least * 0.999)) != nil)
        #expect(backOff.failure(at: start + .seconds(most)) == nil)
    }

    @Test(
        "Of 1,000 clients waiting for a server, at most a third reconnect in any tenth of a second, and all within a second"
    )
    func spread() {
        // Simulated: each tries every 10 ms, more often than any scraper; the server refuses for 5 s and then is back.
        let back = 5.0
        var attempts: [Int: Int] = [:]  // by tenths of a second after its return
        for _ in 0..<1000 {
            var backOff = BackOff()
            for tick in 0..<1000 {
                let time = Double(tick) / 100
                guard backOff.failure(at: start + .seconds(time)) == nil else { continue }
                if time >= back {
                    attempts[Int((time - back) * 10), default: 0] += 1
                    break
                }
                backOff.failed(failure, at: start + .seconds(time))
            }
        }
        #expect(attempts.values.reduce(0, +) == 1000)
        #expect(attempts.keys.allSatisfy { $0 < 10 })
        #expect(attempts.values.allSatisfy { $0 < 333 }, "\(attempts)")
    }

    @Test("A server that hangs is tried again at once: it spaces the attempts by itself")
    func hanging() {
        var backOff = BackOff()
        for _ in 0..<9 { backOff.failed(NodeFailure(reason: .timeout, message: "no answer"), at: start) }
        #expect(backOff.failure(at: start) == nil)
    }

    @Test("While waiting, the last failure is reported, marked as not tried again")
    func report() {
        var backOff = BackOff()
        backOff.failed(NodeFailure(reason: .dns, message: "unknown host"), at: start)
        backOff.failed(failure, at: start)
        let reported = backOff.failure(at: start)
        #expect(reported?.reason == .connect)
        #expect(reported?.message == "connection refused; not tried again yet")
    }
}
