import Configuration
import Logging
import Monitoring
import Replication
import Testing

@testable import Exporter

@Suite("Texts")
struct TextTests {
    @Test("log entries are logfmt or JSON, and one line whatever they contain")
    func logLines() {
        let pairs = [("level", "info"), ("msg", "node is \"up\"\nlevel=error"), ("empty", ""), ("a", "b=c")]
        #expect(
            LineLogHandler(logLevel: .info, format: .logfmt).line(pairs)
                == #"level=info msg="node is \"up\"\nlevel=error" empty="" a="b=c""#)
        #expect(
            LineLogHandler(logLevel: .info, format: .json).line(pairs)
                == #"{"level":"info","msg":"node is \"up\"\nlevel=error","empty":"","a":"b=c"}"#)
    }

    @Test("a list in the log is written as its elements")
    func loggedList() {
        let list: [Logger.MetadataValue] = [.stringConvertible("127.0.0.1:19104"), "[::1]:19104"]
        #expect(LineLogHandler.text(.array(list)) == "127.0.0.1:19104,[::1]:19104")
        #expect(LineLogHandler.text("plain") == "plain")
    }

    @Test(
        "a scrape ends before the scraper gives up",
        arguments: [
            (nil, 10.0), ("5", 4.5), ("0.6", 0.3), ("1", 0.5), ("10.25", 9.75), ("", 10), ("-1", 10), ("nan", 10),
            ("inf", 10), ("1e9", 10), ("5s", 10),
        ] as [(String?, Double)])
    func scrapeTimeout(said: String?, seconds: Double) {
        #expect(ScrapeTimeout.duration(said: said, offset: .seconds(0.5)) == .seconds(seconds))
    }

    @Test("a selection queries whole sets and shows what was requested")
    func selection() throws {
        let configuration = Configuration(sets: [
            ReplicationSet(name: "a", nodes: [Node(name: "a1", address: try Address("h1"))]),
            ReplicationSet(name: "b", nodes: [Node(name: "b1", address: try Address("h2"))]),
        ])
        let node = Selection(nodes: ["a1"])
        #expect(node.touches("a", configuration) && !node.touches("b", configuration))
        #expect(node.nodes(in: "a") == ["a1"])
        let both = Selection(sets: ["b"], nodes: ["a1"])
        #expect(both.nodes(in: "b") == nil && both.nodes(in: "a") == ["a1"])
        #expect(Selection.all.touches("a", configuration) && Selection.all.nodes(in: "a") == nil)
        #expect(
            Selection(sets: ["c"], nodes: ["b1", "x\n"]).unknown(in: configuration)
                == ["replication set \"c\"", "node \"x\\n\""])
    }

    @Test(
        "a node may be asked for by an address that is configured, and by no other",
        arguments: [
            ("a1", "a1"), ("h1:3306", "a1"), ("H1", "a1"), ("alias:3307", "a1"), ("[0:0::1]:3306", "b1"), ("h2", "b3"),
            ("alias", "alias"), ("h1:3307", "h1:3307"), ("u@h1:3306", "u@h1:3306"), ("", ""),
        ])
    func byAddress(target: String, name: String) throws {
        let configuration = Configuration(sets: [
            ReplicationSet(
                name: "a",
                nodes: [Node(name: "a1", address: try Address("h1"), aliases: [try Address("alias:3307")])]),
            ReplicationSet(
                name: "b",
                nodes: [
                    Node(name: "b1", address: try Address("[::1]:3306")),
                    // Its name is the address of nobody.
                    Node(name: "h2:3306", address: try Address("h3")),
                    Node(name: "b3", address: try Address("h2")),
                ]),
        ])
        #expect(Selection(nodes: [target]).named(in: configuration) == Selection(nodes: [name]))
        #expect(Selection(nodes: ["h2:3306"]).named(in: configuration) == Selection(nodes: ["h2:3306"]))
    }
}
