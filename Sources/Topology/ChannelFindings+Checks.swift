package import Replication

extension ChannelFindings {
    /// Whether the source is the intended one. Absent if none is intended, and while it cannot be determined: the
    /// replica has never connected, or the intended node did not answer.
    func sourceCheck(of node: NodeDescription, intended candidates: [String: ServerIdentity]) -> Bool? {
        guard let intended = node.intendedSource(of: channel.name) else { return nil }
        // It may still know its former source by server id or UUID.
        if channel.source.isDetached { return false }
        if let sourceNode { return sourceNode == intended }
        if intended == NodeDescription.outside { return channel.ioThread == .running ? true : nil }
        guard let identity = candidates[intended] else { return nil }
        return channel.source.rulesOut(identity) ? false : nil
    }

    /// Whether the replica keeps up: neither its lag nor the bytes it is behind exceed the thresholds. For a
    /// deliberately delayed replica, only lag beyond its delay counts.
    /// - Parameter most: the most that the lag can be behind a source that does not answer; nil if it does, or if that is not known.
    func lagCheck(_ thresholds: Thresholds, most: Double?) -> Bool? {
        let delay = channel.configuredDelay ?? 0
        let hasTooMuch = delay == 0 ? applyDelta.map { $0 > thresholds.bytes } : nil
        guard let lag else { return hasTooMuch == true ? false : nil }
        if hasTooMuch == true || lag.seconds - delay > thresholds.lag.seconds { return false }
        // Between what it is known to be and what it may be, there is no answer.
        return lag.limiting.flatMap { max($0, most ?? 0) - delay <= thresholds.lag.seconds ? true : nil }
    }
}

extension NodeDescription {
    /// The source that a channel should replicate from. Both kinds of servers treat "EU" and "eu" as the same channel.
    package func intendedSource(of channel: String) -> String? {
        if let source = intendedSources[channel] { return source }
        let channel = channel.lowercased()
        return intendedSources.first { $0.key.lowercased() == channel }?.value ?? intendedSources[""]
    }

    /// Whether the configuration names this very channel, and not only the source of whatever channel there is.
    func namesSource(of channel: String) -> Bool {
        if channel.isEmpty { return intendedSources[""] != nil && intendedSources.count > 1 }
        let channel = channel.lowercased()
        return intendedSources.keys.contains { $0.lowercased() == channel }
    }

    /// The intended channels that are not among `channels`. "" stands for the channels that no other entry names; any
    /// one of them satisfies it.
    func absentChannels(among channels: [Channel]) -> [String] {
        if intendedSources.isEmpty { return [] }
        // The usual configuration: any channel will do.
        if intendedSources.count == 1, intendedSources[""] != nil { return channels.isEmpty ? [""] : [] }
        let present = Set(channels.map { $0.name.lowercased() })
        let named = Set(intendedSources.keys.map { $0.lowercased() }).subtracting([""])
        return intendedSources.keys.filter { channel in
            channel.isEmpty ? present.isSubset(of: named) : !present.contains(channel.lowercased())
        }.sorted()
    }
}
