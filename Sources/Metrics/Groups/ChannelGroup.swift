import Exposition
import Replication
import Topology

private let ioStates = OneHot<Channel.IOThreadState>("state")
private let lagMethods = OneHot<Lag.Method>("method", besides: .storage)
private let storageMethods = OneHot<Lag.Method>("method")
let checkLabels = OneHot<Check>("check")
private let stages = OneHot<Channel.ApplyStage>("stage")
private let filters = OneHot<ReplicationFilter>("filter")
private let ioThread: LabelBlock = ["thread": "io"]
private let sqlThread: LabelBlock = ["thread": "sql"]

extension Families {
    mutating func add(_ findings: ChannelFindings, _ labels: LabelBlock, _ options: MetricsOptions) {
        let channel = findings.channel
        addSource(channel.source, node: findings.sourceNode, labels)
        add(.ioThreadRunning, labels, channel.ioThread == .running)
        add(.sqlThreadRunning, labels, channel.isApplierRunning)
        add(.ioThreadState, labels, oneOf: ioStates, channel.ioThread)
        add(.channelParked, labels, findings.isParked)
        add(findings.lag, labels)
        add(.sourceReportedLag, labels, channel.secondsBehindSource)
        add(.secondsBehindSource, labels, channel.secondsBehindSource)
        addPositions(findings, labels)
        addTransactions(findings, labels, options)
        addErrors(channel, labels)
        add(.sourceSilent, labels, channel.sourceSilence)
        addApplier(channel, labels, options)
        add(.configuredDelay, labels, channel.configuredDelay)
        add(.remainingDelay, labels, channel.remainingDelay)
        for (filter, label) in filters.labels { add(.filters, labels, channel.filters[filter] ?? 0, extra: label) }
        add(.gtidEnabled, labels, channel.usesGTID)
        add(.sourceTLS, labels, channel.isSourceConnectionEncrypted)
        add(.heartbeatsReceived, labels, channel.heartbeatsReceived)
        for (check, label) in checkLabels.labels { add(.check, labels, findings.checks[check], extra: label) }
    }

    /// A membership in a cluster, told by the names of what channels have as well.
    mutating func add(_ member: MemberFindings, _ labels: LabelBlock, _ options: MetricsOptions) {
        add(member.lag, isMeant: member.isInComponent && member.isReceiver, labels)
        add(.missingTransactions, labels, member.missing)
        add(.unappliedTransactions, labels, member.unapplied)
        add(.errantTransactions, labels, member.errant)
        for (check, label) in checkLabels.labels { add(.check, labels, member.checks[check], extra: label) }
        guard let applier = member.applier else { return }
        add(.sqlThreadRunning, labels, applier.isApplierRunning)
        addErrors(applier, labels)
        addApplier(applier, labels, options)
    }

    private mutating func addApplier(_ channel: Channel, _ labels: LabelBlock, _ options: MetricsOptions) {
        for (stage, label) in stages.labels { add(.stage, labels, channel.applierTimes?.stages[stage], extra: label) }
        add(.workers, labels, channel.workers?.total)
        add(.workersBusy, labels, channel.workers?.busy)
        if options.workers { addWorkers(channel, labels) }
        add(.retriedTransactions, labels, channel.retriedTransactions)
    }

    private mutating func addSource(_ source: Channel.SourceIdentity, node: String?, _ labels: LabelBlock) {
        add(
            .sourceInfo, labels, 1,
            extra: LabelBlock(room: 192) {
                $0.add("source_host", source.host)
                $0.add("source_port", "\(source.port)")
                $0.add("source_server_id", source.serverID.map { "\($0)" } ?? "")
                $0.add("source_uuid", source.serverUUID ?? "")
                $0.add("source_node", node ?? "")
            })
    }

    /// - Parameter isMeant: that it is not known is told.
    private mutating func add(_ lag: Lag?, isMeant: Bool = true, _ labels: LabelBlock) {
        add(.lag, labels, lag?.seconds)
        add(.lagError, labels, lag?.error)
        if isMeant || lag != nil { add(.lagKnown, labels, lag != nil) }
        // Only of Aurora, whose readers have no other.
        add(.lagMethod, labels, oneOf: lag?.method == .storage ? storageMethods : lagMethods, lag?.method)
    }

    private mutating func addPositions(_ findings: ChannelFindings, _ labels: LabelBlock) {
        let channel = findings.channel
        add(.readDelta, labels, findings.readDelta)
        add(.applyDelta, labels, findings.applyDelta)
        add(.purgeHeadroom, labels, findings.purgeHeadroom)
        add(.relayLog, labels, channel.relayLogBytes)
        add(.readFileNumber, labels, channel.readPosition?.file.number)
        add(.readPosition, labels, channel.readPosition?.position)
        add(.execFileNumber, labels, channel.executedPosition?.file.number)
        add(.execPosition, labels, channel.executedPosition?.position)
    }

    private mutating func addTransactions(
        _ findings: ChannelFindings, _ labels: LabelBlock, _ options: MetricsOptions
    ) {
        add(.missingTransactions, labels, findings.distance.missing)
        add(.unfetchedTransactions, labels, findings.distance.unfetched)
        add(.unappliedTransactions, labels, findings.distance.unapplied)
        add(.errantTransactions, labels, findings.errant)
        guard options.gtidDomains else { return }
        for domain in findings.distance.missingByDomain {
            add(.domainMissingTransactions, labels, domain.sequenceNumbers, extra: ["domain": "\(domain.domain)"])
        }
    }

    private mutating func addWorkers(_ channel: Channel, _ labels: LabelBlock) {
        for worker in channel.workerStates.firstOfEach(\.id) {
            let label: LabelBlock = ["worker": "\(worker.id)"]
            add(.workerRunning, labels, worker.isRunning, extra: label)
            add(.workerBusy, labels, worker.isBusy, extra: label)
            add(.workerApplying, labels, worker.applyingAge, extra: label)
            add(.workerErrno, labels, worker.errorNumber, extra: label)
        }
    }

    private mutating func addErrors(_ channel: Channel, _ labels: LabelBlock) {
        add(.ioErrno, labels, channel.ioError?.number)
        add(.sqlErrno, labels, channel.applierError?.number)
        add(.lastErrorTimestamp, labels, channel.ioError?.time, extra: ioThread)
        add(.lastErrorTimestamp, labels, channel.applierError?.time, extra: sqlThread)
    }
}
