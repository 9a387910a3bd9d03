/// What kind of number a family holds.
package enum MetricType: Sendable {
    /// Goes up and down.
    case gauge
    /// Only goes up, from 0 at the start of the process or the server; its name ends in `_total`.
    case counter
    /// Always 1; the labels are what matters. Its name ends in `_info`.
    case info
    /// One-hot: the `extra` label of a sample is the state; of the samples with equal `labels` exactly one is 1, the
    /// others are
    /// 0. Rendered as a gauge, because OpenMetrics would require the label to be named like the family.
    case stateSet
    /// Not known: for series named by another exporter that does not say more.
    case unknown
}

/// The description of a family, given once for all its samples.
package struct MetricDescription: Sendable {
    /// The name in text 0.0.4, with `_total` or `_info`. In OpenMetrics the family's name lacks these.
    package let name: String
    package let type: MetricType
    /// Base unit (`seconds`, `bytes`), which the name must end in, before `_total`; `nil` for plain numbers.
    package let unit: String?
    /// One sentence for the reader of a dashboard; may contain any character.
    package let help: String

    package init(name: String, type: MetricType, unit: String? = nil, help: String) {
        self.name = name
        self.type = type
        self.unit = unit
        self.help = help
    }
}

/// One series and its value.
package struct Sample: Sendable {
    /// What the series shares with others: node and channel.
    package var labels: LabelBlock
    /// What is specific to it, such as the state of a one-hot family; rendered after `labels`. Make one for each state
    /// and share it among nodes.
    package var extra: LabelBlock
    package var value: Double

    package init(_ labels: LabelBlock, extra: LabelBlock = .empty, _ value: Double) {
        self.labels = labels
        self.extra = extra
        self.value = value
    }
}

/// A description and its series, in rendering order.
package struct MetricFamily: Sendable {
    package var description: MetricDescription
    package var samples: [Sample]

    package init(_ description: MetricDescription, _ samples: [Sample] = []) {
        self.description = description
        self.samples = samples
    }
}
