import Documents
import Testing

@testable import Configuration

@Suite struct HostileYAMLTests {
    @Test(
        "text that is not YAML is refused with its position, and with a hint where one helps",
        arguments: [
            (
                "defaults:\n\tuser: u\n",
                "2:1: not valid YAML: found character that cannot start any token while scanning for the next token; tabs cannot indent YAML, use spaces"
            ),
            (
                "defaults: {password: @geheim}",
                "1:22: not valid YAML: found character that cannot start any token while scanning for the next token; quote a value that begins with '@'"
            ),
            (
                "defaults:\n  user: a: geheim\n",
                "2:10: not valid YAML: mapping values are not allowed in this context; quote a value that contains ': '"
            ),
            (
                "defaults: {user: u}\n---\na: 1\n",
                "2:1: not valid YAML: found another document; a configuration is a single document"
            ),
            (
                "defaults: {user: 'geheim",
                "1:25: not valid YAML: found unexpected end of stream while scanning a quoted scalar"
            ),
            ("defaults: !geheim x\n", "1:11: tags (!) are not supported; quote the value, or remove the tag"),
            ("defaults: {user: u}\n? [a]\n: x\n", "2:3: a key must be text"),
            (
                "defaults: {user: u}\n<<: {a: b}\n",
                "2:1: merge keys are not supported; put common settings in 'defaults'"
            ),
            ("defaults: {user: \"a\u{1}\"}", "1:20: not valid YAML: control characters are not allowed"),
            ("a: \"\\0\"\n", "1:1: unknown key 'a'"),
        ])
    func refused(text: String, problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(
            error?.problems.map(\.description).contains("shop.yml:" + problem) == true, "\(error?.description ?? "")")
    }

    @Test("anchors and aliases are refused with their positions, and not followed")
    func references() {
        // Nine levels of nine aliases: expanded, they would be 387 million strings.
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        // As a key, too.
        text += "? *a9\n: x\n"
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        let reason =
            "anchors and aliases (& and *) are not supported; quote the value, or put common settings in 'defaults'"
        #expect(error?.problems.first?.description == "shop.yml:1:5: " + reason)
        #expect(error?.problems.last?.description == "shop.yml:11:3: " + reason)
        // Ten anchors, nine times nine aliases, and the key.
        #expect(error?.problems.count == 92)
    }

    @Test(
        "& and * within values, quotes and comments have no special meaning",
        arguments: [
            "a&b*c", "'*all'", "\"&x\"", "|\n      *x\n      &y", "u # *x &y", "'it''s *x'", "\"a\\\" *x\"",
        ])
    func harmlessReferences(value: String) throws {
        let text = """
            defaults:
              user: u
              password: \(value)
            replication_sets:
            - {name: s, nodes: [{name: a, address: a}]}
            """
        #expect(try parse(text).configuration.nodes.count == 1)
    }

    @Test(
        "nesting depth is limited",
        arguments: [
            String(repeating: "[", count: 20_000), String(repeating: "{a: ", count: 20_000),
            String(repeating: "- ", count: 900) + "x", String(repeating: "- ", count: 100_000) + "x",
            (0..<900).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
            String(repeating: "? ", count: 20_000),
        ])
    func nesting(text: String) {
        #expect(throws: ConfigurationError.self) { try parse(text) }
    }

    @Test("nesting is refused at the position where it becomes too deep")
    func depth() {
        for (text, position) in [
            (String(repeating: "- ", count: 100) + "x", "shop.yml:1:65: "),
            (String(repeating: "[", count: 100) + String(repeating: "]", count: 100), "shop.yml:1:33: "),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try parse(text) }
            #expect(error?.problems.map(\.description).contains(position + "nested deeper than 32 levels") == true)
        }
    }

    @Test("text larger than the limit is refused without being parsed")
    func size() {
        let text = String(repeating: "#", count: Configuration.sizeLimit + 1)
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.description == "shop.yml: cannot be read: it is larger than 4MiB")
    }

    @Test("a message quotes the user's text truncated and on one line")
    func longText() {
        let error = #expect(throws: ConfigurationError.self) {
            try parse("\"a\\nb\\e[31m\(String(repeating: "x", count: 100))\": 1\n")
        }
        let shown = "a\u{FFFD}b\u{FFFD}[31m" + String(repeating: "x", count: 52)
        #expect(error?.problems.first?.message == "unknown key '\(shown)…'")
    }

    @Test("a randomly damaged file is read or refused, with valid positions")
    func damaged() {
        var random = Xorshift(state: 0x5EED)
        let pieces = Array("\n \t:-{}[],'\"#&*!|>%@?~\\\0\u{FEFF}\u{2028}ä".unicodeScalars)
        let sound = Array(interfaceExample.unicodeScalars)
        for _ in 0..<400 {
            var scalars = sound
            for _ in 0...random.next() % 6 {
                let index = Int(random.next() % UInt64(scalars.count))
                let piece = pieces[Int(random.next() % UInt64(pieces.count))]
                switch random.next() % 4 {
                case 0: scalars[index] = piece
                case 1: scalars.insert(piece, at: index)
                case 2: scalars.remove(at: index)
                default: scalars.removeSubrange(index..<min(index + 20, scalars.count))
                }
            }
            let text = String(String.UnicodeScalarView(scalars))
            let lineCount = text.unicodeScalars.count { $0 == "\n" } + 1
            do {
                let configuration = try parse(text).configuration
                #expect(!configuration.nodes.isEmpty)
            } catch {
                #expect(!error.problems.isEmpty)
                #expect(error.problems.allSatisfy { (0...lineCount + 1).contains($0.line) })
            }
        }
    }
}

/// Random enough, and the same in each run.
private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
