import Glibc

/// A performance target, and whether this run met it.
struct Target {
    let promise: String
    let measured: String
    let isMet: Bool
}

extension Results {
    /// The targets for which the run measured anything.
    var targets: [Target] {
        (size(1000).map(atThousand) ?? []) + (size(1).map(atOne) ?? []) + (start.map { [$0.target] } ?? [])
            + growth + inTime + encryptions.flatMap(\.targets) + distances.map(\.target)
            + (silence.map { [$0.target] } ?? []) + rendered + (allocations.map { [$0.target] } ?? [])
    }

    private func size(_ nodes: Int) -> SizeResult? { sizes.first { $0.nodes == nodes } }

    private func atThousand(_ size: SizeResult) -> [Target] {
        let (own, peer, floor) = (size.exporter, size.peer, size.floor)
        return [
            .ratio(
                "1,000 nodes: CPU at most 1/4 of the peer's", own.cpu, peer.cpu, limit: 1.0 / 4,
                remark: " (the floor: 1/\(Text.fixed(peer.cpu / floor.cpu, 1)))"),
            .ratio("1,000 nodes: CPU at most 1.9 × the floor's", own.cpu, floor.cpu, limit: 1.9),
            .ratio(
                "1,000 nodes: wall time at most 1/3 of the peer's", own.wall, peer.wall, limit: 1.0 / 3,
                remark: " (\(Text.milliseconds(own.wall)) ms, of which the servers' own work keeps \(cores) cores busy "
                    + "for \(Text.milliseconds(own.serverCPU / Double(cores))) ms)"),
            .ratio(
                "1,000 nodes: the servers' CPU no more than for the peer", own.serverCPU, peer.serverCPU, limit: 1),
            Target(
                promise: "1,000 nodes: resident memory at most the floor's + 25 MiB",
                measured: "floor's + \(Text.fixed(Text.mebibytes(own.resident - floor.resident), 1)) MiB",
                isMet: own.resident - floor.resident <= 25 << 20),
            Target(
                promise: "1,000 nodes: one round trip per node",
                measured: size.nodesAskedAgain == 0 ? "one" : "more for \(size.nodesAskedAgain) nodes",
                isMet: size.nodesAskedAgain == 0),
        ]
    }

    private func atOne(_ size: SizeResult) -> [Target] {
        [
            .ratio("1 node: wall time no more than the peer's", size.exporter.wall, size.peer.wall, limit: 1),
            .ratio("1 node: CPU no more than the peer's", size.exporter.cpu, size.peer.cpu, limit: 1),
            .ratio(
                "1 node: resident memory no more than the peer's", Double(size.exporter.resident),
                Double(size.peer.resident), limit: 1),
        ]
    }

    private var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// An additional node must not cost more than the previous ones.
    private var growth: [Target] {
        guard let small = size(10), let large = sizes.last, large.nodes > small.nodes else { return [] }
        let name = Text.grouped(large.nodes)
        func cpu(_ size: SizeResult) -> Double { size.exporter.cpu / Double(size.nodes) * 1e6 }
        func share(_ size: SizeResult) -> String { Text.grouped(size.exporter.resident / size.nodes / 1024) }
        func memory(_ from: SizeResult, _ to: SizeResult) -> Double {
            Double(to.exporter.resident - from.exporter.resident) / Double(to.nodes - from.nodes) / 1024
        }
        var targets = [
            Target(
                promise: "CPU per node at \(name) nodes no more than at 10",
                measured: "\(Text.fixed(cpu(large), 0)) µs, \(Text.fixed(cpu(small), 0)) µs at 10",
                isMet: cpu(large) <= cpu(small)),
            Target(
                promise: "Resident memory per node at \(name) nodes no more than at 10",
                measured: "\(share(large)) KiB, \(share(small)) KiB at 10",
                isMet: large.exporter.resident / large.nodes <= small.exporter.resident / small.nodes),
        ]
        if let middle = size(100), large.nodes > middle.nodes {
            let (first, last) = (memory(small, middle), memory(middle, large))
            targets.append(
                Target(
                    promise: "Memory per additional node, 100 to \(name), no more than from 10 to 100",
                    measured: "\(Text.fixed(last, 0)) KiB, \(Text.fixed(first, 0)) KiB before", isMet: last <= first))
        }
        return targets
    }

