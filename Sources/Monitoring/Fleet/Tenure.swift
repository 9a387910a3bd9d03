/// A fleet's time in charge, and the requests that still use it. Calls of probes are counted by the monitors (`SetWatch`): those
/// of an unchanged set outlive their fleet.
final class Tenure: Sendable {
    let fleet: Fleet
    let requests = Usage()

    init(_ fleet: Fleet) { self.fleet = fleet }
}
