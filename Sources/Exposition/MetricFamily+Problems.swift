extension MetricFamily {
    /// What a reader of the text would refuse or misunderstand; empty for families that are fit to publish.
    ///
    /// A problem is a programming error, so this runs in tests (and wherever an assertion is wanted), not on scrapes.
    package static func problems(in families: [MetricFamily]) -> [String] {
        var problems: [String] = []
        var owners: [String: String] = [:]
        for family in families {
            let description = family.description
            // A sample's name must not belong to another family in either format.
            let bare = String(description.openMetricsName)
            for name in bare == description.name ? [bare] : [description.name, bare] {
                if let owner = owners.updateValue(description.name, forKey: name) {
                    problems.append("\(description.name): the name \(name) is also that of family \(owner)")
                }
            }
            problems += (description.problems() + family.sampleProblems()).map { "\(description.name): \($0)" }
        }
        return problems
    }

    private func sampleProblems() -> [String] {
        var problems: [String] = []
        var seen: Set<[String]> = []
        var hot: [LabelBlock: Int] = [:]
        for sample in samples {
            let series = "{\(String(decoding: sample.labels.appending(sample.extra).bytes, as: UTF8.self))}"
            let labels = sample.labels.labels + sample.extra.labels
            let names = labels.map(\.name)
            for name in names where !name.isName(colons: false) || name.hasPrefix("__") {
                problems.append("\(series) has a label with the bad name \(name)")
            }
            if Set(names).count < names.count { problems.append("\(series) repeats a label") }
            // The order of labels does not distinguish series.
            if !seen.insert(labels.map { "\($0.name)=\($0.value)" }.sorted()).inserted {
                problems.append("\(series) occurs twice")
            }
            switch description.type {
            case .gauge, .unknown: break
            case .counter where !(sample.value >= 0): problems.append("\(series) counts \(sample.value)")
            case .info where sample.value != 1: problems.append("\(series) is \(sample.value), not 1")
            case .stateSet:
                if sample.value != 0 && sample.value != 1 { problems.append("\(series) is \(sample.value)") }
                hot[sample.labels, default: 0] += sample.value == 1 ? 1 : 0
            case .counter, .info: break
            }
        }
        let uneven = hot.filter { $0.value != 1 }.map {
            "{\(String(decoding: $0.key.bytes, as: UTF8.self))} has \($0.value) states that are 1, not one"
        }
        return problems + uneven.sorted()
    }
}

extension MetricDescription {
    fileprivate func problems() -> [String] {
        var problems: [String] = []
        if !name.isName(colons: true) { problems.append("not a metric name") }
        if help.isEmpty { problems.append("has no help") }
        if (type == .counter) != name.hasSuffix("_total") {
            problems.append("counters end in _total, and nothing else does")
        }
        if (type == .info) != name.hasSuffix("_info") { problems.append("infos end in _info, and nothing else does") }
        if let unit {
            if unit.isEmpty || !openMetricsName.hasSuffix("_" + unit) {
                problems.append("does not end in its unit \(unit)")
            }
            if type == .info || type == .stateSet { problems.append("cannot have a unit") }
        }
        for suffix in ["_count", "_sum", "_bucket", "_created"]
        where type != .unknown && openMetricsName.hasSuffix(suffix) {
            problems.append("\(suffix) is reserved")
        }
        return problems
    }
}

extension String {
    fileprivate func isName(colons: Bool) -> Bool {
        guard let first = utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}
