import Testing

@testable import FaultServer

@Suite("Packets of the fault server")
struct PayloadTests {
    @Test(
        "An integer's length is encoded in 1, 3, 4 or 9 bytes",
        arguments: [
            (250, [250]), (251, [0xFC, 251, 0]), (65535, [0xFC, 0xFF, 0xFF]), (65536, [0xFD, 0, 0, 1]),
            (0x100_0000, [0xFE, 0, 0, 0, 1, 0, 0, 0, 0]),
        ] as [(UInt64, [UInt8])])
    func lengthEncodedInteger(value: UInt64, bytes: [UInt8]) {
        #expect(Payload.columnCount(value) == bytes)
    }

    @Test("A row contains each cell after its length, and NULL as 0xFB")
    func row() {
        #expect(Payload.row(["ab", nil, ""]) == [2, 0x61, 0x62, 0xFB, 0])
    }

    @Test("The last packet of a statement says whether another one's results follow")
    func moreResults() {
        #expect(Payload.ok() == [0, 0, 0, 2, 0, 0, 0])
        #expect(Payload.ok(moreFollow: true) == [0, 0, 0, 10, 0, 0, 0])
        #expect(Payload.end(moreFollow: true) == [0xFE, 0, 0, 10, 0])
    }

    @Test("The answer to a statement without rows contains the number of changed rows")
    func affectedRows() {
        #expect(Payload.ok(affectedRows: 1) == [0, 1, 0, 2, 0, 0, 0])
        #expect(
            Payload.ok(affectedRows: .max) == [0, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0, 2, 0, 0, 0])
    }

    @Test("An error contains its number, little-endian, and its state after a #")
    func error() {
        #expect(
            Payload.error(code: 1045, sqlState: "28000", message: "no") == [0xFF, 0x15, 0x04] + Array("#28000no".utf8))
    }

    @Test("A payload of exactly 16 MiB - 1 is followed by an empty packet")
    func framing() {
        var sequence: UInt8 = 255
        let bytes = Payload.framed([UInt8](repeating: 7, count: 0xFF_FFFF), sequence: &sequence)
        #expect(Array(bytes.prefix(5)) == [0xFF, 0xFF, 0xFF, 255, 7])
        #expect(Array(bytes.suffix(5)) == [7, 0, 0, 0, 0])
        #expect(sequence == 1)
    }

    @Test("Statements are separated by a semicolon and a line break")
    func statements() {
        let query = Query(connection: 0, number: 0, text: "SET a = 'b;c';\nSHOW x;\nSELECT 1")
        #expect(query.statements == ["SET a = 'b;c'", "SHOW x", "SELECT 1"])
    }
}
