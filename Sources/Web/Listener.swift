package import Logging
import Glibc
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves HTTP/1.0 and 1.1, or a protocol with one line each way, on the addresses of its options until it is shut down.
package actor Listener: Service {
    private enum Phase {
        case starting([CheckedContinuation<[ListenAddress], any Error>])
        case listening([ListenAddress])
        case failed(any Error)
    }

    private enum Stop {
        case shutdown, cancelled, socketClosed
    }

    /// Makes the handlers of an accepted connection, which is encrypted if there are terms.
    private typealias Pipeline =
        @Sendable (any Channel, Connections.Admission, TLSTerms?) -> [any ChannelHandler]

    private let options: ListenerOptions
    private let logger: Logger
    /// Nil for plain connections.
    private let encryption: WebConfigurationFile?
    private let pipeline: Pipeline
    private let connections: Connections
    private let stops = AsyncStream<Stop>.makeStream(bufferingPolicy: .bufferingOldest(1))
    private var phase = Phase.starting([])

    /// - Parameters:
    ///   - protection: the users that are let in, and how connections are encrypted; nil for plain HTTP without passwords.
    ///   - onRefusal: called with the status of every response that the listener sends without calling the handler:
    ///     400, 401, 408, 413, 417, 429, 431, 500, 503, 505. Runs on an event loop, so it must return at once.
    ///   - handler: answers everything else, commonly through a `Router`.
    package init(
        options: ListenerOptions, protection: WebConfigurationFile? = nil, logger: Logger = Logger(label: "web"),
        onRefusal: @escaping @Sendable (Int) -> Void = { _ in }, handler: @escaping Handler
    ) {
        let connections = Connections(limit: options.maxConnections)
        let setup = HTTPConnectionSetup(
            options: options, connections: connections, logger: logger, onRefusal: onRefusal,
            handler: protection.map { AccessControl($0, onRefusal: onRefusal, handler: handler).answer } ?? handler)
        self.init(
            options: options, logger: logger, connections: connections,
            encryption: protection.flatMap { $0.isEncrypted ? $0 : nil }, pipeline: setup.handlers)
    }

    /// A listener that reads one line per connection, ended by a line feed, answers with one, and closes. It closes
    /// connections without an answer if there is no line within `headTimeout`, if the line is longer than `maxHeadBytes`, or
    /// if all connections are taken.
    package init(options: ListenerOptions, logger: Logger, lineAnswer: @escaping LineAnswer) {
        let connections = Connections(limit: options.maxConnections)
        self.init(options: options, logger: logger, connections: connections) { _, admission, _ in
            admission == .served
                ? [LineHandler(options: options, connections: connections, answer: lineAnswer)] : [ClosingHandler()]
        }
    }

    private init(
        options: ListenerOptions, logger: Logger, connections: Connections, encryption: WebConfigurationFile? = nil,
        pipeline: @escaping Pipeline
    ) {
        self.options = options
        self.logger = logger
        self.connections = connections
        self.encryption = encryption
        self.pipeline = pipeline
    }

    /// The addresses that the listener is bound to, in the order of the options, with actual ports instead of 0.
    /// Waits until all of them are bound.
    ///
    /// - Throws: what `run` throws if one could not be bound.
    package var boundAddresses: [ListenAddress] {
        get async throws {
            switch phase {
            case .listening(let addresses): return addresses
            case .failed(let error): throw error
            case .starting(let waiters):
                return try await withCheckedThrowingContinuation { phase = .starting(waiters + [$0]) }
            }
        }
    }

    /// Stops accepting, lets running requests finish within the grace period, and makes `run` return. A graceful shutdown of
    /// the service group does the same.
    package nonisolated func shutDown() {
        stops.continuation.yield(.shutdown)
    }

    /// Binds and serves until shut down or cancelled.
    ///
    /// - Throws: `ListenerError` if an address cannot be bound, or if a listening socket closes by itself.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
        let servers: [Server]
        do {
            servers = try await bindAll(group)
        } catch {
            settle(.failed(error))
            try await group.shutdownGracefully()
            throw error
        }
        let addresses = zip(options.addresses, servers).map { $0.bound(as: $1.channel.localAddress) }
        logger.info("listening", metadata: ["addresses": .array(addresses.map { .stringConvertible($0) })])
        settle(.listening(addresses))

        let stop = await waitForStop(servers.map(\.channel))
        for server in servers { await server.close() }
        await drain(group, grace: stop == .shutdown ? options.shutdownGrace : .zero)
        if stop == .socketClosed { throw ListenerError.stopped }
    }

    private func settle(_ new: Phase) {
        guard case .starting(let waiters) = phase else { return }
        phase = new
        for waiter in waiters {
            switch new {
            case .listening(let addresses): waiter.resume(returning: addresses)
            case .failed(let error): waiter.resume(throwing: error)
            case .starting: break
            }
        }
    }

    private func waitForStop(_ servers: [any Channel]) async -> Stop {
        let (stream, continuation) = stops
        for server in servers {
            server.closeFuture.whenComplete { _ in continuation.yield(.socketClosed) }
        }
        return await withGracefulShutdownHandler {
            // The stream ends early only when the task is cancelled.
            for await stop in stream { return stop }
            return .cancelled
        } onGracefulShutdown: {
            continuation.yield(.shutdown)
        }
    }

    /// Ends the connections: gracefully, by force after the grace period, and finally without waiting for stuck handlers.
    private func drain(_ group: MultiThreadedEventLoopGroup, grace: Duration) async {
        let connections = connections
        connections.beginClosing()
        let eventLoop = group.any()
        let force = eventLoop.scheduleTask(in: TimeAmount(grace)) { connections.closeAll() }
        let giveUp = eventLoop.scheduleTask(in: TimeAmount(grace + .seconds(2))) { connections.giveUp() }
        let isDrained = await connections.drained()
        force.cancel()
        giveUp.cancel()
        guard isDrained else {
            // The handler would return to an event loop that no longer exists, so keep the loop until the process ends.
            logger.warning("a request ignored its cancellation; its event loop runs until the process ends")
            return
        }
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.warning("the event loops did not shut down", metadata: ["error": "\(error)"])
        }
    }
}

