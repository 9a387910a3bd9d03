/// Every metric, in rendering order. `Catalogue` describes each one.
package enum Metric: Int, CaseIterable, Sendable {
    // A node.
    case up, nodeFactMissing, nodeFailure, nodeInfo, nodeRole, nodeReadOnly, nodeSuperReadOnly, nodeWriter
    case nodeStartTime, nodeClockOffset, nodeCollectDuration, nodeRoundTrips, nodeConnects, nodeConnectedReplicas
    case nodeUnservedReplicas, nodeDurable
    case binlogEnabled, binlogFileNumber, binlogPosition, binlogFiles, binlogSize, binlogRetention, binlogFilters
    case gtidExecuted, gtidSequence, gtidTransactions
    case semiSyncSourceEnabled, semiSyncSourceActive, semiSyncSourceClients, semiSyncSourceUnacknowledged
    case semiSyncReplicaActive
    case checksumDifferences, checksumPending, checksumTables, checksumLastRun, checksumAge
    case heartbeatAge, nodeTotalLag
    case clusterInfo, clusterMemberState, clusterReady, clusterQuorum, clusterInComponent, clusterPrimary
    case clusterViewNumber, clusterViewSize, clusterViewMembers, clusterApplyQueue, clusterCertifyQueue,
        clusterConflicts
    case clusterPaused, clusterPauseRequested, clusterHistory
    case clusterCloneStage, clusterCloneCopied, clusterCloneEstimated

    // A channel.
    case sourceInfo, ioThreadRunning, sqlThreadRunning, ioThreadState, channelParked
    case lag, lagError, lagKnown, lagMethod, sourceReportedLag, secondsBehindSource
    case readDelta, applyDelta, relayLog
    case readFileNumber, readPosition, execFileNumber, execPosition
    case missingTransactions, unfetchedTransactions, unappliedTransactions, errantTransactions
    case domainMissingTransactions
    case purgeHeadroom, sourceSilent, stage
    case ioErrno, sqlErrno, lastErrorTimestamp
    case configuredDelay, remainingDelay
    case filters, gtidEnabled, sourceTLS, workers, workersBusy, workerRunning, workerBusy, workerApplying, workerErrno
    case retriedTransactions, heartbeatsReceived
    case check
    case sentinelSuccess, sentinelPropagation, sentinelLastSuccess

    // A replication set.
    case setNodes, setNodesUp, setWritableNodes, setUnfilteredReplicas, setCrashSafeReplicas
    case setUnknownSources, setCycles, setDuplicateServerIDs, setDuplicateServerUUIDs
    case setWriters, setWriterKnown, setRivals
    case setLagThreshold, setBytesThreshold
    case setClusterComponents, setClusterConfirmed, setClusterMembers, setClusterMembersMissing
    case setClusterUnknownMembers, setClusterFailuresTolerated, setClusterPrimariesAgreed, setClusterMultiWriter

    // Probes.
    case probeWorking, failoverActive

    // The exporter itself.
    case buildInfo, scrapeDuration, configLastReloadSuccessful, configLastReloadSuccessTimestamp, httpRequests
    case processCPU, processResidentMemory, processVirtualMemory, processStartTime, processOpenFDs, processMaxFDs
    case processThreads
}
