import Testing

@testable import Probes

@Suite("Before a probe writes")
struct WriteGuardTests {
    @Test("The server is asked whether it is read-only and what time it is", arguments: [1_700_000_000.000001, 0.5])
    func check(latest: Double) {
        let text = latest == 0.5 ? "0.500000" : "1700000000.000001"
        #expect(
            WriteGuard.check(until: latest)
                == "SET @writable = CONCAT(@@global.read_only) IN ('0', 'OFF') AND UNIX_TIMESTAMP(NOW(6)) <= \(text)")
    }

    @Test(
        "A clock that shows anything gives a time all the same, and one that is long past where it makes no sense",
        arguments: [
            (1e300, "9223372036854.775807"), (-1e300, "0.000000"), (.nan, "0.000000"),
            (.infinity, "9223372036854.775807"),
            (-0.5, "0.000000"),
        ] as [(Double, String)])
    func extremes(latest: Double, text: String) {
        #expect(WriteGuard.check(until: latest).hasSuffix(" <= \(text)"))
    }

    @Test("A statement without WHERE is carried out only if it may be")
    func definition() {
        #expect(
            WriteGuard.ifWritable("CREATE TABLE t (i INT)").first
                == "SET @statement = IF(@writable, 'CREATE TABLE t (i INT)', 'DO 0')")
    }
}
