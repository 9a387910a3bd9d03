import Testing

@testable import Replication

@Suite("Saturating conversion to integers")
struct SaturatingTests {
    @Test(
        "Rounds to the nearest, clamps to the bounds, and maps NaN to 0",
        arguments: [
            (1.4, 1), (-1.6, -2), (0x1p53, 1 << 53), (1e300, .max), (-1e300, .min), (.infinity, .max),
            (-.infinity, .min), (.nan, 0), (-.nan, 0), (0x1p63, .max), (-0x1p63, .min),
            ((0x1p63).nextDown, 9_223_372_036_854_774_784), (.leastNonzeroMagnitude, 0),
        ] as [(Double, Int64)])
    func saturates(value: Double, expected: Int64) {
        #expect(Int64(saturating: value) == expected)
    }
}
