import Foundation
import Sandbox

/// Reads fault commands, one per line, from standard input.
struct FaultConsole {
    private let sandbox: Sandbox

    init(_ sandbox: Sandbox) { self.sandbox = sandbox }

    /// Returns at the end of the input, or when the task is cancelled.
    func run() async {
        for await line in standardInputLines() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let verb = words.first else { continue }
            do {
                say(try await obey(verb, Array(words.dropFirst())))
            } catch {
                say("\(error)")
            }
        }
    }

    private func obey(_ verb: String, _ arguments: [String]) async throws -> String {
        if verb == "help" { return Fault.help }
        if verb == "status" { return await status() }
        guard let fault = Fault.all[verb] else { return "unknown command \(verb); type help" }
        guard let name = arguments.first, arguments.count <= 2 else {
            return
                "usage: \(verb) NODE [CHANNEL], with NODE one of \(sandbox.servers.map(\.name).joined(separator: ", "))"
        }
        let server = try sandbox.server(name)
        // A replica with a single channel need not have it named.
        let channel = arguments.count > 1 ? arguments[1] : server.node.links.first?.channel ?? ""
        try await fault.act(sandbox, server, channel)
        return "\(verb) \(name): done"
    }

    private func status() async -> String {
        var lines: [String] = []
        for server in sandbox.servers {
            guard let pid = await server.pid else {
                lines.append("\(server.name)  down")
                continue
            }
            do {
                let channels = try await server.channels()
                lines.append("\(server.name)  process \(pid)\(channels.isEmpty ? "  not a replica" : "")")
                for channel in channels {
                    let lag = channel.secondsBehindSource.map { "\($0) s behind" } ?? "lag unknown"
                    lines.append(
                        "  [\(channel.channel)]  IO \(channel.ioThread)  SQL \(channel.sqlThread)  \(lag)  \(channel.lastError)"
                    )
                }
            } catch {
                lines.append("\(server.name)  process \(pid)  no answer: \(error)")
            }
        }
        return lines.joined(separator: "\n")
    }
}

/// A fault by its name on the console.
struct Fault: Sendable {
    let meaning: String
    let act: @Sendable (Sandbox, Server, _ channel: String) async throws -> Void

    static let all: [String: Fault] = [
        "stop-io": Fault(meaning: "stop fetching from the source") { try await $1.stopIO(channel: $2) },
        "start-io": Fault(meaning: "fetch again") { try await $1.startIO(channel: $2) },
        "stop-sql": Fault(meaning: "stop applying") { try await $1.stopSQL(channel: $2) },
        "start-sql": Fault(meaning: "apply again") { try await $1.startSQL(channel: $2) },
        "break-sql": Fault(meaning: "stop the applier by a duplicate key") {
            try await $0.breakSQL($1.name, channel: $2)
        },
        "repair-sql": Fault(meaning: "undo break-sql") { try await $0.repairSQL($1.name, channel: $2) },
        "freeze": Fault(meaning: "stop the process; its connections stay open") { _, server, _ in await server.freeze()
        },
        "thaw": Fault(meaning: "resume a frozen process") { _, server, _ in await server.thaw() },
        "kill": Fault(meaning: "kill the process, as a power cut would") { _, server, _ in await server.kill() },
        "stop": Fault(meaning: "shut the server down cleanly") { _, server, _ in await server.stop() },
        "start": Fault(meaning: "start a killed or stopped server") { _, server, _ in try await server.start() },
        "restart": Fault(meaning: "stop, then start") { _, server, _ in try await server.restart() },
        "lock": Fault(meaning: "lock the table, so that a replica falls behind") { _, server, _ in
            try await server.lock()
        },
        "unlock": Fault(meaning: "undo lock") { _, server, _ in await server.unlock() },
        "rotate": Fault(meaning: "start a new binlog file") { _, server, _ in try await server.rotateBinlog() },
        "purge": Fault(meaning: "remove all binlog files but the newest") { _, server, _ in
            try await server.purgeBinlogs()
        },
        "lose-binlog": Fault(meaning: "purge what this replica has not read yet; it can never catch up") {
            try await $0.loseBinlog($1.name)
            _ = $2
        },
        "leave": Fault(meaning: "group: stop Group Replication") { _, server, _ in try await server.leaveGroup() },
        "join": Fault(meaning: "group: undo leave") { _, server, _ in try await server.joinGroup() },
        "primary": Fault(meaning: "group: make this member the only primary") { _, server, _ in
            try await server.becomePrimary()
        },
        "primaries": Fault(meaning: "group: let every member take writes") { _, server, _ in
            try await server.useSeveralPrimaries()
        },
        "desync": Fault(meaning: "Galera: take the node out of flow control") { _, server, _ in
            try await server.desynchronise(true)
        },
        "sync": Fault(meaning: "Galera: undo desync") { _, server, _ in try await server.desynchronise(false) },
        "isolate": Fault(meaning: "Galera: cut the node off from the others") { _, server, _ in
            try await server.isolate(true)
        },
        "connect": Fault(meaning: "Galera: undo isolate") { _, server, _ in try await server.isolate(false) },
        "bootstrap": Fault(meaning: "Galera: make a node that is cut off a cluster of its own") { _, server, _ in
            try await server.bootstrapComponent()
        },
        "reject": Fault(meaning: "Galera: reject all queries") { _, server, _ in try await server.rejectQueries(true) },
        "admit": Fault(meaning: "Galera: undo reject") { _, server, _ in try await server.rejectQueries(false) },
        "write": Fault(meaning: "write a row here; on a replica, an errant transaction") { _, server, _ in
            try await server.write(note: "console")
        },
    ]

    static var help: String {
        let faults = all.sorted { $0.key < $1.key }
            .map { "  \($0.key.padding(toLength: 12, withPad: " ", startingAt: 0)) \($0.value.meaning)" }
        return """
            COMMAND NODE [CHANNEL], such as: freeze db2
            \(faults.joined(separator: "\n"))
              status       the state of every server
              help         this
            """
    }
}

/// The lines of standard input as they arrive. Reading blocks, so it has a thread of its own, which ends with the
/// process.
private func standardInputLines() -> AsyncStream<String> {
    AsyncStream { continuation in
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
    }
}
