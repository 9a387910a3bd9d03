package import Logging
import Glibc
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves HTTP/1.0 and 1.1, or a protocol of one line each way, on the addresses of its options until it is told to stop.
package actor Listener: Service {
    private enum Phase {
        case starting([CheckedContinuation<[ListenAddress], any Error>])
        case listening([ListenAddress])
        case failed(any Error)
    }

    private enum Stop {
        case shutdown, cancelled, socketClosed
    }

    /// What handles a connection that was admitted; with terms, it is encrypted.
    private typealias Pipeline =
        @Sendable (any Channel, Connections.Admission, TLSTerms?) -> [any ChannelHandler]

    private let options: ListenerOptions
    private let logger: Logger
    /// Nil: nothing is encrypted.
    private let encryption: WebConfigurationFile?
    private let pipeline: Pipeline
    private let connections: Connections
    private let stops = AsyncStream<Stop>.makeStream(bufferingPolicy: .bufferingOldest(1))
    private var phase = Phase.starting([])

    /// - Parameters:
    ///   - protection: says who is let in, and how connections are encrypted; nil for everybody and plain HTTP.
    ///   - onRefusal: called with the status of every response that the listener gives without asking the handler:
    ///     400, 401, 408, 413, 417, 429, 431, 500, 503, 505. Runs on an event loop: it must return at once.
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

    /// A listener that reads one line a connection, ended by a line feed, answers with one, and closes. Who sends no line
    /// within `headTimeout`, or one of more than `maxHeadBytes`, or comes when all connections are taken, is closed without
    /// an answer.
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

    /// The addresses that are listened on, in the order of the options, with real ports where 0 was asked for.
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

    /// Stops accepting, lets running requests finish within the grace, and makes `run` return. A graceful shutdown of
    /// the service group does the same.
    package nonisolated func shutDown() {
        stops.continuation.yield(.shutdown)
    }

    /// Binds and serves until shut down or cancelled.
    ///
    /// - Throws: `ListenerError` if an address cannot be bound, or if a listening socket closes by itself.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
        let servers: [any Channel]
        do {
            servers = try await bindAll(group)
        } catch {
            settle(.failed(error))
            try await group.shutdownGracefully()
            throw error
        }
        let addresses = zip(options.addresses, servers).map { $0.bound(as: $1.localAddress) }
        logger.info("listening", metadata: ["addresses": .array(addresses.map { .stringConvertible($0) })])
        settle(.listening(addresses))

        let stop = await waitForStop(servers)
        // One that is closed already is as good.
        for server in servers { try? await server.close() }
        for case .unix(let path) in options.addresses { unlink(path) }
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

    /// Ends the connections: gently, after the grace by force, and at last without those that even then run on.
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
            // The handler would come back to a loop that is gone; so the loop stays until the process ends.
            logger.warning("a request ignores its cancellation; its event loop is left behind")
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
    private func bindAll(_ group: MultiThreadedEventLoopGroup) async throws -> [any Channel] {
        var servers: [any Channel] = []
        for address in options.addresses {
            do {
                servers.append(try await bind(address, group))
            } catch {
                // The address that failed is what matters now.
                for server in servers { try? await server.close() }
                throw ListenerError(error, address)
            }
        }
        return servers
    }

    private func bind(_ address: ListenAddress, _ group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        switch address {
        case .unix(let path):
            return try await bootstrap(group).bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        case .activated(let descriptor):
            return try await bootstrap(group).withBoundSocket(descriptor).get()
        case .tcp(let host?, let port):
            return try await bootstrap(group).bind(host: host, port: port).get()
        case .tcp(nil, let port):
            do {
                return try await bootstrap(group).bind(host: "::", port: port).get()
            } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
                // A machine, or a container, without IPv6.
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
            // Without it, a process that is out of descriptors would try to accept again and again.
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        AcceptBackoffHandler(), AdmissionHandler(connections: connections),
                    ])
                }
            }
            // Whether there is room is asked before each.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Reading is asked for by the state machine, so that a client cannot send ahead without end.
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelInitializer { channel in
                guard let encryption else {
                    return channel.eventLoop.makeCompletedFuture { try setUp(channel, nil) }
                }
                // Files are looked at, which is not for an event loop.
                return channel.eventLoop.makeFutureWithTask { encryption.current().tls }
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
        case let error as IOError: self = .cannotListen(address, errno: error.errnoCode)
        case is SocketAddressError.UnknownHost:
            self = .unusableAddress(address, reason: "the host name cannot be resolved: check it, or write the address")
        case is UnixDomainSocketPathWrongType:
            self = .unusableAddress(address, reason: "the file there is no socket: remove it, or choose another path")
        default: self = .unusableAddress(address, reason: "\(error)")
        }
    }
}
