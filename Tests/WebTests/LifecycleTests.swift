import Foundation
import Testing

@testable import Web

private let hello: Handler = { .text("\($0.method) \($0.path)") }

@Suite(.timeLimit(.minutes(5))) struct LifecycleTests {
    @Test("A shutdown finishes the running request, closes the idle connection and accepts no new one")
    func graceful() async throws {
        let (started, release) = (Event(), Event())
        let handler: Handler = { request in
            if request.path == "/slow" {
                started.happen()
                await release.wait()
            }
            return .text(Task.isCancelled ? "cancelled" : "finished")
        }
        try await withListener(handler: handler) { listener, address in
            let idle = try await Client.connect(to: address)
            try await idle.get("/")
            #expect(try await idle.reply().status == 200)
            let busy = try await Client.connect(to: address)
            try await busy.get("/slow")
            await started.wait()
            listener.shutDown()
            #expect(await idle.rest() == "")
            await #expect(throws: (any Error).self) { try await Client.connect(to: address) }
            release.happen()
            let reply = try await busy.reply()
            #expect(reply.text == "finished\n")
            #expect(reply.headers["Connection"] == "close")
            #expect(await busy.rest() == "")
        }
    }

    @Test("A request that outlives the grace period is cancelled")
    func impatient() async throws {
        let started = Event()
        let handler: Handler = { _ in
            started.happen()
            await Event().wait()
            return .text("cancelled")
        }
        try await withListener({ $0.shutdownGrace = .milliseconds(50) }, handler: handler) { listener, address in
            let client = try await Client.connect(to: address)
            try await client.get("/")
            await started.wait()
            listener.shutDown()
            #expect(await client.rest() == "")
        }
    }

    @Test("Cancelling run ends it and its requests")
    func cancellation() async throws {
        let started = Event()
        let handler: Handler = { _ in
            started.happen()
            await Event().wait()
            return .text("cancelled")
        }
        let listener = Listener(
            options: ListenerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)]), handler: handler)
        let run = Task { try await listener.run() }
        let client = try await Client.connect(to: try await listener.boundAddresses[0])
        try await client.get("/")
        await started.wait()
        run.cancel()
        try await run.value
        #expect(await client.rest() == "")
    }

    @Test("With an address in use, run and boundAddresses fail with an error that names it")
    func taken() async throws {
        try await withListener(handler: hello) { _, address in
            let second = Listener(
                options: ListenerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0), address]), handler: hello)
            let error = ListenerError.cannotListen(address, errno: EADDRINUSE)
            let addresses = Task { try await second.boundAddresses }
            await #expect(throws: error) { try await second.run() }
            await #expect(throws: error) { try await addresses.value }
        }
    }

    @Test("An address that cannot be used is an error with the reason")
    func foreign() async throws {
        let address = ListenAddress.tcp(host: "192.0.2.1", port: 0)
        let listener = Listener(options: ListenerOptions(addresses: [address]), handler: hello)
        await #expect(throws: ListenerError.cannotListen(address, errno: EADDRNOTAVAIL)) { try await listener.run() }
    }

    @Test("A host name that cannot be resolved is an error that says so")
    func unresolvable() async throws {
        let address = ListenAddress.tcp(host: "no-such-host.invalid", port: 0)
        let listener = Listener(options: ListenerOptions(addresses: [address]), handler: hello)
        let reason = "the host name cannot be resolved: check it, or use an IP address"
        await #expect(throws: ListenerError.unusableAddress(address, reason: reason)) { try await listener.run() }
    }

    @Test("A file that is not a socket is not replaced by one")
    func file() async throws {
        let path = NSTemporaryDirectory() + "web-tests-\(UInt32.random(in: 0...UInt32.max)).txt"
        try "precious".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let listener = Listener(options: ListenerOptions(addresses: [.unix(path: path)]), handler: hello)
        let reason = "the file there is not a socket: remove it, or choose another path"
        await #expect(throws: ListenerError.unusableAddress(.unix(path: path), reason: reason)) {
            try await listener.run()
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("A handler that ignores its cancellation cannot delay the shutdown")
    func stubborn() async throws {
        let (started, release) = (Event(), Event())
        let handler: Handler = { _ in
            started.happen()
            // An unstructured task does not notice the cancellation.
            await Task { await release.wait() }.value
            return .text("late")
        }
        try await withListener({ $0.shutdownGrace = .milliseconds(10) }, handler: handler) { listener, address in
            let client = try await Client.connect(to: address)
            try await client.get("/")
            await started.wait()
        }
        release.happen()
    }

    @Test("One listener serves several addresses: all of the machine's, a single one, a UNIX socket")
    func addresses() async throws {
        let path = NSTemporaryDirectory() + "web-tests-\(UInt32.random(in: 0...UInt32.max)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let addresses: [ListenAddress] = [
            .tcp(host: nil, port: 0), .tcp(host: "localhost", port: 0), .unix(path: path),
        ]
        try await withListener({ $0.addresses = addresses }, handler: { .text($0.remoteAddress) }) { listener, _ in
            let bound = try await listener.boundAddresses
            #expect(bound.count == 3)
            #expect(bound[2] == .unix(path: path))
            for address in bound {
                let client = try await Client.connect(to: address)
                try await client.get("/")
                let reply = try await client.reply()
                #expect(reply.status == 200)
                if address == bound[2] { #expect(reply.text == "unix\n") }
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private static var socketPath: String {
        NSTemporaryDirectory() + "web-tests-\(UInt32.random(in: 0...UInt32.max)).sock"
    }

    @Test("A UNIX socket on which a process listens is left to that")
    func servedSocket() async throws {
        let path = Self.socketPath
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await withListener({ $0.addresses = [.unix(path: path)] }, handler: hello) { _, address in
            let second = Listener(options: ListenerOptions(addresses: [address]), handler: hello)
            await #expect(throws: ListenerError.cannotListen(address, errno: EADDRINUSE)) { try await second.run() }
            let client = try await Client.connect(to: address)
            try await client.get("/")
            #expect(try await client.reply().status == 200)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A file that has taken the place of the listener's socket is not removed")
    func replacedSocket() async throws {
        let path = Self.socketPath
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await withListener({ $0.addresses = [.unix(path: path)] }, handler: hello) { _, _ in
            try FileManager.default.removeItem(atPath: path)
            try Data().write(to: URL(filePath: path))
        }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("A socket that a process has left behind is replaced")
    func leftSocket() async throws {
        let path = Self.socketPath
        defer { try? FileManager.default.removeItem(atPath: path) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(listen(descriptor, 5) == 0)
        close(descriptor)
        #expect(FileManager.default.fileExists(atPath: path))
        try await withListener({ $0.addresses = [.unix(path: path)] }, handler: hello) { _, bound in
            let client = try await Client.connect(to: bound)
            try await client.get("/")
            #expect(try await client.reply().status == 200)
        }
    }

    @Test("Without a host, both IPv4 and IPv6 are served; an IPv6 address may be given")
    func ipv6() async throws {
        let addresses = try [ListenAddress(":0"), ListenAddress("[::1]:0")]
        try await withListener({ $0.addresses = addresses }, handler: { .text($0.remoteAddress) }) { listener, _ in
            let bound = try await listener.boundAddresses
            guard case .tcp(nil, let port) = bound[0], case .tcp("::1", let own) = bound[1] else {
                Issue.record("\(bound)")
                return
            }
            for (host, port, prefix) in [
                ("127.0.0.1", port, "[::ffff:127.0.0.1]:"), ("::1", port, "[::1]:"), ("::1", own, "[::1]:"),
            ] {
                let client = try await Client.connect(to: .tcp(host: host, port: port))
                try await client.get("/")
                #expect(try await client.reply().text.hasPrefix(prefix))
            }
        }
    }

    @Test("A passed socket is served, and reports its address")
    func activated() async throws {
        let path = NSTemporaryDirectory() + "web-tests-\(UInt32.random(in: 0...UInt32.max)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(listen(descriptor, 5) == 0)
        try await withListener({ $0.addresses = [.activated(descriptor: descriptor)] }, handler: hello) { _, bound in
            #expect(bound == .unix(path: path))
            let client = try await Client.connect(to: bound)
            try await client.get("/")
            #expect(try await client.reply().status == 200)
        }
        // Its owner keeps it.
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(
        "Missing or unusable sockets from a service manager are reported with the reason",
        arguments: [
            ([:], "no socket was passed: start the exporter by a systemd .socket unit, or remove the flag"),
            (
                ["LISTEN_FDS": "0"],
                "no socket was passed: start the exporter by a systemd .socket unit, or remove the flag"
            ),
            (
                ["LISTEN_FDS": "x"],
                "no socket was passed: start the exporter by a systemd .socket unit, or remove the flag"
            ),
            (
                ["LISTEN_FDS": "1", "LISTEN_PID": "1"],
                "the sockets were passed to another process: let systemd start the exporter directly"
            ),
            (
                ["LISTEN_FDS": "1"],
                "the sockets were passed to another process: let systemd start the exporter directly"
            ),
        ] as [([String: String], String)])
    func notActivated(environment: [String: String], reason: String) {
        #expect(throws: ListenerError.notActivated(reason: reason)) {
            try ActivatedSockets.addresses(for: .web, environment: environment)
        }
    }

    @Test("Sockets called agent are the agent's, and all others the web server's")
    func namedSockets() {
        #expect(ActivatedSockets.indices(for: .web, of: 3, names: nil) == [0, 1, 2])
        #expect(ActivatedSockets.indices(for: .agent, of: 3, names: nil) == [])
        let names = "mysql-replication-exporter.socket:agent:connection"
        #expect(ActivatedSockets.indices(for: .web, of: 3, names: names) == [0, 2])
        #expect(ActivatedSockets.indices(for: .agent, of: 3, names: names) == [1])
        #expect(ActivatedSockets.indices(for: .web, of: 3, names: "agent") == [1, 2])
    }
}
