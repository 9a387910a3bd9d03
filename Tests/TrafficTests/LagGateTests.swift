import Testing

@testable import Traffic

@Suite("Lag gate")
struct LagGateTests {
    @Test(
        "A shut gate opens at half of the limits; an open one shuts above the limits",
        arguments: [
            // The first look is judged by the limits themselves.
            ([0.9], [true]), ([1.0], [true]), ([1.1], [false]),
            ([0.9, 1.1, 0.9, 0.6, 0.5, 0.9, 1.0, 1.01], [true, false, false, false, true, true, true, false]),
            // A lag that hovers around the limit does not make a node flap.
            ([1.1, 0.9, 1.1, 0.9, 1.1], [false, false, false, false, false]),
            // Unknown shuts the gate, which then opens as after too much lag.
            ([0.2, nil, 0.9, 0.5], [true, false, false, true]),
            ([nil, 1.0], [false, false]),
            ([.infinity, 0], [false, true]), ([.nan], [false]),
        ] as [([Double?], [Bool])])
    func marks(loads: [Double?], passes: [Bool]) {
        var gate = LagGate()
        #expect(loads.map { gate.lets(through: $0) } == passes)
    }
}
