import Testing

@testable import Collection

@Suite("Start time")
struct StartTimeTests {
    @Test("It does not vary because the uptime is counted in whole seconds")
    func steady() {
        var start = StartTime()
        #expect(start.settle(clock: 1000.9, uptime: 100) == 900)
        // Within one second of uptime the clock advances by almost a second; plus some jitter.
        for (clock, uptime) in [(1001.0, 100.0), (1001.1, 101.0), (1010.99, 109.0), (1020.0, 121.0), (2000.0, 1098.0)] {
            #expect(start.settle(clock: clock, uptime: uptime) == 900)
        }
    }

    @Test("An uptime that reaches back before 1970 yields no start time, and the known one is kept")
    func impossible() {
        var start = StartTime()
        #expect(start.settle(clock: 0, uptime: 86_400) == nil)
        #expect(start.settle(clock: 1000, uptime: 100) == 900)
        #expect(start.settle(clock: 1000, uptime: 1e11) == nil)
        #expect(start.settle(clock: 1001.5, uptime: 100) == 900)
    }

    @Test("A restart changes it")
    func restart() {
        var start = StartTime()
        #expect(start.settle(clock: 1000, uptime: 100) == 900)
        #expect(start.settle(clock: 1005, uptime: 1) == 1004)
        #expect(start.settle(clock: 1005, uptime: 2) == 1004)
    }
}
