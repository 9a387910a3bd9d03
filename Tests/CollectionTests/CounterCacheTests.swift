import Replication
import Testing

@testable import Collection

@Suite("Kept counters")
struct CounterCacheTests {
    private let start = ContinuousClock.now

    private func facts(connection: UInt64? = 7, id: UInt32 = 1) -> NodeFacts {
        var facts = NodeFacts(
            identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 0), serverID: id))
        facts.connectionID = connection
        facts.clockOffset = 0
        facts.askedAt = 1000
        facts.semiSync = SemiSync()
        facts.semiSync?.isSourceEnabled = false
        facts.semiSync?.isReplicaEnabled = false
        return facts
    }

    /// A round in which they were read.
    private func read(
        uptime: Double = 100, replicas: Int? = 0, connection: UInt64? = 7, id: UInt32 = 1,
        _ change: (inout SemiSync) -> Void = { _ in }
    ) -> NodeFacts {
        var facts = facts(connection: connection, id: id)
        facts.isStatusFresh = true
        facts.areConnectedReplicasFresh = true
        facts.areClusterSettingsFresh = true
        facts.connectedReplicas = replicas
        facts.uptime = uptime
        facts.uptimeAskedAt = 1000
        var semiSync = facts.semiSync ?? SemiSync()
        semiSync.isSourceActive = false
        semiSync.isReplicaActive = false
        semiSync.clients = 0
        semiSync.waitingSessions = 0
        change(&semiSync)
        facts.semiSync = semiSync
        return facts
    }

    private static let all: Set<FactName> = [.status, .connectedReplicas, .clusterSettings]

    private func cache(_ facts: NodeFacts) -> CounterCache {
        var (cache, facts) = (CounterCache(), facts)
        cache.complete(&facts, at: start)
        return cache
    }

    private func due(_ cache: CounterCache, after seconds: Int) -> Set<FactName> {
        cache.due(at: start + .seconds(seconds), statusHasReplicas: false)
    }

    @Test("They are due at once, and then a minute after they were read")
    func due() {
        #expect(due(CounterCache(), after: 0) == Self.all)
        let cache = cache(read())
        #expect(due(cache, after: 60) == [])
        #expect(due(cache, after: 61) == Self.all)
        #expect(cache.due(at: start + .seconds(61), statusHasReplicas: true) == [.status, .clusterSettings])
    }

    @Test("If replicas are connected, they are counted in every round")
    func connectedReplicas() {
        let cache = cache(read(replicas: 1))
        #expect(due(cache, after: 0) == [.connectedReplicas])
        #expect(cache.due(at: start, statusHasReplicas: true) == [.status])
    }

    @Test(
        "While semi-synchronous replication is on, its counters are read in every round",
        arguments: [\SemiSync.isSourceEnabled, \.isReplicaEnabled, \.isSourceActive, \.isReplicaActive]
            as [any WritableKeyPath<SemiSync, Bool?> & Sendable])
    func semiSync(part: any WritableKeyPath<SemiSync, Bool?> & Sendable) {
        #expect(due(cache(read { $0[keyPath: part] = true }), after: 0) == [.status])
    }

    @Test("How a Galera node is set up is asked in every round; whether a server is one, once a minute")
    func cluster() {
        var member = read()
        member.clusterSettings = ClusterSettings(kind: .galera, cluster: "shop")
        #expect(due(cache(member), after: 0) == [.clusterSettings])
        member.clusterSettings?.kind = .group
        let cache = cache(member)
        #expect(due(cache, after: 60) == [])
        var kept = cache
        // A round that began before, and ends after.
        for seconds in [60, 61] {
            var later = facts()
            kept.complete(&later, at: start + .seconds(seconds))
            #expect(later.clusterSettings == member.clusterSettings)
        }
        var tooLate = facts()
        kept.complete(&tooLate, at: start + .seconds(121))
        #expect(tooLate.clusterSettings == nil)
    }

    @Test("What could not be read is due again in the next round")
    func notRead() {
        var failed = facts()
        failed.missing[.status] = .error
        failed.missing[.connectedReplicas] = .error
        #expect(due(cache(failed), after: 0) == Self.all)
    }

    @Test(
        "A round that did not ask gets them, as none begins more than a minute after they were read; the start time for as long as the connection lives"
    )
    func completes() {
        var cache = cache(read(replicas: 3))
        var later = facts()
        cache.complete(&later, at: start + .seconds(60))
        #expect(later.connectedReplicas == 3 && later.startTime == 900)
        #expect(later.semiSync?.clients == 0 && later.isStatusKept && !later.isStatusFresh)
        var tooLate = facts()
        cache.complete(&tooLate, at: start + .seconds(121))
        #expect(tooLate.connectedReplicas == nil && tooLate.semiSync?.clients == nil)
        #expect(tooLate.semiSync?.isSourceEnabled == false)
        #expect(tooLate.startTime == 900)
    }

    @Test("A round that asked in vain does not get them: they are reported as missing")
    func missing() {
        var cache = cache(read(replicas: 3))
        var failed = facts()
        failed.missing[.status] = .timeout
        cache.complete(&failed, at: start + .seconds(1))
        #expect(failed.connectedReplicas == nil && failed.semiSync?.clients == nil)
        #expect(failed.startTime == 900)
    }

    @Test("Another server or another connection behind a proxy gets nothing of the one before")
    func anotherOwner() {
        for other in [facts(id: 2), facts(connection: 8), facts(connection: nil)] {
            var (cache, other) = (cache(read(replicas: 3)), other)
            #expect(cache.isOutdated(by: other))
            cache.complete(&other, at: start + .seconds(1))
            #expect(other.connectedReplicas == nil && other.semiSync?.clients == nil && other.startTime == nil)
            #expect(due(cache, after: 1) == Self.all)
        }
        #expect(!cache(read()).isOutdated(by: facts()))
        #expect(!CounterCache().isOutdated(by: facts()))
        // A round without the server's identity shows nothing about a change.
        var silent = facts(id: 2)
        silent.identity.serverID = nil
        #expect(!cache(read()).isOutdated(by: silent))
    }

    @Test("A new connection asks again, and the start time of a server that did not restart stays the same")
    func reconnected() {
        var cache = cache(read(uptime: 100))
        cache.forget()
        #expect(due(cache, after: 1) == Self.all)
        var again = read(uptime: 99, connection: 8)
        cache.complete(&again, at: start + .seconds(1))
        #expect(again.startTime == 900)
        cache.forget()
        var restarted = read(uptime: 1, connection: 9)
        cache.complete(&restarted, at: start + .seconds(2))
        #expect(restarted.startTime == 999)
    }

    @Test("An uptime read long after the server's clock does not look like a restart")
    func readLate() {
        var cache = cache(read(uptime: 100))
        var late = read(uptime: 105)
        late.uptimeAskedAt = 1001
        cache.complete(&late, at: start + .seconds(1))
        #expect(late.startTime == 900)
        // If no start time is known yet, an inaccurate one is better than none.
        cache.forget()
        var first = read(uptime: 5, connection: 8)
        first.uptimeAskedAt = 1001
        cache.complete(&first, at: start + .seconds(2))
        #expect(first.startTime == 996)
    }

    @Test("If semi-synchronous replication was switched, its counters are asked for in the same round")
    func switched() {
        let cache = cache(read())
        var on = facts()
        on.semiSync?.isSourceEnabled = true
        #expect(cache.isOutdated(by: on))
        var replica = facts()
        replica.semiSync?.isReplicaEnabled = true
        #expect(cache.isOutdated(by: replica))
        on.missing[.status] = .timeout
        #expect(!cache.isOutdated(by: on), "it was asked for in vain")
        // MySQL reports the switch with the counters.
        var mySQL = facts()
        mySQL.semiSync = nil
        #expect(!cache.isOutdated(by: mySQL))
    }
}
