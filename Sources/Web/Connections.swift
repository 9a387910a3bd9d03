import NIOCore
import Synchronization

/// The connections and running requests of a listener: for the limit, and for the end.
///
/// Whoever comes when all places are taken gets the place of a connection that nothing is done for: that of which nothing
/// was heard for longest, or else the one that has been reading its response for longest. So clients that hold on to
/// connections, by the thousand even, cannot keep others out.
final class Connections: Sendable {
    enum Admission {
        case served
        /// To be told that there are too many: each of them runs a request.
        case overCapacity
        /// Not even that: too many are being told already, or the listener stops.
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
        var isEvicted = false
    }

    private struct State {
        var members: [ObjectIdentifier: Member] = [:]
        var evicted = 0
        var lastNumber: UInt64 = 0
        var runs = 0
        var isClosing = false
        var waiter: CheckedContinuation<Bool, Never>?

        var isDrained: Bool { members.isEmpty && runs == 0 }

        mutating func nextNumber() -> UInt64 {
            lastNumber += 1
            return lastNumber
        }

        /// Marks the connection that can best be spared.
        mutating func evictOne() -> (any Channel)? {
            let candidates = members.lazy.filter { $0.value.standing < .running && !$0.value.isEvicted }
            let victim = candidates.min { ($0.value.standing, $0.value.since) < ($1.value.standing, $1.value.since) }
            guard let victim else { return nil }
            members[victim.key]?.isEvicted = true
            evicted += 1
            return victim.value.channel
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a channel in until it closes, unless it is `refused`. May end another connection for it.
    func admit(_ channel: any Channel) -> Admission {
        let (admission, victim): (Admission, (any Channel)?) = state.withLock { state in
            if state.isClosing || state.members.count >= limit + limit / 8 + 1 { return (.refused, nil) }
            let isFull = state.members.count - state.evicted >= limit
            let victim = isFull ? state.evictOne() : nil
            let since = state.nextNumber()
            state.members[ObjectIdentifier(channel)] = Member(channel: channel, since: since)
            return (isFull && victim == nil ? .overCapacity : .served, victim)
        }
        victim?.pipeline.fireUserInboundEventTriggered(Evicted())
        if admission != .refused {
            channel.closeFuture.whenComplete { _ in
                self.change { state in
                    if state.members.removeValue(forKey: ObjectIdentifier(channel))?.isEvicted == true {
                        state.evicted -= 1
                    }
                }
            }
        }
        return admission
    }

    /// Notes what a connection is at from now on.
    func note(_ channel: any Channel, _ standing: Standing) {
        state.withLock { state in
            let since = state.nextNumber()
            state.members[ObjectIdentifier(channel)]?.standing = standing
            state.members[ObjectIdentifier(channel)]?.since = since
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
        let waiter = state.withLock { state in
            body(&state)
            return state.isDrained ? state.waiter.take() : nil
        }
        waiter?.resume(returning: true)
    }
}