    private var inTime: [Target] {
        guard let size = size(5000) else { return [] }
        return [
            Target(
                promise: "5,000 nodes within a scrape of 10 s",
                measured: "\(Text.fixed(size.exporter.wall, 2)) s", isMet: size.exporter.wall < 10)
        ]
    }

    private var rendered: [Target] {
        guard let rendering else { return [] }
        return [
            Target(
                promise: "Text written at 200 MB/s or more on one core",
                measured: "\(Text.fixed(rendering.megabytesPerSecond, 0)) MB/s",
                isMet: rendering.megabytesPerSecond >= 200)
        ]
    }
}

extension StartResult {
    fileprivate var target: Target {
        .ratio(
            "\(Text.count(nodes, "node")): from the start to the first response no longer than the peer", exporter.wall,
            peer.wall, limit: 1,
            remark: " (\(Text.milliseconds(exporter.wall)) ms, the peer \(Text.milliseconds(peer.wall)) ms)")
    }
}

extension AllocationResult {
    fileprivate var target: Target {
        let each = calls / Double(nodes)
        return Target(
            promise: "A warm scrape makes at most 90 allocations per node", measured: Text.fixed(each, 0),
            isMet: each <= 90)
    }
}

extension DistanceResult {
    fileprivate var target: Target {
        Target(
            promise: "\(Text.count(nodes, "node")), 50 ms away each way: one round trip + 30 ms",
            measured: "one round trip + \(Text.fixed((exporter - roundTrip) * 1000, 0)) ms "
                + "(\(Text.fixed(exporterNearBy * 1000, 0)) ms with nearby nodes)",
            isMet: exporter <= roundTrip + 0.030)
    }
}

extension EncryptionResult {
    fileprivate var targets: [Target] {
        let count = Text.count(nodes, "node")
        return [("from the start", start), ("after all connections were lost", loss)].flatMap { when, storm in
            let perNode = storm.cpu / Double(nodes) * 1000
            return [
                Target(
                    promise: "\(count) over TLS, \(when): all up in one scrape of 10 s",
                    measured: "\(Text.grouped(storm.up)) in \(Text.fixed(storm.wall, 2)) s", isMet: storm.up == nodes),
                Target(
                    promise: "\(count) over TLS, \(when): at most 4 ms of CPU per node",
                    measured: "\(Text.fixed(perNode, 2)) ms (the servers: "
                        + "\(Text.fixed(storm.serverCPU / Double(nodes) * 1000, 2)) ms)",
                    isMet: storm.up == nodes && perNode <= 4),
            ]
        }
    }
}

extension SilenceResult {
    fileprivate var target: Target {
        Target(
            promise: "\(Text.grouped(silent)) of \(Text.count(nodes, "node")) silent: the deadline + 100 ms",
            measured: "the deadline + \(Text.fixed((longest - deadline) * 1000, 0)) ms at most, "
                + "\(Text.fixed((median - deadline) * 1000, 0)) ms typically; the others complete",
            isMet: longest <= deadline + 0.1)
    }
}

extension Target {
    fileprivate static func ratio(_ promise: String, _ own: Double, _ other: Double, limit: Double, remark: String = "")
        -> Target
    {
        let ratio = own / other
        return Target(
            promise: promise,
            measured: (limit < 0.5 ? "1/\(Text.fixed(1 / ratio, 1))" : "\(Text.fixed(ratio, 2)) ×") + remark,
            isMet: ratio <= limit)
    }
}
