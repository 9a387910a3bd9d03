internal import Documents
internal import Replication

extension Reader {
    func thresholds(_ set: Fields) -> Thresholds {
        guard let fields = set.dictionary(Schema.thresholds, Schema.thresholdsSection),
            let lag = fields.value(Schema.thresholdLag), let bytes = fields.value(Schema.thresholdBytes)
        else { return Thresholds() }
        return Thresholds(lag: lag, bytes: bytes)
    }

    func heartbeat(_ set: Fields) -> Heartbeat? {
        guard let fields = set.dictionary(Schema.heartbeat, Schema.heartbeatSection) else { return nil }
        let interval = fields.value(Schema.heartbeatInterval)
        let write = fields.value(Schema.heartbeatWrite)
        guard let table = fields.value(Schema.heartbeatTable), let interval, let write else { return nil }
        return Heartbeat(table: table, interval: interval, write: write)
    }

    func sentinel(_ set: Fields) -> Sentinel? {
        guard let fields = set.dictionary(Schema.sentinel, Schema.sentinelSection) else { return nil }
        let interval = fields.value(Schema.sentinelInterval)
        guard let table = fields.value(Schema.sentinelTable), let interval else { return nil }
        return Sentinel(table: table, interval: interval)
    }

    func failover(_ set: Fields, nodes: [PlacedNode]) -> FailoverPolicy? {
        guard let fields = set.dictionary(Schema.failover, Schema.failoverSection) else { return nil }
        let preferred = member(fields, Schema.failoverPreferred, nodes)
        let standby = member(fields, Schema.failoverStandby, nodes)
        let table = fields.value(Schema.failoverTable)
        let maxGap = fields.value(Schema.failoverMaxGap)
        let maxLag = fields.value(Schema.failoverMaxLag)
        guard let preferred, let standby, let table, let maxGap, let maxLag else { return nil }
        if preferred == standby {
            report.problem(
                fields.position(of: Schema.failoverStandby), "'standby' must be a different node from 'preferred'")
        }
        return FailoverPolicy(preferred: preferred, standby: standby, table: table, maxGap: maxGap, maxLag: maxLag)
    }

    private func member(_ fields: Fields, _ key: Key<String>, _ nodes: [PlacedNode]) -> String? {
        guard let name = fields.given(key) else { return nil }
        let names = nodes.map(\.name)
        if !names.contains(name) {
            report.problem(
                fields.position(of: key), "'\(key.name)' is not a node of this replication set: \(shown(name))",
                suggestion: suggestion(for: name, among: names))
        }
        return name
    }

    func checksums(_ set: Fields) -> ChecksumTable? {
        guard let fields = set.dictionary(Schema.checksums, Schema.checksumsSection) else { return nil }
        return fields.value(Schema.checksumsTable).map { ChecksumTable(table: $0) }
    }
}
