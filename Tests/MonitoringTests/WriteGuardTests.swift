import MariaDB
import Testing

@testable import Monitoring

@Suite("Before a probe writes")
struct WriteGuardTests {
    /// As sent to servers of all flavors and versions.
    private static let isWritable =
        "CONCAT(@@global.read_only) IN ('0', 'OFF') AND @@global.innodb_read_only = 0 "
        + "/*!50708 AND @@global.super_read_only = 0 */ /*!50705 AND @@global.offline_mode = 0 */"

    @Test("The check reads whether the server is read-only, and its clock", arguments: [1_700_000_000.000001, 0.5])
    func check(latest: Double) {
        let text = latest == 0.5 ? "0.500000" : "1700000000.000001"
        #expect(
            WriteGuard.check(until: latest)
                == "SET @writable = \(Self.isWritable) AND UNIX_TIMESTAMP(NOW(6)) <= \(text)"
        )
    }

    @Test("The check also reads whether it is the intended server")
    func identity() {
        #expect(
            WriteGuard.check(until: 0.5, serverID: 7, serverUUID: "u'")
                == "SET @writable = \(Self.isWritable) AND @@global.server_id = 7 AND @@global.server_uuid = \(SQLText.literal("u'")) AND UNIX_TIMESTAMP(NOW(6)) <= 0.500000"
        )
    }

    @Test(
        "Any clock yields a valid time, and an invalid one yields a time that is long past",
        arguments: [
            (1e300, "9223372036854.775807"), (-1e300, "0.000000"), (.nan, "0.000000"),
            (.infinity, "9223372036854.775807"),
            (-0.5, "0.000000"),
        ] as [(Double, String)])
    func extremes(latest: Double, text: String) {
        #expect(WriteGuard.check(until: latest).hasSuffix(" <= \(text)"))
    }

    @Test("A statement without WHERE is executed only if the check holds")
    func definition() {
        #expect(
            WriteGuard.ifWritable("DO 1", until: 0.5).first
                == "SET @statement = IF(@writable AND UNIX_TIMESTAMP(NOW(6)) <= 0.500000, 'DO 1', _utf8mb4 'DO 0')")
        // `'`
        #expect(WriteGuard.ifWritable("DO '1'", until: 0.5).first?.contains("_utf8mb4 X'444F20273127', ") == true)
    }

    @Test("A write checks the clock itself: its packet may be read long after that of the check")
    func write() {
        #expect(WriteGuard.holds(until: 0.5) == "@writable AND UNIX_TIMESTAMP(NOW(6)) <= 0.500000")
    }
}
