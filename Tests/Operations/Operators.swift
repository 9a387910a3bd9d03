/// Operators, and the accidents that befall them: they choose what happens next, and know what an exporter may believe
/// about it.
package struct Operators: Sendable {
    package var set: OperatedSet
    /// What was done, for the message of a failing test.
    package private(set) var log: [String] = []
    private let isReadOnlyByDefault: Bool
    /// Whether a server can be made unreachable for the exporter alone.
    private let canHide: Bool
    /// The exporter was started while the server being written to could not be seen: it cannot know that server.
    private var isBlind = false
    /// An operator's word given in good faith stands until it is revoked.
    private var excused: String?

    package init(_ set: OperatedSet, readOnlyByDefault: Bool, canHide: Bool) {
        self.set = set
        isReadOnlyByDefault = readOnlyByDefault
        self.canHide = canHide
    }

    private var writer: String { self.set.legitimate }

    // MARK: - Judging

    /// Whether an exporter may take this node for the writer.
    ///
    /// One other than the node being written to only if nothing that it can see distinguishes the two.
    /// - Parameter answering: the nodes that answered it.
    package func allows(_ name: String, answering: Set<String>) -> Bool {
        name == writer || name == excused || isExcused(answering)
    }

    /// Records which node the exporter takes for the writer, and moves the traffic there if the writer is down.
    /// - Parameter name: nil for none.
    package mutating func note(_ name: String?, answering: Set<String>) {
        guard let name, name != writer else {
            excused = nil
            if name != nil { isBlind = false }
            return
        }
        // The balancers have moved the traffic: from now on, writes go there.
        if !set[writer].isUp {
            set.legitimate = name
            excused = nil
        } else {
            excused = name
        }
    }

    private func isExcused(_ answering: Set<String>) -> Bool {
        if !set[writer].isUp { return true }
        if answering.contains(writer) { return false }
        if isBlind { return true }
        let replicas = set.names.filter { $0 != writer && answering.contains($0) && !set[$0].links.isEmpty }
        return !replicas.isEmpty
            && replicas.allSatisfy { name in set[name].links.allSatisfy { $0.source != writer || $0.isDetached } }
    }

    // MARK: - Operating

    /// Draws what happens next, from what can happen now.
    package mutating func draw(_ random: inout some RandomNumberGenerator) -> SetOperation {
        while true {
            if let operation = candidate(&random) {
                log.append("\(operation)")
                if case .restartExporter = operation { isBlind = isBlind || !set[writer].isVisible }
                return operation
            }
        }
    }

    /// - Returns: nil for an operation that makes no sense now.
    private func candidate(_ random: inout some RandomNumberGenerator) -> SetOperation? {
        let others = set.names.filter { $0 != writer }
        guard let other = others.randomElement(using: &random), let any = set.names.randomElement(using: &random)
        else { return .nothing }
        let isWriterVisible = set[writer].isVisible
        func operable(_ name: String) -> Bool { set[name].answers }
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return set[any].isUp ? .kill(any) : nil
        case 1, 2:
            guard !set[any].isUp else { return nil }
            // The old primary's configuration file may say that it is writable.
            let isReadOnly = any != writer && isReadOnlyByDefault && Bool.random(using: &random)
            return .start(any, isReadOnly: isReadOnly, hasNewIdentity: Int.random(in: 0..<4, using: &random) == 0)
        case 3: return operable(any) ? .freeze(any) : nil
        case 4, 5: return set[any].isUp && set[any].isFrozen ? .thaw(any) : nil
        case 6: return canHide && !set[any].isHidden ? .hide(any) : nil
        case 7, 8: return set[any].isHidden ? .show(any) : nil
        case 9, 10:
            guard !set[writer].answers, set[other].isVisible else { return nil }
            return .failOver(to: other, detaching: Bool.random(using: &random))
        case 11:
            guard set[other].isVisible, isWriterVisible, !set[other].links.isEmpty else { return nil }
            return .switchOver(to: other)
        case 12:
            // Without a source, and with the writer out of sight, this looks like a failover.
            let hasSource = set[other].links.contains { !$0.isDetached }
            guard operable(other), set[other].isReadOnly, isWriterVisible || hasSource else { return nil }
            return .setReadOnly(other, false)
        case 13: return operable(other) && !set[other].isReadOnly ? .setReadOnly(other, true) : nil
        case 14:
            guard operable(other), !set[other].links.isEmpty else { return nil }
            return .stopReplication(other, applierToo: Bool.random(using: &random))
        case 15, 16:
            guard operable(other) else { return nil }
            return .repoint(other, OperatedSet.Way.allCases.randomElement(using: &random) ?? .direct)
        case 17:
            // If the exporter sees the writer, a second one alongside it is a rival and not a failover.
            return operable(other) && isWriterVisible && !set[other].links.isEmpty ? .reset(other) : nil
        case 18:
            let written = [writer] + (Bool.random(using: &random) ? [other] : [])
            return .write(written.filter { operable($0) && !set[$0].isReadOnly })
        default: return Bool.random(using: &random) ? .restartExporter(keepsState: Bool.random(using: &random)) : nil
        }
    }
}
