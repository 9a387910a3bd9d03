import Foundation
import Replication
import Testing

@Suite("The time of a heartbeat")
struct HeartbeatTimeTests {
    @Test(
        "is read as pt-heartbeat writes it, and as a DATETIME",
        arguments: [
            // By `date -u -d … +%s`.
            ("2026-11-21T01:37:37.000650", 1_795_225_057_000_650), ("2026-11-21T01:37:37", 1_795_225_057_000_000),
            ("2026-11-21 01:37:37.5", 1_795_225_057_500_000), ("1970-01-01T00:00:00.000001", 1),
            ("2000-02-29T23:59:59", 951_868_799_000_000), ("2100-03-01T00:00:00", 4_107_542_400_000_000),
        ])
    func known(text: String, microseconds: Int64) {
        #expect(HeartbeatTime.microseconds(text) == microseconds)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "2026-11-21", "now", "2026-13-01T00:00:00", "2026-11-21T24:00:00", "2026-11-21T01:37:37.",
            "2026-11-21T01:37:37.0000001", "2026-11-21T01:37:37+02:00", "1969-12-31T23:59:59", "2026/11/21T01:37:37",
            "2026-11-21T01:37:3٣", "1795225057.0000000001",
        ])
    func nonsense(text: String) {
        #expect(HeartbeatTime.microseconds(text) == nil)
    }

    @Test("is written as it is read, for every day of the calendar")
    func round() {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: Int64(0), to: 150 * 366, by: 1) {
            let time = day * 86_400_000_000 + day % 86_400 * 1_000_000 + day % 1_000_000
            let text = HeartbeatTime.text(time)
            #expect(HeartbeatTime.microseconds(text) == time)
            #expect(
                formatter.string(from: Date(timeIntervalSince1970: Double(time / 1_000_000))) == text.prefix(19) + "Z")
        }
    }
}
