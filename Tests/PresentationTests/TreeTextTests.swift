import Replication
import Testing

@testable import Presentation

@Suite("The tree in a terminal")
struct TreeTextTests {
    private let plain = TreeText(isColoured: false)

    @Test("a chain, with an unreachable node at its intended position")
    func chain() {
        let set = Samples.findings([
            Samples.primary("db1", id: 1),
            Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1, behind: 2, position: 273)]),
            Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 2, error: "Duplicate entry\n'7'")]),
            Samples.down("db4", intended: "db1"),
        ])
        #expect(
            plain.text([set]) == """
                shop  3 of 4 nodes up
                db1  primary  writable  MariaDB 10.11.19  binlog.000001:500
                ├─ db2  intermediate  read-only  lag 2 s  227 B behind  ok
                │  └─ db3  replica  read-only  lag unknown  0 B behind
                │        ! SQL thread stopped: error 1062: Duplicate entry '7'
                └─ db4  DOWN
                      ! timeout: no answer

                """)
    }

    @Test("a server that has no connection left is not called down")
    func refusing() {
        let set = Samples.findings([Samples.primary("db1", id: 1), Samples.refusing("db2", intended: "db1")])
        #expect(
            plain.text([set]) == """
                shop  1 of 2 nodes up
                db1  standalone  writable  MariaDB 10.11.19  binlog.000001:500
                └─ db2  REFUSES CONNECTIONS
                      ! is alive, but refuses the exporter another connection: error 1226; the account needs more

                """)
        #expect(TreeText(isColoured: true).text([set]).contains("\u{1B}[33mREFUSES CONNECTIONS"))
    }

    @Test("a ring is drawn once and then marked")
    func ring() {
        let set = Samples.findings([
            Samples.primary("db1", id: 1, replicates: [Samples.channel(from: 2)]),
            Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1)]),
        ])
        #expect(
            plain.text([set]) == """
                shop  2 of 2 nodes up
                ! no node is writable
                db1  intermediate  read-only  MariaDB 10.11.19  binlog.000001:500
                └─ db2  intermediate  read-only  lag 0 s  0 B behind  ok
                   └─ db1  (ring or additional channel)  lag 0 s  0 B behind  ok

                """)
    }

    @Test("a channel from a server that is not configured has its own line")
    func outsideChannels() {
        let set = Samples.findings([
            Samples.primary("db1", id: 1),
            Samples.primary(
                "db2", id: 2,
                replicates: [Samples.channel(from: 1), Samples.channel("us\u{7}", from: 9, error: "Duplicate entry")]),
            Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 2), Samples.channel("eu", from: 8)]),
        ])
        #expect(
            plain.text([set]) == """
                shop  3 of 3 nodes up
                db1  primary  writable  MariaDB 10.11.19  binlog.000001:500
                └─ db2  intermediate  read-only  lag 0 s  0 B behind  ok
                   │  from 10.0.0.9:3306 [us·]  lag unknown  distance unknown
                   │     ! SQL thread stopped: error 1062: Duplicate entry
                   └─ db3  replica  read-only  lag 0 s  0 B behind  ok
                         from 10.0.0.8:3306 [eu]  lag 0 s  distance unknown  ok

                """)
    }

    @Test("a parked channel is neither wrong nor ok")
    func parked() {
        var old = Samples.channel(from: 1)
        old.source.host = "//db1"
        old.ioThread = .connecting
        var promoted = Samples.primary("db2", id: 2, replicates: [old])
        promoted.report.facts?.isReadOnly = false
        #expect(
            plain.text([
                Samples.findings([promoted, Samples.primary("db3", id: 3, replicates: [Samples.channel(from: 2)])])
            ]) == """
                shop  2 of 2 nodes up
                db2  intermediate  writable  MariaDB 10.11.19  binlog.000001:500
                │  from //db1:3306  parked
                └─ db3  replica  read-only  lag 0 s  0 B behind  ok

                """)
    }

    @Test("a lone replica shows its source and its lag")
    func loneReplica() {
        let set = Samples.findings([
            Samples.primary("db2", id: 2, replicates: [Samples.channel(from: 1, behind: 7)])
        ])
        #expect(
            plain.text([set]) == """
                shop  1 of 1 node up
                db2  replica  read-only  MariaDB 10.11.19  binlog.000001:500
                   from 10.0.0.1:3306  lag 7 s  distance unknown  ok

                """)
    }

    @Test("text from a server cannot control the terminal")
    func controlCharacters() {
        let set = Samples.findings([
            Samples.primary("db1", id: 1),
            Samples.down("db2", intended: "db1", message: "\u{1B}[2Jgone\u{7}\u{9B}31m\u{202E}x"),
        ])
        let text = plain.text([set])
        #expect(text.contains("! timeout: ·[2Jgone··31m·x"))
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    }

    @Test(
        "durations are rounded for display",
        arguments: [
            (0.0, "0 s"), (0.04, "0 s"), (1.25, "1.3 s"), (10, "10 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"),
            (172_800, "2 d"),
        ])
    func seconds(value: Double, text: String) {
        #expect(Amount.seconds(value) == text)
    }

    @Test(
        "byte units are powers of ten",
        arguments: [
            (UInt64(0), "0 B"), (999, "999 B"), (1000, "1 kB"), (1_250_000, "1.3 MB"), (100_000_000, "100 MB"),
            (UInt64.max, "18446744.1 TB"),
        ])
    func bytes(value: UInt64, text: String) {
        #expect(Amount.bytes(value) == text)
    }
}
