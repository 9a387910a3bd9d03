import NIOCore
import Synchronization

/// The connections and running requests of a listener: for the limit, and for the end.
///
/// Whoever comes when all places are taken gets the place of a connection that nothing is done for: that of which nothing
/// was heard for longest, or else the one that has been reading its response for longest. So clients that hold on to
/// connections, by the thousand even, cannot keep others out. While many are about to end, newcomers wait in the kernel's
/// queue (`AdmissionHandler`).
final class Connections: Sendable {
    enum Admission {
        case served
        /// To be told that there are too many: each of them runs a request.
        case overCapacity
        /// Not even that: its place has gone to another already, too many are being told, or the listener stops.
        case refused
    }

    /// What a connection is at; the first are the first to be given up.
    enum Standing: Comparable {
        /// Nothing is done for it: between requests, or in the midst of sending one.
        case waiting
        /// Reading its response, or not reading it.
        case writing
        /// A handler works for it. Never given up.
        case running
    }

    /// Sent down the pipeline of a connection whose place is given to another.
    struct Evicted: Sendable {}

    private struct Member {
        var channel: any Channel
        var standing = Standing.waiting
        /// When it came to stand so, as a number that grows.
        var since: UInt64
        var isOverCapacity = false
        var isEvicted = false
    }

    private struct State {
        var members: [ObjectIdentifier: Member] = [:]
        /// How many of the members have a place, and are not about to lose it.
        var served = 0
        var evicted = 0
        var lastNumber: UInt64 = 0
        var runs = 0
        var isClosing = false
        var waiter: CheckedContinuation<Bool, Never>?
        /// Called once there is room to accept another.
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

        mutating func remove(_ channel: any Channel) {
            guard let member = members.removeValue(forKey: ObjectIdentifier(channel)) else { return }
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

        /// Marks the connection that can best be spared, of those that have a place or of those that are told that there is
        /// none.
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

    /// How many are served at a time.
    private let limit: Int
    /// How many there are, with those that are about to end, before newcomers have to wait. One more may have come.
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

    /// Counts in a channel that has just been accepted, until it closes. May end another connection for it.
    func admit(_ channel: any Channel) {
        let (isAdmitted, victim): (Bool, (any Channel)?) = state.withLock { state in
            if state.isClosing { return (false, nil) }
            let isFull = state.served >= limit
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

    /// What became of a channel that was accepted; asked when it is about to get the handlers that hear of its eviction.
    func admission(of channel: any Channel) -> Admission {
        state.withLock { state in
            guard let member = state.members[ObjectIdentifier(channel)], !member.isEvicted else { return .refused }
            return member.isOverCapacity ? .overCapacity : .served
        }
    }

    /// Notes what a connection is at from now on.
    func note(_ channel: any Channel, _ standing: Standing) {
        change { state in
            let since = state.nextNumber()
            state.members[ObjectIdentifier(channel)]?.standing = standing
            state.members[ObjectIdentifier(channel)]?.since = since
            // Its request came before the news that it is to go, which it then pays no heed to.
            if standing == .running { state.spare(channel) }
        }
    }

    func runStarted() {
        change { $0.runs += 1 }
    }

    func runEnded() {
        change { $0.runs -= 1 }
    }

    /// Admits no more, and lets each connection end with the request that it works on.
    func beginClosing() {
        for channel in channels(closing: true) {
            channel.pipeline.fireUserInboundEventTriggered(ConnectionHandler.ShutdownRequested())
        }
    }

    /// Ends all connections now; their handlers are cancelled.
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
