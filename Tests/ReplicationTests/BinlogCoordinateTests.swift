import Replication
import Testing

@Suite("Binary log files")
struct BinlogFileTests {
    @Test(
        "A name is a base and a number",
        arguments: [
            ("mysql-bin.000123", "mysql-bin", 123),
            ("mysql-bin.1000000", "mysql-bin", 1_000_000),
            ("binlog.7", "binlog", 7),
            ("db1.example.com-bin.000042", "db1.example.com-bin", 42),
            ("/var/log/mysql/bin.000009", "/var/log/mysql/bin", 9),
            ("bin.000000", "bin", 0),
            ("bin.18446744073709551615", "bin", UInt64.max),
            ("a..000001", "a.", 1),
            ("журнал.000003", "журнал", 3),
        ] as [(String, String, UInt64)])
    func reads(name: String, base: String, number: UInt64) throws {
        let file = try #require(BinlogFile(name))
        #expect(file.base == base)
        #expect(file.number == number)
        #expect(file.name == name)
    }

    @Test(
        "Anything else is not the name of a binary log",
        arguments: [
            "", ".", "mysql-bin", "mysql-bin.", ".000001", "mysql-bin.~rec~", "mysql-bin.index", "bin.+1", "bin.-1",
            "bin.1 ",
            "bin.0x1", "bin.18446744073709551616", "bin.٣",
        ])
    func refuses(name: String) {
        #expect(BinlogFile(name) == nil)
    }

    @Test("Padding does not make two names differ; the base does")
    func equality() {
        #expect(BinlogFile("bin.12") == BinlogFile("bin.000012"))
        #expect(BinlogFile("bin.12")?.hashValue == BinlogFile("bin.000012")?.hashValue)
        #expect(BinlogFile("bin.000012") != BinlogFile("log.000012"))
        #expect(BinlogFile("bin.000012") != BinlogFile("bin.000013"))
    }

    @Test("A coordinate prints the server's name of the file")
    func description() throws {
        #expect(try at("bin.000012", 4).description == "bin.000012:4")
    }
}

/// The coordinate, for names known to be good.
func at(_ name: String, _ position: UInt64) throws -> BinlogCoordinate {
    BinlogCoordinate(file: try #require(BinlogFile(name)), position: position)
}
