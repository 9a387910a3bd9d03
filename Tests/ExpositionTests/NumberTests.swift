import Testing

@testable import Exposition

@Suite struct NumberTests {
    @Test(
        "A number is the shortest text that reads back as the same number",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (10, "10"), (1024, "1024"), (-9_070, "-9070"),
            (0.5, "0.5"), (0.1, "0.1"), (-12.25, "-12.25"), (1e-7, "1e-07"), (1_700_000_000.123, "1700000000.123"),
            (0x1p53 - 1, "9007199254740991"), (1 - 0x1p53, "-9007199254740991"),
            (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        ] as [(Double, String)])
    func writes(value: Double, text: String) {
        #expect(rendered(value) == text)
    }

    @Test(
        "A number at the edges of a Double reads back as itself",
        arguments: [
            0x1p53, -0x1p53, 0x1p63, 1e22, 1.7976931348623157e308, Double.leastNonzeroMagnitude,
            2.2250738585072014e-308, 0.1 + 0.2,
        ])
    func survives(value: Double) {
        #expect(Double(rendered(value)) == value)
        #expect(rendered(value).utf8.count <= 24)
    }

    private func rendered(_ value: Double) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: 64) { memory, count in
            var writer = PageWriter(memory)
            writer.write(value)
            count = writer.count
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
