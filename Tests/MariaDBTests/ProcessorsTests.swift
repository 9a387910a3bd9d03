import Testing

@testable import MariaDB

@Suite("Processors that may be used")
struct ProcessorsTests {
    @Test(
        "By the mask of the process",
        arguments: [
            ("Cpus_allowed:\t3\n", 2), ("Cpus_allowed:\tff,ffffffff\n", 40), ("Cpus_allowed:\t00000000,00000001\n", 1),
            ("Cpus_allowed:\t0\n", nil), ("Cpus_allowed_list:\t0-1\n", nil), ("Cpus_allowed:\n", nil), ("", nil),
        ] as [(String, Int?)])
    func allowed(line: String, count: Int?) {
        #expect(Processors.allowed(line) == count)
    }

    @Test(
        "By the quota of the control group",
        arguments: [
            ("50000 100000\n", 1), ("100000 100000\n", 1), ("250000 100000\n", 3), ("max 100000\n", nil), ("", nil),
            ("-1 100000", nil), ("1 0", nil), ("9223372036854775807 1", Int.max),
        ] as [(String, Int?)])
    func quota(line: String, count: Int?) {
        #expect(Processors.quota(line) == count)
    }

    @Test("There is at least one")
    func here() { #expect(Processors.available >= 1) }
}
