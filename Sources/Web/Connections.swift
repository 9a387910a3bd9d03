import NIOCore
import Synchronization

/// The connections and running requests of a listener: for the limit, and for the end.
final class Connections: Sendable {
    enum Admission {
        case served
        /// To be told that there are too many.
        case overCapacity
        /// Not even that: too many are being told already, or the listener stops.
        case refused
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var runs = 0
        var isClosing = false
        var waiter: CheckedContinuation<Bool, Never>?

        var isDrained: Bool { channels.isEmpty && runs == 0 }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a channel in until it closes, unless it is `refused`.
    func admit(_ channel: any Channel) -> Admission {
        let admission: Admission = state.withLock { state in
            if state.isClosing || state.channels.count >= limit + limit / 8 + 1 { return .refused }
            state.channels[ObjectIdentifier(channel)] = channel
            return state.channels.count > limit ? .overCapacity : .served
        }
        if admission != .refused {
            channel.closeFuture.whenComplete { _ in self.change { $0.channels[ObjectIdentifier(channel)] = nil } }
        }
        return admission
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
            return Array($0.channels.values)
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
