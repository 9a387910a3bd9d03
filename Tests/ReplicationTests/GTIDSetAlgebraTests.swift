import Replication
import ReplicationTesting
import Testing

private let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
private let b = "4e11fa47-71ca-11e1-9e33-c80aa9429562"

@Suite("Arithmetic on MySQL GTID sets")
struct GTIDSetAlgebraTests {
    @Test(
        "Subtraction leaves what the other set lacks",
        arguments: [
            ("\(a):1-10", "\(a):3-4:7", "\(a):1-2:5-6:8-10"),
            ("\(a):1-10", "\(a):1-10", ""),
            ("\(a):5-10", "\(a):1-20", ""),
            ("\(a):1-10", "\(a):1", "\(a):2-10"),
            ("\(a):1-10", "\(a):10", "\(a):1-9"),
            ("\(a):1-3:7-9", "\(a):2-8", "\(a):1:9"),
            ("\(a):1-3:7-9:20", "\(a):2-30", "\(a):1"),
            ("\(a):1-10", "\(a):20-30", "\(a):1-10"),
            ("\(a):20-30", "\(a):1-10", "\(a):20-30"),
            ("\(a):1-10", "\(b):1-10", "\(a):1-10"),
            ("\(a):1-10,\(b):1", "\(a):1-10", "\(b):1"),
            ("\(a):1-10:tag:1-3", "\(a):1-10", "\(a):tag:1-3"),
            ("\(a):1-10:tag:1-3", "\(a):tag:2", "\(a):1-10:tag:1:3"),
            ("\(a):1-9223372036854775806", "\(a):2-9223372036854775806", "\(a):1"),
            ("", "\(a):1", ""),
        ])
    func subtract(left: String, right: String, expected: String) throws {
        let result = try GTIDSet(parsing: left).subtracting(GTIDSet(parsing: right))
        #expect(result.description == expected)
        #expect(result.isCanonical)
    }

    @Test(
        "Union and intersection join and cut intervals",
        arguments: [
            ("\(a):1-3", "\(a):4-6", "\(a):1-6", ""),
            ("\(a):1-3", "\(a):5-6", "\(a):1-3:5-6", ""),
            ("\(a):1-3:8-9", "\(a):3-8", "\(a):1-9", "\(a):3:8"),
            ("\(a):1-20", "\(a):3:5:19-25", "\(a):1-25", "\(a):3:5:19-20"),
            ("\(a):1", "\(b):1", "\(a):1,\(b):1", ""),
            ("\(b):1:tag:1-2", "\(a):1,\(b):tag:2-3", "\(a):1,\(b):1:tag:1-3", "\(b):tag:2"),
            ("", "\(a):1", "\(a):1", ""),
        ])
    func unionAndIntersection(left: String, right: String, union: String, intersection: String) throws {
        let (left, right) = try (GTIDSet(parsing: left), GTIDSet(parsing: right))
        #expect(left.union(right).description == union)
        #expect(right.union(left).description == union)
        #expect(left.intersection(right).description == intersection)
        #expect(right.intersection(left).description == intersection)
    }

    @Test(
        "A subset has nothing of its own",
        arguments: [
            ("", "", true), ("", "\(a):1", true), ("\(a):1", "", false), ("\(a):2-3", "\(a):1-3", true),
            ("\(a):2-4", "\(a):1-3", false), ("\(a):2:4", "\(a):1-2:4-5", true), ("\(a):2-4", "\(a):1-2:4-5", false),
            ("\(a):1", "\(b):1", false), ("\(a):1", "\(a):tag:1", false), ("\(b):1", "\(a):1,\(b):1-2", true),
            ("\(a):1,\(b):1", "\(b):1", false),
        ])
    func subset(left: String, right: String, expected: Bool) throws {
        #expect(try GTIDSet(parsing: left).isSubset(of: GTIDSet(parsing: right)) == expected)
    }

