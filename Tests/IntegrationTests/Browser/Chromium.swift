import Foundation
import Sandbox
import Synchronization

/// A headless Chromium, controlled by the DevTools protocol over a pair of named pipes (`--remote-debugging-pipe`): no
/// port to find, and it ends when this process does.
final class Chromium: Sendable {
    private struct State {
        var calls: [Int: CheckedContinuation<JSONValue, any Error>] = [:]
        var count = 0
        var hasEnded = false
        var events: [Event] = []
    }

    struct Event: Sendable {
        let session: String
        let method: String
        let parameters: JSONValue
    }

    private let process: ChildProcess
    private let folder: URL
    private let input: FileHandle
    private let state = Mutex(State())

    /// Where Debian's package installs it; nil if it is not installed.
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static func start() async throws -> Chromium {
        guard let path else { throw Failure("chromium is not installed") }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("chromium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let pipes = ["in", "out"].map { folder.appendingPathComponent($0).path }
        for pipe in pipes where mkfifo(pipe, 0o600) != 0 { throw Failure("mkfifo: \(errno)") }
        let arguments = [
            "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-extensions",
            "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
            "--user-data-dir=\(folder.path)/profile", "about:blank",
        ]
        // Chromium reads from descriptor 3 and writes to 4.
        let process = try ChildProcess.start(
            ["sh", "-c", #"exec "$@" 3<"$PIPE_IN" 4>"$PIPE_OUT""#, "sh", path] + arguments,
            environment: ChildProcess.neutralEnvironment.merging(
                ["HOME": folder.path, "PIPE_IN": pipes[0], "PIPE_OUT": pipes[1]]
            ) { $1 }, group: 0, output: folder.appendingPathComponent("log").path)
        // Each end waits for the other, so open them in the same order as the shell.
        let (input, output) = await Task.detached {
            (FileHandle(forWritingAtPath: pipes[0]), FileHandle(forReadingAtPath: pipes[1]))
        }.value
        guard let input, let output else { throw Failure("the pipes to chromium could not be opened") }
        let chromium = Chromium(process, folder, input)
        Thread.detachNewThread { [weak chromium] in
            var rest = Data()
            while case let data = output.availableData, !data.isEmpty {
                rest += data
                while let end = rest.firstIndex(of: 0) {
                    chromium?.take(rest[rest.startIndex..<end])
                    rest = Data(rest[(end + 1)...])
                }
            }
            chromium?.end()
        }
        return chromium
    }

    private init(_ process: ChildProcess, _ folder: URL, _ input: FileHandle) {
        self.process = process
        self.folder = folder
        self.input = input
    }

    deinit { kill(-process.pid, SIGKILL) }

    /// Ends it, with all its processes.
    func stop() async {
        kill(-process.pid, SIGKILL)
        await process.ended()
        // Its children may still be writing for a moment.
        for _ in 0..<50 where (try? FileManager.default.removeItem(at: folder)) == nil {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Calls a method of the protocol.
    /// - Throws: `Failure` with Chromium's error, or if it has ended.
    @discardableResult
    func call(_ method: String, _ parameters: JSONValue = [:], session: String? = nil) async throws -> JSONValue {
        try await withCheckedThrowingContinuation { continuation in
            let message: Data? = state.withLock { state in
                guard !state.hasEnded else { return nil }
                state.count += 1
                var message: [String: JSONValue] = [
                    "id": .number(Double(state.count)), "method": .string(method), "params": parameters,
                ]
                message["sessionId"] = session.map { .string($0) }
                guard let data = try? JSONEncoder().encode(message) else { return nil }
                state.calls[state.count] = continuation
                return data + [0]
            }
            guard let message else { return continuation.resume(throwing: Failure("\(method): chromium has ended")) }
            input.write(message)
        }
    }

    func events(_ session: String) -> [Event] { state.withLock { $0.events.filter { $0.session == session } } }

    private func take(_ bytes: Data) {
        guard let message = try? JSONDecoder().decode(JSONValue.self, from: bytes) else { return }
        if let id = message["id"].number.map(Int.init) {
            let continuation = state.withLock { $0.calls.removeValue(forKey: id) }
            if let text = message["error"]["message"].text {
                continuation?.resume(throwing: Failure(text))
            } else {
                continuation?.resume(returning: message["result"])
            }
        } else if let method = message["method"].text {
            let event = Event(session: message["sessionId"].text ?? "", method: method, parameters: message["params"])
            state.withLock { $0.events.append(event) }
        }
    }

    private func end() {
        let calls = state.withLock { state in
            state.hasEnded = true
            defer { state.calls = [:] }
            return state.calls.values
        }
        for call in calls { call.resume(throwing: Failure("chromium has ended")) }
    }
}
