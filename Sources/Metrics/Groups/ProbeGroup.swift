import Exposition
import Topology

private let probes = OneHot<ProbeName>("probe")
private let operations = OneHot<SentinelOperation>("operation")

extension Families {
    mutating func add(_ working: [ProbeName: Bool], in setLabels: LabelBlock) {
        for (probe, label) in probes.labels { add(.probeWorking, setLabels, working[probe], extra: label) }
    }

    mutating func add(_ sentinel: SentinelFindings, in setLabels: LabelBlock) {
        let labels = setLabels.appending("node", sentinel.node).appending("channel", sentinel.channel)
        for (operation, label) in operations.labels {
            switch sentinel.outcomes[operation] {
            case .seen(let delay):
                add(.sentinelSuccess, labels, true, extra: label)
                add(.sentinelPropagation, labels, delay, extra: label)
            case .missed: add(.sentinelSuccess, labels, false, extra: label)
            case nil: break
            }
        }
        add(.sentinelLastSuccess, labels, sentinel.lastSuccess)
    }
}
