import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// Sets that are operated on at random. The test knows what the operators mean: the rule may name that node or none,
/// but never that another node takes the writes.
@Suite("Which node takes the writes, at random")
struct WriterRandomTests {
    private static let steps = 100

    @Test(
        "10,000 steps: never another node than the one being written to, and none only with a reason",
        arguments: 1...100)
    func never(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var operators = Operators(&random)
        var answered = 0
        for step in 0..<Self.steps {
            let what = operators.act(&random)
            let set = operators.world.round(after: Double.random(in: 0.5...3, using: &random))
            let place = "seed \(seed), step \(step), after \(operators.log.suffix(12)), \(set.writing)"
            #expect(set.writers.count <= 1, "\(place)")
            guard let writer = set.writers.first else {
                #expect(set.primary.reason?.isEmpty == false, "\(place)")
                continue
            }
            answered += 1
            #expect(set.nodes.contains { $0.description.name == writer && $0.isWritable }, "\(place)")
            if !operators.isExcused { #expect(writer == operators.world.legitimate, "\(what): \(place)") }
            operators.note(writer)
        }
        // If one half of a pair is down when the exporter starts, there is no writer until it is seen or one is named.
        #expect(answered > 0 || operators.world.names.count == 2, "seed \(seed): nobody in \(Self.steps) rounds")
    }

    @Test("Whatever has happened, a set that is put in order has its writer within a round", arguments: 101...200)
    func heals(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var operators = Operators(&random)
        for _ in 0..<30 {
            _ = operators.act(&random)
            operators.world.round()
        }
        guard let legitimate = operators.world.legitimate else { return }
        for name in operators.world.names {
            let isWriter = name == legitimate
            if !operators.world[name].isUp || operators.world[name].isFrozen {
                operators.world.start(name, readOnly: !isWriter)
            }
            operators.world[name].isHidden = false
            operators.world[name].isReadOnly = !isWriter
            operators.world[name].links = isWriter ? [] : [.init(source: legitimate)]
        }
        #expect(operators.world.round().writers == [legitimate], "seed \(seed): \(operators.log.suffix(30))")
    }
}

/// Operators, and the accidents that befall them.
private struct Operators {
    var world: World
    var log: [String] = []
    /// The servers' configuration files say so.
    private let isReadOnlyByDefault: Bool
    /// What the exporter can know is not enough: it started while the node being written to could not be seen.
    private var isBlind = false

    init(_ random: inout SeededGenerator) {
        isReadOnlyByDefault = Bool.random(using: &random)
        world = .primary(replicas: Int.random(in: 1...4, using: &random), readOnly: isReadOnlyByDefault)
        if Int.random(in: 0..<4, using: &random) == 0 {
            world["db1"].links = [.init(channel: "feed", source: "elsewhere")]
        }
        world.round()
    }

    private var writer: String { world.legitimate ?? "" }
    private func isVisible(_ name: String) -> Bool { world[name].answersReplicas && !world[name].isHidden }

    /// Another node looks like the writer in every visible way: the node being written to cannot be seen, and was not
    /// seen by this exporter, or all replicas that answer have been pointed to another node.
    var isExcused: Bool {
        if !world[writer].isUp { return true }
        if isVisible(writer) { return false }
        if isBlind { return true }
        let replicas = world.names.filter { $0 != writer && isVisible($0) && !world[$0].links.isEmpty }
        return !replicas.isEmpty && replicas.allSatisfy { name in world[name].links.allSatisfy { $0.source != writer } }
    }

    mutating func note(_ seen: String) {
        if seen == writer { isBlind = false }
        // The balancers have moved the traffic: from now on, writes go there.
        if !world[writer].isUp { world.legitimate = seen }
    }

    /// Performs one operation.
    mutating func act(_ random: inout SeededGenerator) -> String {
        let others = world.names.filter { $0 != writer }
        guard let other = others.randomElement(using: &random), let any = world.names.randomElement(using: &random)
        else {
            return ""
        }
        let what: String
        switch Int.random(in: 0..<20, using: &random) {
        case 0:
            what = "crash \(any)"
            world.crash(any)
        case 1, 2:
            what = "start \(any)"
            // The old primary's configuration file may say that it is writable.
            let readOnly = any != writer && (isReadOnlyByDefault ? Bool.random(using: &random) : false)
            if !world[any].isUp { world.start(any, readOnly: readOnly) }
        case 3:
            what = "freeze \(any)"
            if world[any].isUp, !world[any].isFrozen { world.freeze(any) }
        case 4, 5:
            what = "thaw \(any)"
            world.thaw(any)
        case 6:
            what = "hide \(any)"
            world[any].isHidden = true
        case 7, 8:
            what = "show \(any)"
            world[any].isHidden = false
        case 9:
            what = "fail over to \(other)"
            if !world[writer].answersReplicas, isVisible(other) {
                // An operator who has named another node revokes that by naming this one, as documented.
                if world.memory.word != nil { world.memory.takeWord(for: other) }
                world.promote(other)
            }
        case 10:
            what = "switch over to \(other)"
            if isVisible(other), isVisible(writer), !world[other].links.isEmpty {
                let old = writer
                world[old].isReadOnly = true
                world.round()
                world.promote(other)
                world[old].links = [.init(source: other)]
            }
        case 11:
            what = "read_only off on \(other)"
            // Without a source, and with the writer out of sight, this looks like a failover.
            if isVisible(writer) || !world[other].links.isEmpty { world[other].isReadOnly = false }
        case 12:
            what = "read_only on on \(other)"
            world[other].isReadOnly = true
        case 13:
            what = "stop replication of \(other)"
            for link in world[other].links.indices {
                world[other].links[link].isReceiverOn = false
                world[other].links[link].isApplierOn = Bool.random(using: &random)
            }
        case 14:
            what = "repoint \(other)"
            if world[other].isUp { world[other].links = [.init(source: writer)] }
        case 15:
            what = "reset \(other), which nobody asked for"
            // If the exporter sees the writer, a second one alongside it is a rival and not a failover.
            if isVisible(writer) {
                world[other].links = []
                world.round()
                if isVisible(writer) { world[other].isReadOnly = Bool.random(using: &random) }
            }
        case 16:
            what = "writes"
            world.write(writer, 3)
            if Bool.random(using: &random) { world.write(other, 2) }
        case 17, 18:
            what = "the operator names \(writer)"
            // The endpoint would refuse a node that is seen to be read-only, or to replicate from the primary.
            if !isVisible(writer) || world[writer].isReadOnly == false && world[writer].links.isEmpty {
                world.memory.takeWord(for: writer)
            }
        default:
            what = "restart the exporter"
            if Int.random(in: 0..<4, using: &random) == 0 {
                if Bool.random(using: &random) {
                    world.restartExporter()
                } else {
                    world.restartExporterWithState(isRecent: Bool.random(using: &random))
                }
                isBlind = !isVisible(writer)
            }
        }
        log.append(what)
        return what
    }
}
