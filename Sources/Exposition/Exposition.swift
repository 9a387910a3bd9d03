/// The text that Prometheus reads.
package enum Exposition {
    /// Appends all `families` to `output`, in order; a family without samples is left out. Never fails:
    /// `MetricFamily.problems(in:)` reports, in tests, what a reader would refuse.
    package static func render(_ families: [MetricFamily], format: ExpositionFormat, into output: inout [UInt8]) {
        let page = [UInt8](unsafeUninitializedCapacity: sizeBound(families)) { memory, count in
            var writer = PageWriter(memory)
            for family in families where !family.samples.isEmpty {
                writeHead(family.description, format: format, to: &writer)
                writeSamples(family, to: &writer)
            }
            if format == .openMetrics100 { writer.write("# EOF\n") }
            count = writer.count
        }
        if output.isEmpty { output = page } else { output += page }
    }

    private static func writeHead(
        _ description: MetricDescription, format: ExpositionFormat, to writer: inout PageWriter
    ) {
        var help: [UInt8] = []
        switch format {
        case .text004:
            help.appendEscaped(description.help, quotes: false)
            writer.write("# HELP \(description.name) ")
            writer.write(help)
            writer.write("\n# TYPE \(description.name) \(description.textType)\n")
        case .openMetrics100:
            let name = description.openMetricsName
            help.appendEscaped(description.help, quotes: true)
            writer.write("# TYPE \(name) \(description.openMetricsType)\n")
            if let unit = description.unit { writer.write("# UNIT \(name) \(unit)\n") }
            writer.write("# HELP \(name) ")
            writer.write(help)
            writer.write(.lineFeed)
        }
    }

    /// The hot loop: writes whole runs of bytes and allocates nothing per sample.
    private static func writeSamples(_ family: MetricFamily, to writer: inout PageWriter) {
        let name = Array(family.description.name.utf8)
        for sample in family.samples {
            writer.write(name)
            let hasLabels = !sample.labels.bytes.isEmpty
            let hasExtra = !sample.extra.bytes.isEmpty
            if hasLabels || hasExtra {
                writer.write(UInt8(ascii: "{"))
                writer.write(sample.labels.bytes)
                if hasLabels, hasExtra { writer.write(.comma) }
                writer.write(sample.extra.bytes)
                writer.write(UInt8(ascii: "}"))
            }
            writer.write(.space)
            writer.write(sample.value)
            writer.write(.lineFeed)
        }
    }

    /// At least as many bytes as rendering takes, so that the output never has to grow.
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