    @Test("Excluding servers drops their transactions under every tag")
    func excluding() throws {
        let set = try GTIDSet(parsing: "\(a):1-3:tag:7,\(b):2")
        let (first, second) = try (#require(ServerUUID(a)), #require(ServerUUID(b)))
        #expect(set.excluding([first]).description == "\(b):2")
        #expect(set.excluding([first, second]).isEmpty)
        #expect(set.excluding([]) == set)
    }

    @Test("The laws of sets hold, and a plain Set of transactions agrees", arguments: 0..<8)
    func laws(seed: UInt64) throws {
        var generator = GTIDSetGenerator(seed: seed)
        for _ in 0..<60 {
            let (first, second, third) = (generator.next(), generator.next(), generator.next())
            let x = try GTIDSet(parsing: first.text)
            let y = try GTIDSet(parsing: second.text)
            let z = try GTIDSet(parsing: third.text)

            // Agreement with the model.
            #expect(x.spelledOut == first.transactions, "\(first.text)")
            #expect(x.count == UInt64(first.transactions.count))
            #expect(x.union(y).spelledOut == first.transactions.union(second.transactions), "\(x) | \(y)")
            #expect(x.subtracting(y).spelledOut == first.transactions.subtracting(second.transactions), "\(x) | \(y)")
            #expect(x.intersection(y).spelledOut == first.transactions.intersection(second.transactions), "\(x) | \(y)")
            #expect(x.isSubset(of: y) == first.transactions.isSubset(of: second.transactions), "\(x) | \(y)")

            // Every result is canonical, so that equal sets are equal values.
            for result in [x, x.union(y), x.subtracting(y), x.intersection(y)] {
                #expect(result.isCanonical, "\(x) | \(y)")
                #expect(try GTIDSet(parsing: result.description) == result)
            }

            // The laws.
            #expect(x.union(y) == y.union(x))
            #expect(x.union(y.union(z)) == x.union(y).union(z))
            #expect(x.intersection(y) == y.intersection(x))
            #expect(x.intersection(y.union(z)) == x.intersection(y).union(x.intersection(z)))
            #expect(x.subtracting(y).union(x.intersection(y)) == x)
            #expect(x.union(y).count + x.intersection(y).count == x.count + y.count)
            #expect(x.subtracting(y).intersection(y).isEmpty)
            #expect(x.isSubset(of: y) == x.subtracting(y).isEmpty)
            #expect(x.intersection(y).isSubset(of: x))
            #expect(x.isSubset(of: x.union(y)))
            #expect(x.union(x) == x)
            #expect(x.union(GTIDSet()) == x)
            #expect(x.subtracting(GTIDSet()) == x)
        }
    }

    @Test("Membership agrees with a plain Set of transactions", arguments: 0..<4)
    func membership(seed: UInt64) throws {
        var generator = GTIDSetGenerator(seed: 1_000 + seed)
        for _ in 0..<10 {
            let (text, transactions) = generator.next()
            let set = try GTIDSet(parsing: text)
            for uuid in GTIDSetGenerator.uuids {
                for tag in GTIDSetGenerator.tags {
                    let tsid = TSID(try #require(ServerUUID(uuid)), tag: tag)
                    for number in Int64(0)...40 {
                        let expected = transactions.contains(Transaction(uuid: uuid, tag: tag, number: number))
                        #expect(set.contains(tsid, number) == expected)
                    }
                }
            }
        }
    }

    // Quadratic code would need ten billion steps for any of these, and not finish.

    @Test("A hundred thousand intervals are fast")
    func manyIntervals() throws {
        let odd = try GTIDSet(parsing: a + (0..<100_000).map { ":\($0 * 2 + 1)" }.joined())
        let evenBackwards = try GTIDSet(parsing: a + (1...100_000).reversed().map { ":\($0 * 2)" }.joined())
        #expect(odd.count == 100_000)
        #expect(evenBackwards.count == 100_000)
        #expect(odd.union(evenBackwards).description == "\(a):1-200000")
        #expect(odd.intersection(evenBackwards).isEmpty)
        #expect(odd.subtracting(evenBackwards) == odd)
        #expect(odd.union(evenBackwards).subtracting(odd) == evenBackwards)
        #expect(odd.isSubset(of: odd.union(evenBackwards)))
        #expect(!odd.isSubset(of: evenBackwards))
        #expect(try GTIDSet(parsing: odd.description) == odd)
    }

    @Test("So are a hundred thousand sources, in any order, each twice")
    func manySources() throws {
        let uuids = (0..<100_000).map { number in
            let digits = String(number, radix: 16)
            return "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
        }
        let once = try GTIDSet(parsing: uuids.map { "\($0):1-3" }.joined(separator: ","))
        let twice = try GTIDSet(
            parsing: (uuids.reversed().map { "\($0):2-3" } + uuids.map { "\($0):1" }).joined(separator: ","))
        #expect(once.sources.count == 100_000)
        #expect(once == twice)
        #expect(once.subtracting(twice).isEmpty)
        #expect(once.union(twice) == once)
        #expect(once.isSubset(of: twice))
    }
}
