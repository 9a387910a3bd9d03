import Glibc
import Synchronization
import Threads

/// Where log lines go: standard error. Its reader may hang, or the file system of a file that it is; then lines wait, and beyond some
/// are lost, but nothing else does.
final class LogSink: Sendable {
    /// So many lines wait at most.
    private static let capacity = 1000

    private enum Mode {
        /// Each line is written at once, by whoever logs it: at start-up, and in commands.
        case direct
        case detached(BlockingDesk)
        /// Standard error did not take its lines in time at the end.
        case over
    }

    private struct State {
        var mode = Mode.direct
        var waiting: [String] = []
        var lost = 0
        var isWorking = false
    }

    private let state = Mutex(State())
    private let write: @Sendable (String) -> Void

    /// - Parameter write: writes to standard error; may block.
    init(write: @escaping @Sendable (String) -> Void = LogSink.writeToStandardError) { self.write = write }

    /// From here on, nobody who logs waits.
    func detach(at desk: BlockingDesk) { state.withLock { $0.mode = .detached(desk) } }

    func log(_ line: String) {
        enum Step {
            case nothing, direct
            case work(BlockingDesk)
        }
        let step = state.withLock { state -> Step in
            switch state.mode {
            case .direct: return .direct
            case .over: return .nothing
            case .detached(let desk):
                guard state.waiting.count < Self.capacity else {
                    state.lost += 1
                    return .nothing
                }
                state.waiting.append(line)
                if state.isWorking { return .nothing }
                state.isWorking = true
                return .work(desk)
            }
        }
        switch step {
        case .nothing: break
        case .direct: write(line)
        case .work(let desk): Task { @concurrent in await desk.carryOut { self.writeWaiting() } }
        }
    }

    /// Writes what waits, if that does not take too long, and later lines at once again: at the end of the program.
    func attach(within patience: Duration = .seconds(1)) async {
        guard case .detached(let desk) = state.withLock({ $0.mode }) else { return }
        let deadline = ContinuousClock.now + patience
        while await desk.carryOut(within: ContinuousClock.now.duration(to: deadline), { self.writeWaiting() }) != nil {
            let isAttached = state.withLock { state in
                guard state.waiting.isEmpty else { return false }
                state.mode = .direct
                return true
            }
            if isAttached { return }
        }
        state.withLock { $0.mode = .over }
    }

    private func writeWaiting() {
        while true {
            let (lines, lost) = state.withLock { state in
                defer { (state.waiting, state.lost) = ([], 0) }
                if state.waiting.isEmpty { state.isWorking = false }
                return (state.waiting, state.lost)
            }
            if lines.isEmpty { return }
            write(lines.joined())
            if lost > 0 { write("\(lost) further lines of the log were lost: standard error did not take them\n") }
        }
    }

    /// One write(2) as a rule, so that lines of several threads do not mix.
    private static func writeToStandardError(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                // Nobody is left to be told.
                guard written > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }
}
