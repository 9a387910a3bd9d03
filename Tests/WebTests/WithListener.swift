import Logging
import Testing

@testable import Web

extension ListenerOptions {
    /// For tests that are not about timeouts: so long that none is reached on a machine busy with all other tests.
    mutating func waitForEver() {
        headTimeout = .seconds(250)
        bodyTimeout = .seconds(250)
        idleTimeout = .seconds(250)
        writeTimeout = .seconds(250)
    }
}

/// Runs `body` against a listener on a loopback port, then shuts it down and waits until it has ended.
/// - Parameter protection: the path of a file as for `--web.config.file`; nil for none.
func withListener(
    _ configure: (inout ListenerOptions) -> Void = { _ in }, protection: String? = nil,
    onRefusal: @escaping @Sendable (Int) -> Void = { _ in }, handler: @escaping Handler,
    body: (Listener, ListenAddress) async throws -> Void
) async throws {
    var options = ListenerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)])
    options.waitForEver()
    options.lingerTimeout = .milliseconds(100)
    configure(&options)
    let logger = Logger(label: "web") { _ in SwiftLogNoOpLogHandler() }
    let file = try protection.map { try WebConfigurationFile(path: $0, logger: logger) }
    let listener = Listener(
        options: options, protection: file, logger: logger, onRefusal: onRefusal, handler: handler)
    let run = Task { try await listener.run() }
    do {
        try await body(listener, try await listener.boundAddresses[0])
    } catch {
        listener.shutDown()
        _ = await run.result
        throw error
    }
    listener.shutDown()
    try await run.value
}

/// A one-time event that can be waited for.
final class Event: Sendable {
    private let pair = AsyncStream<Void>.makeStream()

    func happen() { pair.continuation.finish() }

    /// Returns when the event has happened, or when the task is cancelled.
    func wait() async {
        for await _ in pair.stream {}
    }
}