// MARK: - Binding

extension Listener {
    private struct Server {
        let channel: any Channel
        /// Nil unless the listener has created it.
        let file: UnixSocketFile?

        func close() async {
            // First: while the socket is open, no other file can get the number by which its own is recognized.
            file?.remove()
            // A server that is closed already is fine.
            try? await channel.close()
        }
    }

    private func bindAll(_ group: MultiThreadedEventLoopGroup) async throws -> [Server] {
        var servers: [Server] = []
        for address in options.addresses {
            do {
                servers.append(try await bind(address, group))
            } catch {
                for server in servers { await server.close() }
                throw ListenerError(error, address)
            }
        }
        return servers
    }

    private func bind(_ address: ListenAddress, _ group: MultiThreadedEventLoopGroup) async throws -> Server {
        guard case .unix(let path) = address else {
            return Server(channel: try await channel(on: address, group), file: nil)
        }
        try UnixSocketFile.refuseIfServed(path, as: address)
        let channel = try await channel(on: address, group)
        return Server(channel: channel, file: UnixSocketFile(path))
    }

    private func channel(on address: ListenAddress, _ group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        switch address {
        case .unix(let path):
            return try await bootstrap(group).bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        case .activated(let descriptor):
            return try await bootstrap(group).withBoundSocket(descriptor).get()
        case .tcp(let host?, let port):
            return try await bootstrap(group).bind(host: host, port: port).get()
        case .tcp(nil, let port):
            do {
                // Not as a host: where no interface but loopback has an IPv6 address, getaddrinfo does not know "::".
                let any = try SocketAddress(ipAddress: "::", port: port)
                return try await bootstrap(group).bind(to: any).get()
            } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
                // A machine or container without IPv6.
                return try await bootstrap(group).bind(host: "0.0.0.0", port: port).get()
            }
        }
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        let (connections, encryption, pipeline) = (connections, encryption, pipeline)
        let setUp = { @Sendable (channel: any Channel, terms: TLSTerms?) throws in
            let admission = connections.admission(of: channel)
            if admission == .refused { throw ListenerError.stopped }
            try channel.pipeline.syncOperations.addHandlers(pipeline(channel, admission, terms))
        }
        return ServerBootstrap(group: group)
            // Without the back-off, a process without free descriptors would retry to accept in a busy loop.
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        AcceptBackoffHandler(), AdmissionHandler(connections: connections),
                    ])
                }
            }
            // One at a time, because there must be room for each of them.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            // The kernel has a limit of its own (net.core.somaxconn).
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // The state machine requests each read, so that a client cannot send ahead without limit.
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelInitializer { channel in
                guard let encryption else {
                    return channel.eventLoop.makeCompletedFuture { try setUp(channel, nil) }
                }
                // Checks files, which must not happen on an event loop.
                return channel.eventLoop.makeFutureWithTask { await encryption.current().tls }
                    .flatMapThrowing { try setUp(channel, $0) }
            }
    }
}

extension ListenAddress {
    fileprivate func bound(as address: SocketAddress?) -> ListenAddress {
        switch self {
        case .unix: return self
        case .tcp(let host, _): return address?.port.map { .tcp(host: host, port: $0) } ?? self
        case .activated:
            if let path = address?.pathname, !path.isEmpty { return .unix(path: path) }
            guard let host = address?.ipAddress, let port = address?.port else { return self }
            return .tcp(host: host, port: port)
        }
    }
}

extension ListenerError {
    fileprivate init(_ error: any Error, _ address: ListenAddress) {
        switch error {
        case let error as ListenerError: self = error
        case let error as IOError: self = .cannotListen(address, errno: error.errnoCode)
        case is SocketAddressError.UnknownHost:
            self = .unusableAddress(address, reason: "the host name cannot be resolved: check it, or use an IP address")
        case is UnixDomainSocketPathWrongType:
            self = .unusableAddress(
                address, reason: "the file there is not a socket: remove it, or choose another path")
        default: self = .unusableAddress(address, reason: "\(error)")
        }
    }
}
