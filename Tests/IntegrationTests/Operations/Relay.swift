import Foundation
import Sandbox

/// A TCP proxy in front of each server of a sandbox: an address by which replicas know their source, but the exporter
/// does not.
final class Relay: Sendable {
    private let process: ChildProcess
    private let ports: [String: LoopbackPort]

    static func start(in sandbox: Sandbox) throws -> Relay {
        var ports: [String: LoopbackPort] = [:]
        var text = "defaults\n    mode tcp\n    timeout connect 3s\n    timeout client 1h\n    timeout server 1h\n"
        for server in sandbox.servers {
            let port = try LoopbackPort()
            ports[server.name] = port
            text +=
                "listen \(server.name)\n    bind 127.0.0.1:\(port.number)\n    server node 127.0.0.1:\(server.port)\n"
        }
        let path = "\(sandbox.folder)/relay.cfg"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let process = try ChildProcess.start(
            ["haproxy", "-db", "-f", path], group: sandbox.processGroup, output: "\(sandbox.folder)/relay.log")
        return Relay(process: process, ports: ports)
    }

    private init(process: ChildProcess, ports: [String: LoopbackPort]) {
        self.process = process
        self.ports = ports
    }

    deinit { process.signal(SIGKILL) }

    func port(_ name: String) -> UInt16 { ports[name]?.number ?? 0 }

    /// Holds back what passes, without closing a connection, as a network that drops packets does.
    func freeze() { process.signal(SIGSTOP) }
    func thaw() { process.signal(SIGCONT) }

    func stop() async {
        process.signal(SIGKILL)
        await process.ended()
    }
}
