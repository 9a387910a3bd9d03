import NIOCore
import Synchronization

/// The connections and running requests of a listener, for the limit and for the shutdown.
///
/// If all slots are taken, a new connection gets the slot of one without a running handler: the one that has been silent for
/// longest or, failing that, the one that has been reading its response for longest. So clients that hold on to connections,
/// even thousands of them, cannot keep others out. While many connections are about to end, new ones wait in the kernel's
/// queue (`AdmissionHandler`).
final class Connections: Sendable {
    enum Admission {
        case served
        /// To be refused with 503: all connections run a request.
        case overCapacity
        /// To be closed without an answer: its slot has already gone to another, too many are being refused, or the
        /// listener is stopping.
        case refused
    }

    /// The state of a connection; the first ones are evicted first.
    enum Standing: Comparable {
        /// Between requests, or in the middle of sending one.
        case waiting
        /// Reading its response, or not reading it.
        case writing
        /// A handler is running. Never evicted.
        case running
    }

    /// Sent through the pipeline of a connection whose slot is given to another.
    struct Evicted: Sendable {}

    private struct Member {
        var channel: any Channel
        var standing = Standing.waiting
        /// When it entered that state, as an increasing number.
        var since: UInt64
        var isOverCapacity = false
        var isEvicted = false
    }

    private struct State {
        var members: [ObjectIdentifier: Member] = [:]
        /// How many of the members have a slot, and are not about to lose it.
        var served = 0
        var evicted = 0
        var lastNumber: UInt64 = 0
        var runs = 0
        /// How many of the members have a running handler. The other runs are those of clients that have gone.
        var running = 0
        var isClosing = false
        var waiter: CheckedContinuation<Bool, Never>?
        /// Called as soon as there is room to accept another.
        var held: [@Sendable () -> Void] = []

        var isDrained: Bool { members.isEmpty && runs == 0 }

        mutating func nextNumber() -> UInt64 {
            lastNumber += 1
            return lastNumber
        }

        mutating func add(_ channel: any Channel, isOverCapacity: Bool) {
            members[ObjectIdentifier(channel)] = Member(
                channel: channel, since: nextNumber(), isOverCapacity: isOverCapacity)
            if !isOverCapacity { served += 1 }
        }

        /// Handlers that go on though their client has gone take a slot until they have ended, as if it had stayed.
        var taken: Int { served + max(0, runs - running) }

        mutating func note(_ channel: any Channel, _ standing: Standing) {
            let since = nextNumber()
            guard var member = members[ObjectIdentifier(channel)] else { return }
            running += (standing == .running ? 1 : 0) - (member.standing == .running ? 1 : 0)
            (member.standing, member.since) = (standing, since)
            members[ObjectIdentifier(channel)] = member
        }

        mutating func remove(_ channel: any Channel) {
            guard let member = members.removeValue(forKey: ObjectIdentifier(channel)) else { return }
            if member.standing == .running { running -= 1 }
            if member.isEvicted {
                evicted -= 1
            } else if !member.isOverCapacity {
                served -= 1
            }
        }

        mutating func spare(_ channel: any Channel) {
            guard let member = members[ObjectIdentifier(channel)], member.isEvicted else { return }
            members[ObjectIdentifier(channel)]?.isEvicted = false
            evicted -= 1
            if !member.isOverCapacity { served += 1 }
        }

        /// Marks the connection to be evicted first, either of those with a slot or of those that are being refused.
        mutating func evictOne(isOverCapacity: Bool) -> (any Channel)? {
            let candidates = members.lazy.filter { _, member in
                member.isOverCapacity == isOverCapacity && member.standing < .running && !member.isEvicted
            }
            let victim = candidates.min { ($0.value.standing, $0.value.since) < ($1.value.standing, $1.value.since) }
            guard let victim else { return nil }
            members[victim.key]?.isEvicted = true
            evicted += 1
            if !isOverCapacity { served -= 1 }
            return victim.value.channel
        }
    }

    /// The maximum number of connections served at a time.
    private let limit: Int
    /// The number of connections, including those about to end, at which new ones have to wait. May be exceeded by one.
    private let ceiling: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
        ceiling = limit + limit / 8 + 1
    }

    /// Whether another connection may be accepted now. If not, `resume` is called when one of those that are about to end
    /// has ended.
    func mayAccept(orElse resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.members.count < ceiling || state.evicted == 0 { return true }
            state.held.append(resume)
            return false
        }
    }

    /// Counts a channel that has just been accepted, until it closes. May evict another connection for it.
    func admit(_ channel: any Channel) {
        let (isAdmitted, victim): (Bool, (any Channel)?) = state.withLock { state in
            if state.isClosing { return (false, nil) }
            let isFull = state.taken >= limit
            var victim = isFull ? state.evictOne(isOverCapacity: false) : nil
            let isOverCapacity = isFull && victim == nil
            if victim == nil && state.members.count >= ceiling {
                victim = state.evictOne(isOverCapacity: true)
                if victim == nil { return (false, nil) }
            }
            state.add(channel, isOverCapacity: isOverCapacity)
            return (true, victim)
        }
        victim?.pipeline.fireUserInboundEventTriggered(Evicted())
        guard isAdmitted else { return }
        channel.closeFuture.whenComplete { _ in
            self.change { $0.remove(channel) }
        }
    }

    /// What to do with an accepted channel; called just before it gets the handlers that would react to its eviction.
    func admission(of channel: any Channel) -> Admission {
        state.withLock { state in
            guard let member = state.members[ObjectIdentifier(channel)], !member.isEvicted else { return .refused }
            return member.isOverCapacity ? .overCapacity : .served
        }
    }

    /// Records the new state of a connection.
    func note(_ channel: any Channel, _ standing: Standing) {
        change { state in
            state.note(channel, standing)
            // Its request arrived before the eviction, which the connection then ignores.
            if standing == .running { state.spare(channel) }
        }
    }

    func runStarted() {
        change { $0.runs += 1 }
    }

    func runEnded() {
        change { $0.runs -= 1 }
    }

    /// Admits no more connections, and lets each one end after its current request.
    func beginClosing() {
        for channel in channels(closing: true) {
            channel.pipeline.fireUserInboundEventTriggered(ConnectionHandler.ShutdownRequested())
        }
    }

    /// Closes all connections now; their handlers are cancelled.
    func closeAll() {
        for channel in channels(closing: true) { channel.close(promise: nil) }
    }

    /// Waits for the last connection and the last handler, or for `giveUp`.
    ///
    /// - Returns: whether all have ended.
    func drained() async -> Bool {
        await withCheckedContinuation { continuation in
            change { $0.waiter = continuation }
        }
    }

    func giveUp() {
        let waiter = state.withLock { $0.waiter.take() }
        waiter?.resume(returning: false)
    }

    private func channels(closing: Bool) -> [any Channel] {
        state.withLock {
            $0.isClosing = closing
            return $0.members.values.map(\.channel)
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let (waiter, held) = state.withLock { state in
            body(&state)
            var held: [@Sendable () -> Void] = []
            if state.members.count < ceiling || state.evicted == 0 { swap(&held, &state.held) }
            return (state.isDrained ? state.waiter.take() : nil, held)
        }
        waiter?.resume(returning: true)
        for resume in held { resume() }
    }
}
