/// The text that Prometheus reads.
package enum Exposition {
    /// Appends all of `families` to `output`, in their order; a family without samples is left out. Never fails:
    /// `MetricFamily.problems(in:)` says, in tests, what would be refused by a reader.
    package static func render(_ families: [MetricFamily], format: ExpositionFormat, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + sizeBound(families))
        for family in families where !family.samples.isEmpty {
            appendHead(family.description, format: format, to: &output)
            appendSamples(family, to: &output)
        }
        if format == .openMetrics100 { output.append("# EOF\n") }
    }

    private static func appendHead(
        _ description: MetricDescription, format: ExpositionFormat, to output: inout [UInt8]
    ) {
        switch format {
        case .text004:
            output.append("# HELP \(description.name) ")
            output.appendEscaped(description.help, quotes: false)
            output.append("\n# TYPE \(description.name) \(description.textType)\n")
        case .openMetrics100:
            let name = description.openMetricsName
            output.append("# TYPE \(name) \(description.openMetricsType)\n")
            if let unit = description.unit { output.append("# UNIT \(name) \(unit)\n") }
            output.append("# HELP \(name) ")
            output.appendEscaped(description.help, quotes: true)
            output.append(.lineFeed)
        }
    }

    /// The hot loop: whole runs of bytes, nothing made for a sample.
    private static func appendSamples(_ family: MetricFamily, to output: inout [UInt8]) {
        let name = Array(family.description.name.utf8)
        let open = name + [UInt8(ascii: "{")]
        let close: [UInt8] = [UInt8(ascii: "}"), .space]
        for sample in family.samples {
            let labels = sample.labels.bytes
            let extra = sample.extra.bytes
            if labels.isEmpty && extra.isEmpty {
                output.append(contentsOf: name)
                output.append(.space)
            } else {
                output.append(contentsOf: open)
                output.append(contentsOf: labels)
                if !extra.isEmpty {
                    if !labels.isEmpty { output.append(.comma) }
                    output.append(contentsOf: extra)
                }
                output.append(contentsOf: close)
            }
            output.appendNumber(sample.value)
            output.append(.lineFeed)
        }
    }

    /// No less than the bytes that rendering takes, so that the output never grows on the way.
    static func sizeBound(_ families: [MetricFamily]) -> Int {
        let longestNumber = 24
        var bytes = 6
        for family in families where !family.samples.isEmpty {
            let description = family.description
            bytes += 64 + 3 * description.name.utf8.count + 2 * description.help.utf8.count
            bytes += description.unit?.utf8.count ?? 0
            let fixed = description.name.utf8.count + longestNumber + 5
            for sample in family.samples {
                bytes += fixed + sample.labels.bytes.count + sample.extra.bytes.count
            }
        }
        return bytes
    }
}

extension MetricDescription {
    /// The family's name in OpenMetrics: without the suffix that its samples carry.
    var openMetricsName: Substring {
        switch type {
        case .counter where name.hasSuffix("_total"): name.dropLast("_total".count)
        case .info where name.hasSuffix("_info"): name.dropLast("_info".count)
        default: name[...]
        }
    }

    fileprivate var textType: String {
        switch type {
        case .counter: "counter"
        case .gauge, .info, .stateSet: "gauge"
        case .unknown: "untyped"
        }
    }

    fileprivate var openMetricsType: String {
        switch type {
        case .counter: "counter"
        case .info: "info"
        case .gauge, .stateSet: "gauge"
        case .unknown: "unknown"
        }
    }
}
