import Documents
import Testing

@Suite struct QuantityTests {
    @Test(
        "durations are read and written in Prometheus' format",
        arguments: [
            ("250ms", Duration.milliseconds(250), "250ms"), ("5s", .seconds(5), "5s"), ("1m30s", .seconds(90), "1m30s"),
            ("90s", .seconds(90), "1m30s"), ("1h", .seconds(3600), "1h"), ("1h30m", .seconds(5400), "1h30m"),
            ("2d", .seconds(172_800), "2d"), ("1w", .seconds(604_800), "1w"), ("8d", .seconds(691_200), "8d"),
            ("1s500ms", .milliseconds(1500), "1s500ms"), ("1500ms", .milliseconds(1500), "1s500ms"), ("0", .zero, "0s"),
            ("0s", .zero, "0s"),
        ])
    func durations(text: String, duration: Duration, written: String) throws {
        #expect(try Quantity.duration(text) == duration)
        #expect(Quantity.text(duration: duration) == written)
    }

    @Test(
        "invalid durations are refused",
        arguments: [
            "", " ", "5", "s", "5 s", "1.5s", "-5s", "5S", "1m1h", "1s1s", "5sec", "5s ", "٥s", "1y",
            "9223372036854775807w",
        ])
    func wrongDurations(text: String) {
        #expect(throws: Quantity.Malformed.self) { try Quantity.duration(text) }
    }

    @Test(
        "sizes distinguish powers of ten from powers of two",
        arguments: [
            ("100MB", 100_000_000, "100MB"), ("100MiB", 104_857_600, "100MiB"), ("4096", 4096, "4KiB"),
            ("1 kB", 1000, "1kB"),
            ("64kib", 65_536, "64KiB"), ("1GB", 1_000_000_000, "1GB"), ("2TiB", 2_199_023_255_552, "2TiB"),
            ("7B", 7, "7B"), ("0", 0, "0B"), ("1001", 1001, "1001B"), ("1PB", 1_000_000_000_000_000, "1PB"),
            ("18446744073709551615", UInt64.max, "18446744073709551615B"),
        ] as [(String, UInt64, String)])
    func sizes(text: String, bytes: UInt64, written: String) throws {
        #expect(try Quantity.bytes(text) == bytes)
        #expect(Quantity.text(bytes: bytes) == written)
    }

    @Test(
        "invalid sizes are refused",
        arguments: [
            "", "MB", "-1", "1.5GB", "10M", "1G", "10Mb/s", "18446744073709551616", "18446744073709552TB", "0x10",
        ])
    func wrongSizes(text: String) {
        #expect(throws: Quantity.Malformed.self) { try Quantity.bytes(text) }
    }
}
