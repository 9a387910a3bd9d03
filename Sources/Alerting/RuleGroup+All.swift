extension RuleGroup {
    package static let recorded: [RuleGroup] = [.recordedChannels, .recordedSets]

    package static let alerting: [RuleGroup] = [.nodes, .channels, .sets, .probes, .exporters, .clusters]

    /// In the order of the file. Two may have the same name, with different severities.
    package static let alerts: [Alert] = alerting.flatMap(\.rules).compactMap { rule in
        guard case .alert(let alert) = rule else { return nil }
        return alert
    }
}
