import FaultServer
import Foundation
import MariaDB
import Replication
import Synchronization
import Testing

@testable import Collection

/// Nodes that do not answer in time.
extension SetRoundTests {
    @Test("Nodes that hang, drip, lie or send without end do not affect the others", arguments: [true, false])
    func stuckNodes(onTheFirstRound: Bool) async throws {
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        let table = Payload.header(columns: ["a"]).map(Step.packet)
        let faults: [[Step]] = [
            [.silence], [.deafness], [.close], [.packet([])], table + [.endless(Payload.row([nil]))],
            table + [.drip(milliseconds: 50), .packet(Payload.row(["a", "b", "c", "d"]))],
            [.packet(Payload.columnCount(4_000_000)), .endless(Payload.column("a"))],
        ]
        let stuck = try faults.map { steps in
            try FaultServer(
                Script(
                    greeting: { _ in Step.welcome(version: recording.version) },
                    answer: { onTheFirstRound ? steps : $0.steps { recording.reply(to: $0) } }))
        }
        let mute = try FaultServer(.saying([.silence]))
        let good = [try FaultServer(healthy()), try FaultServer(healthy())]
        let servers = [good[0]] + stuck + [mute, good[1]]
        let isGood = { $0 == 0 || $0 == servers.count - 1 }
        try await withSet(servers, timeout: { isGood($0) ? .seconds(50) : .milliseconds(100) }) { set in
            if !onTheFirstRound {
                _ = await set.report(by: .never)
                for (server, steps) in zip(stuck, faults) { server.follow(Script { _ in steps }) }
            }
            let nodes = await set.report(by: .never).nodes
            #expect(nodes.first?.report.isUp == true)
            #expect(nodes.last?.report.isUp == true)
            #expect(nodes.first?.report.facts?.missing == [:])
            for node in nodes.dropFirst().dropLast() {
                #expect(!node.report.isUp)
                #expect(node.report.failure != nil, "\(node.description.name)")
                #expect(node.report.failure?.message.contains("still runs") == false, "\(node.description.name)")
            }
        }
    }

    @Test(
        "An endless TLS handshake, which only an interruption from outside ends, does not outlive the node's timeout"
    )
    func endlessHandshake() async throws {
        // HelloRequest messages (RFC 5246, 7.4.1.1), which a client has to ignore: the TLS library reads them by itself.
        let requests: [UInt8] = [0x16, 3, 3, 0x3F, 0xFC] + [UInt8](repeating: 0, count: 0x3FFC)
        let server = try FaultServer(.saying(Step.offerTLS(then: [.flood(requests)])))
        try await withSet([server], timeout: { _ in .milliseconds(100) }, tls: .required) { set in
            let failure = await set.report(by: .never).nodes[0].report.failure
            #expect(failure?.reason == .timeout)
            #expect(
                failure?.message.contains("before the deadline while connecting") == true, "\(failure?.message ?? "")")
        }
    }

    @Test("Passwords whose reading blocks delay only their own nodes")
    func blockedCredentials() async throws {
        let server = try FaultServer(healthy())
        defer { server.stop() }
        let release = DispatchSemaphore(value: 0)
        // More than the threads that all nodes share.
        let blocked = ProcessInfo.processInfo.activeProcessorCount + 2
        var threads: [SessionThread] = []
        var nodes: [NodeCollector] = []
        for number in 0...blocked {
            let thread = try SessionThread(name: "test")
            threads.append(thread)
            if number == blocked {
                nodes.append(node(server, named: "good", on: thread))
                continue
            }
            nodes.append(
                NodeCollector(
                    NodeDescription(name: "db\(number)", address: .tcp(host: "127.0.0.1", port: server.port)),
                    timeout: .milliseconds(100), on: thread
                ) { () throws(NodeFailure) in
                    release.wait()
                    throw NodeFailure(reason: .authentication, message: "read at last")
                })
        }
        let set = SetCollector(name: "shop", thresholds: Thresholds(), nodes: nodes, followUps: { _ in [:] })
        async let whole = set.report(by: .never)
        // A separate round over one node: neither round delays the other.
        let good = await set.report(over: ["good"], by: .never)
        #expect(good.nodes.map(\.report.isUp) == [true])
        for _ in 0..<blocked { release.signal() }
        let reports = await whole.nodes.map(\.report)
        #expect(reports.last?.isUp == true)
        #expect(reports.dropLast().allSatisfy { $0.failure?.message == "read at last" })
        await set.close()
    }

    @Test("Nodes that share a thread with one that hangs are reported by the deadline")
    func sharedThread() async throws {
        let servers = [try FaultServer(.saying([.silence])), try FaultServer(healthy())]
        try await withSet(servers, timeout: { _ in .milliseconds(300) }, threads: 1) { set in
            let nodes = await set.report(by: .never).nodes
            #expect(nodes[0].report.failure?.reason == .timeout)
            // One whose time ran out late, on a busy machine, is asked once more, when the thread may be free.
            #expect([.timeout, nil].contains(nodes[1].report.failure?.reason))
        }
    }

    @Test("One caller's short deadline does not make a node fail for others")
    func hurry() async throws {
        let gate = try Gate()
        let server = try FaultServer(answering(behind: gate))
        try await withSet([server]) { set in
            let hasty = await set.report(by: .now + .milliseconds(20)).nodes[0].report
            #expect(hasty.failure?.reason == .timeout)
            async let patient = set.report(by: .never)
            gate.open()
            #expect(await patient.nodes[0].report.isUp)
            #expect(server.journal.connections == 1)
        }
    }

    @Test("A node that hangs does not prevent follow-ups of the others")
    func hangingBesideFollowUps() async throws {
        let servers = [
            try FaultServer(Fixture(name: "mariadb-10.11/primary").recording.script), try FaultServer(healthy()),
            try FaultServer(.saying([.silence])),
        ]
        try await withSet(servers, followUps: { _ in ["db1": [.transactions]] }) { set in
            // Long enough for a machine that is busy with all the other tests: the last third is for follow-ups.
            let nodes = await set.report(by: .now + .seconds(20)).nodes
            #expect(nodes.map(\.report.isUp) == [true, true, false])
            #expect(nodes.map { $0.report.facts?.isSecondLook } == [true, false, nil])
        }
    }

    @Test("While a follow-up hangs, what was read before it stands for rounds that begin within the node's timeout")
    func hangingFollowUp() async throws {
        let gate = try Gate()
        let looks = Atomic(0)
        let recording = try Fixture(name: "mariadb-10.11/primary").recording
        let script = Script(
            greeting: { _ in Step.welcome(version: recording.version) },
            answer: { query in
                let steps = query.steps { recording.reply(to: $0) }
                guard query.text.contains("gtid_binlog_state") else { return steps }
                let isFirst = looks.wrappingAdd(1, ordering: .relaxed).newValue == 1
                return isFirst ? steps : [.wait(gate)] + steps
            })
        try await withNode(script) { server, node in
            let look = await node.look()
            #expect(look.isUp)
            async let followUp = node.ask([.transactions], adding: look, deadline: .never)
            for await case .queried in server.events where looks.load(ordering: .relaxed) == 2 { break }
            #expect(await node.reportSoFar(since: .now)?.isUp == true)
            #expect(await node.reportSoFar(since: .now + node.timeout - .seconds(60))?.isUp == true)
            // Otherwise a balancer would be told of a server as it was two timeouts ago.
            #expect(await node.reportSoFar(since: .now + node.timeout + .seconds(1)) == nil)
            gate.open()
            #expect(await followUp.isUp)
        }
    }
}
