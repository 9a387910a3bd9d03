package import Foundation
import MariaDB

/// Real servers on loopback, replicating from each other, in a temporary folder.
///
/// `stop()` ends them and removes the folder; so does any end of this process, SIGKILL included (`Warden`).
package final class Sandbox: Sendable {
    package let wiring: Wiring
    package let software: ServerSoftware
    package let settings: ServerSettings
    package let accounts = Accounts()
    /// In wiring order.
    package let servers: [Server]
    /// Contains everything that the servers write; removed by `stop()`.
    package var folder: String { directory.path }
    /// The process group of the servers; other programs that must not outlive the sandbox may join it.
    package var processGroup: pid_t { warden.group }

    let directory: SandboxFolder
    private let warden: Warden

    /// Starts the servers, connects them as wired, and waits until every replica has what its source has. If this
    /// throws, everything has been removed again.
    package static func start(
        _ wiring: Wiring, software: ServerSoftware, settings: ServerSettings = ServerSettings()
    ) async throws -> Sandbox {
        try wiring.validate()
        let directory = try SandboxFolder(for: software)
        let warden: Warden
        do {
            warden = try Warden(of: directory.path)
        } catch {
            try directory.remove()
            throw error
        }
        var servers: [Server] = []
        do {
            let ports = try wiring.cluster.map { _ in try wiring.nodes.map { _ in try ClusterPorts() } } ?? []
            for (index, node) in wiring.nodes.enumerated() {
                let place = wiring.cluster.map {
                    ClusterPlace(kind: $0, ports: ports[index], seeds: ports.map(\.address))
                }
                servers.append(
                    try Server(
                        node, number: index + 1, software: software, settings: settings, folder: directory,
                        group: warden.group, cluster: place))
            }
            let sandbox = Sandbox(
                wiring: wiring, software: software, settings: settings, servers: servers, directory: directory,
                warden: warden)
            try await sandbox.bringUp()
            return sandbox
        } catch {
            await end(servers, directory: directory, warden: warden)
            throw error
        }
    }

    private init(
        wiring: Wiring, software: ServerSoftware, settings: ServerSettings, servers: [Server], directory: SandboxFolder,
        warden: Warden
    ) {
        self.wiring = wiring
        self.software = software
        self.settings = settings
        self.servers = servers
        self.directory = directory
        self.warden = warden
    }

    /// Kills the servers and removes the folder. Nothing is left when it returns.
    package func stop() async { await Self.end(servers, directory: directory, warden: warden) }

    /// - Throws: `SandboxError.wiring` if no node has that name.
    package func server(_ name: String) throws(SandboxError) -> Server {
        guard let server = servers.first(where: { $0.name == name }) else {
            throw .wiring("there is no node \(name); there are \(servers.map(\.name).joined(separator: ", "))")
        }
        return server
    }

    /// The nearest server upstream that takes writes: what is written there reaches the named one.
    package func writableServer(above name: String) throws(SandboxError) -> Server {
        guard let node = wiring.writableNode(above: name) else { throw .wiring("nothing above \(name) is writable") }
        return try server(node.name)
    }

    /// Waits until every replica has applied what its source has written by now.
    package func catchUp(within time: Duration = .seconds(30)) async throws(SandboxError) {
        for node in wiring.nodes {
            for link in node.links {
                try await server(node.name).catchUp(with: server(link.source), channel: link.channel, within: time)
            }
        }
    }

    // MARK: - Up and down

    private func bringUp() async throws {
        let template = try await DataTemplate(for: software, in: directory, group: warden.group)
        if let cluster = wiring.cluster { return try await bringUpCluster(cluster, from: template) }
        try await withThrowingTaskGroup { group in
            for server in servers {
                group.addTask { try await self.bringUp(server, from: template) }
            }
            try await group.waitForAll()
        }
        for node in wiring.nodes where !node.links.isEmpty {
            let replica = try server(node.name)
            for link in node.links {
                let source = try server(link.source)
                try await replica.sql(
                    replica.statements.changeSource(
                        channel: link.channel, port: source.port, account: accounts.replication, settings: settings))
                try await replica.sql(replica.statements.start(.both, channel: link.channel))
            }
        }
        try await catchUp()
        for node in wiring.nodes {
            for link in node.links {
                try await server(node.name).waitUntil("replicates", channel: link.channel) { $0.isRunning }
            }
        }
    }

    private func bringUp(_ server: Server, from template: DataTemplate) async throws {
        try await template.copy(to: server.dataFolder, folder: directory, group: warden.group)
        try await server.start()
        for statement in try await accounts.statements(for: server)
            + (server.node.isWritable ? SandboxTable.statements : [])
        {
            try await server.sql(statement)
        }
    }

    private static func end(_ servers: [Server], directory: SandboxFolder, warden: Warden) async {
        for server in servers { await server.kill() }
        do {
            try directory.remove()
            await warden.dismiss()
        } catch {
            // The warden tries again once all processes of the group are gone.
            await warden.act()
        }
    }
}

/// Runs `body` with a sandbox, and stops the sandbox however `body` ends.
package func withSandbox<Result>(
    _ wiring: Wiring, software: ServerSoftware, settings: ServerSettings = ServerSettings(),
    _ body: (Sandbox) async throws -> Result
) async throws -> Result {
    let sandbox = try await Sandbox.start(wiring, software: software, settings: settings)
    do {
        let result = try await body(sandbox)
        await sandbox.stop()
        return result
    } catch {
        await sandbox.stop()
        throw error
    }
}
