import Foundation
import ReplicationTesting
import Sandbox

/// A real snmpd with the example configuration of deploy/snmp, on a port of its own.
final class SNMPDaemon: Sendable {
    private let process: ChildProcess
    private let port: UInt16
    private let folder: String
    private let group: pid_t

    /// - Parameter configuration: the exporter's, whose set `demo` has a failover rule.
    static func start(_ configuration: String, in sandbox: Sandbox) async throws -> SNMPDaemon {
        let folder = "\(sandbox.folder)/snmp"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let port = try freePort()
        var text = try Repository.text("deploy/snmp/snmpd.conf")
        for (from, to) in [
            ("udp:127.0.0.1:161", "udp:127.0.0.1:\(port)"), ("-cacheTime 2", "-cacheTime 1"),
            ("/usr/bin/mysql-replication-exporter", try Products.path("mysql-replication-exporter")),
            ("/etc/mysql-replication-exporter/config.yml shop", "\(configuration) demo"),
        ] {
            guard text.contains(from) else { throw Failure("deploy/snmp/snmpd.conf has no \(from)") }
            text = text.replacing(from, with: to)
        }
        try text.write(toFile: "\(folder)/snmpd.conf", atomically: true, encoding: .utf8)
        let process = try ChildProcess.start(
            ["snmpd", "-f", "-Lo", "-C", "-c", "\(folder)/snmpd.conf"], environment: environment(folder),
            group: sandbox.processGroup, output: "\(folder)/log")
        return SNMPDaemon(process: process, port: port, folder: folder, group: sandbox.processGroup)
    }

    private init(process: ChildProcess, port: UInt16, folder: String, group: pid_t) {
        self.process = process
        self.port = port
        self.folder = folder
        self.group = group
    }

    deinit { process.signal(SIGKILL) }

    func stop() async {
        process.signal(SIGKILL)
        await process.ended()
    }

    /// `nsExtendOutput1Line` of the line in the example: what a balancer queries.
    func firstLine() async throws -> String { try await ask("3.1.1") }

    /// `nsExtendResult`: the command's exit code.
    func result() async throws -> String { try await ask("3.1.4") }

    /// Asks until it is this: snmpd caches an answer for a moment.
    func firstLine(becomes line: String) async throws {
        var last = ""
        try await eventually("\(line), but \(last)", every: .milliseconds(100)) {
            last = try await firstLine()
            return last == line
        }
    }

    /// - Parameter column: of NET-SNMP-EXTEND-MIB's output table.
    private func ask(_ column: String) async throws -> String {
        let name = Array("failover-shop".utf8)
        let index = ([name.count] + name.map(Int.init)).map(String.init).joined(separator: ".")
        let output = "\(folder)/answer-\(UUID().uuidString)"
        let client = try ChildProcess.start(
            [
                "snmpget", "-v2c", "-c", "failover", "-t", "5", "-r", "3", "-Oqv", "127.0.0.1:\(port)",
                ".1.3.6.1.4.1.8072.1.3.2.\(column).\(index)",
            ], environment: Self.environment(folder), group: group, output: output)
        let status = await client.ended()
        let answer = try String(contentsOfFile: output, encoding: .utf8)
        guard status == .exited(0) else {
            let log = try String(contentsOfFile: "\(folder)/log", encoding: .utf8)
            throw Failure("snmpget: \(answer)\n\(log)")
        }
        // Before that, net-snmp may report that it created a directory.
        let line = answer.split(separator: "\n").last ?? ""
        return line.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }

    /// Uses nothing of the machine's own configuration, and leaves nothing behind.
    private static func environment(_ folder: String) -> [String: String] {
        ChildProcess.neutralEnvironment.merging(["SNMPCONFPATH": folder, "SNMP_PERSISTENT_DIR": folder, "MIBS": ""]) {
            $1
        }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw Failure("no free port: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }
}
