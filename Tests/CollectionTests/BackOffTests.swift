import Replication
import Testing

@testable import Collection

@Suite("Back-off")
struct BackOffTests {
    private let start = ContinuousClock.now
    private let failure = NodeFailure(reason: .connect, message: "connection refused")

    @Test("Nothing has failed: try")
    func fresh() {
        #expect(BackOff().failure(at: start) == nil)
    }

    @Test("The first failure costs no waiting")
    func first() {
        var backOff = BackOff()
        backOff.failed(failure, at: start)
        #expect(backOff.failure(at: start) == nil)
    }

    @Test(
        "Waits grow to ten seconds, and half of each is never left out",
        arguments: [
            (2, 0.5, 1.0), (3, 1.0, 2.0), (4, 2.0, 4.0), (5, 4.0, 8.0), (6, 5.0, 10.0), (7, 5.0, 10.0),
            (100, 5.0, 10.0),
        ])
    func growth(failures: Int, least: Double, most: Double) {
        var backOff = BackOff()
        for _ in 0..<failures { backOff.failed(failure, at: start) }
        #expect(backOff.failure(at: start + .seconds(least * 0.999)) != nil)
        #expect(backOff.failure(at: start + .seconds(most)) == nil)
    }

    @Test("While waiting, the last failure is reported, and that it is an old one")
    func report() {
        var backOff = BackOff()
        backOff.failed(NodeFailure(reason: .dns, message: "unknown host"), at: start)
        backOff.failed(failure, at: start)
        let reported = backOff.failure(at: start)
        #expect(reported?.reason == .connect)
        #expect(reported?.message == "connection refused; not tried again yet")
    }
}
