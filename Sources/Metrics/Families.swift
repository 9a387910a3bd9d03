package import Exposition

/// Collects samples into families, by metric.
package struct Families: Sendable {
    private var samples: [[Sample]]
    /// Series named by another exporter, depending on the server; not in the catalogue. By name.
    private var compatible: [String: MetricFamily] = [:]

    package init() {
        samples = Array(repeating: [], count: Metric.allCases.count)
    }

    mutating func add(_ metric: Metric, _ labels: LabelBlock, _ value: Double, extra: LabelBlock = .empty) {
        samples[metric.rawValue].append(Sample(labels, extra: extra, value))
    }

    /// An unknown value is absent. So is one that is not finite, which a server may send.
    mutating func add(_ metric: Metric, _ labels: LabelBlock, _ value: Double?, extra: LabelBlock = .empty) {
        if let value, value.isFinite { add(metric, labels, value, extra: extra) }
    }

    mutating func add(_ metric: Metric, _ labels: LabelBlock, _ value: Bool?, extra: LabelBlock = .empty) {
        if let value { add(metric, labels, value ? 1 : 0, extra: extra) }
    }

    mutating func add(
        _ metric: Metric, _ labels: LabelBlock, _ value: (some BinaryInteger)?, extra: LabelBlock = .empty
    ) {
        if let value { add(metric, labels, Double(value), extra: extra) }
    }

    /// Every state of a one-hot family, of which `current` is 1. Nothing if the state is not known.
    mutating func add<State: Equatable>(
        _ metric: Metric, _ labels: LabelBlock, oneOf states: OneHot<State>, _ current: State?
    ) {
        guard let current else { return }
        for (state, label) in states.labels { add(metric, labels, state == current ? 1 : 0, extra: label) }
    }

    /// A sample of a family that is not in the catalogue.
    mutating func add(
        compatible name: String, type: MetricType, help: @autoclosure () -> String, _ labels: LabelBlock,
        _ value: Double,
        extra: LabelBlock = .empty
    ) {
        compatible[name, default: MetricFamily(MetricDescription(name: name, type: type, help: help()))].samples.append(
            Sample(labels, extra: extra, value))
    }

    /// In the order of `Metric`, then the compatible ones by name; families without samples are left out.
    package var all: [MetricFamily] {
        zip(Catalogue.entries, samples).compactMap { entry, samples in
            samples.isEmpty ? nil : MetricFamily(entry.description, samples)
        } + compatible.values.sorted { $0.description.name < $1.description.name }
    }
}

/// The states of a one-hot family and their labels, made once.
struct OneHot<State: RawRepresentable & CaseIterable & Sendable & Hashable>: Sendable where State.RawValue == String {
    let labels: [(state: State, label: LabelBlock)]

    init(_ name: String, besides others: State...) {
        labels = State.allCases.filter { !others.contains($0) }.map { ($0, [name: $0.rawValue]) }
    }

    subscript(state: State) -> LabelBlock {
        labels.first { $0.state == state }?.label ?? .empty
    }
}
