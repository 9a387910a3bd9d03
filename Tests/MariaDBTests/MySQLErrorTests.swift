import Replication
import Testing

@testable import MariaDB

@Suite("Errors")
struct MySQLErrorTests {
    @Test(
        "An error's code determines its phase",
        arguments: [
            (2005, .dns), (3159, .tls), (5010, .authentication), (5013, .connect), (5015, .protocol),
            // Access denied, by password, by host, by plugin; host blocked; password expired; account locked (MySQL, MariaDB).
            (1045, .authentication), (1698, .authentication), (1130, .authentication), (1129, .authentication),
            (1820, .authentication), (1862, .authentication), (3118, .authentication), (4151, .authentication),
            (1251, .authentication), (2059, .authentication),
            (1142, .permission), (1143, .permission), (1227, .permission),
            (1205, .timeout), (1969, .timeout), (3024, .timeout),
            (1040, .connect), (1203, .connect), (1226, .connect), (1053, .connect), (1927, .connect), (4031, .connect),
            (1184, .connect),
            (2002, .connect), (2003, .connect), (2006, .connect), (2013, .connect),
            (2012, .protocol), (2020, .protocol), (2027, .protocol),
            (1064, .query), (1146, .query), (1193, .query), (1381, .query),
        ] as [(UInt32, MySQLError.Phase)])
    func phases(code: UInt32, phase: MySQLError.Phase) {
        #expect(MySQLError.classify(code: code, sqlState: "HY000", message: "", connecting: false).phase == phase)
    }

    @Test(
        "A server that answers but admits no ordinary account is not called unreachable",
        arguments: [(1040, .connectionLimit), (1203, .connectionLimit), (3032, .offlineMode), (6400, .offlineMode)]
            as [(UInt32, NodeFailure.Reason)])
    func refusals(code: UInt32, reason: NodeFailure.Reason) {
        #expect(
            MySQLError.classify(code: code, sqlState: "HY000", message: "", connecting: true).reason == reason)
    }

    @Test("A TLS error is a tls error while connecting; later it means that an encrypted connection was lost")
    func tls() {
        for (connecting, phase) in [(true, MySQLError.Phase.tls), (false, .connect)] {
            #expect(
                MySQLError.classify(code: 2026, sqlState: "HY000", message: "", connecting: connecting).phase == phase)
        }
    }

    @Test("Code 0 is the library's error for a packet that it cannot read")
    func noNumber() {
        let error = MySQLError.classify(code: 0, sqlState: "00000", message: "", connecting: false)
        #expect(error.phase == .protocol)
        #expect(error.breaksConnection)
        #expect(!error.message.isEmpty)
    }

    @Test("An unknown error while connecting is a connect error")
    func unknownWhileConnecting() {
        #expect(MySQLError.classify(code: 1105, sqlState: "HY000", message: "", connecting: true).phase == .connect)
    }

    @Test(
        "Refusals leave the connection usable; a lost or killed connection is not",
        arguments: [
            (1064, false), (1146, false), (1227, false), (1969, false), (1226, false), (2013, true), (2027, true),
            (1053, true), (1927, true), (4031, true), (1184, true), (5013, true), (5026, true), (5999, true),
            (6000, false),
        ] as [(UInt32, Bool)])
    func breaking(code: UInt32, breaks: Bool) {
        #expect(
            MySQLError.classify(code: code, sqlState: "HY000", message: "", connecting: false).breaksConnection
                == breaks)
    }
}
