import Testing

@testable import Documents

private func compose(_ text: String) -> (value: YAMLValue?, problems: [String]) {
    let report = Report(file: "", schema: [], adviceOnSharing: "share nothing")
    let value = YAMLDocument.compose(text, report: report)
    return (value, report.error?.problems.map { "\($0.line):\($0.column): \($0.message)" } ?? [])
}

private let references =
    "anchors and aliases (& and *) are not supported; quote the value, or share nothing"
private let tags = "tags (!) are not supported; quote the value, or remove the tag"

@Suite struct YAMLDocumentTests {
    @Test("a document is read as values, each with its position")
    func values() throws {
        let text = """
            plain: a b  # comment
            quoted: "ä\\0\\u263A"
            nothing: ['', "null", ~, NULL, x]
            missing:
            block: |
              one
               two
            folded: >-
              one
              two
            """
        let value = try #require(compose(text).value)
        #expect(
            described(value)
                == """
                1:1{plain@1:1=1:8"a b"plain, \
                quoted@2:1=2:9"ä\0☺", \
                nothing@3:1=3:10[3:11"", 3:15"null", 3:23null, 3:26null, 3:32"x"plain], \
                missing@4:1=4:9null, block@5:1=5:8"one\n two\n", folded@8:1=8:9"one two"}
                """)
    }

    private func described(_ value: YAMLValue) -> String {
        let content =
            switch value.content {
            case .null: "null"
            case .text(let text, let isPlain): "\"\(text)\"" + (isPlain ? "plain" : "")
            case .list(let items): "[" + items.map(described).joined(separator: ", ") + "]"
            case .dictionary(let entries):
                "{"
                    + entries.map { "\($0.key)@\($0.at.line):\($0.at.column)=" + described($0.value) }
                    .joined(separator: ", ") + "}"
            }
        return "\(value.at.line):\(value.at.column)" + content
    }

    @Test(
        "an empty document is not a problem",
        arguments: ["", "\n\n", "# nothing", "---\n", "---\n...\n", "~", "\u{FEFF}", "\u{FEFF}# nothing\r\n"])
    func empty(text: String) {
        let (value, problems) = compose(text)
        #expect(value?.content.isSomething != true)
        #expect(problems.isEmpty)
    }

    @Test("everything that a configuration may not contain is reported in one pass")
    func everything() {
        let text = """
            a: 1
            b: {x: 1, y: [{x: 2, x: 3}], x: 4, x: 5}
            c: !t y
            a: 3
            d: &e z
            f: [*e, *e]
            ? [g]
            : h
            'b': !t &i {k: 1, k: 2}
            A: a
            tail: @
            """
        #expect(
            compose(text).problems == [
                "2:22: duplicate key 'x', first used on line 2",
                "2:30: duplicate key 'x', first used on line 2",
                "2:36: duplicate key 'x', first used on line 2",
                "3:4: " + tags,
                "4:1: duplicate key 'a', first used on line 1",
                "5:4: " + references,
                "6:5: " + references,
                "6:9: " + references,
                "7:3: a key must be text",
                "9:1: duplicate key 'b', first used on line 2",
                "9:6: " + tags,
                "9:6: " + references,
                "9:19: duplicate key 'k', first used on line 9",
                "11:7: not valid YAML: found character that cannot start any token while scanning for the next token; "
                    + "quote a value that begins with '@'",
            ])
    }

    @Test("a duplicate entry is left out")
    func superseded() throws {
        let value = try #require(compose("a: 1\nb: 2\na: 3\n").value)
        guard case .dictionary(let entries) = value.content else {
            Issue.record("not a dictionary")
            return
        }
        #expect(entries.map(\.key) == ["a", "b"])
        #expect(entries.map(\.at.line) == [1, 2])
    }

    @Test(
        "anchors and aliases are refused with their positions, even those that YAML refuses for another reason",
        arguments: [
            ("&a [x]", "1:1"), ("- &a\n  k: v", "1:3"), ("&a k: v", "1:1"), ("k: v\n*a : v", "2:1"),
            ("k: *Zx!3k", "1:4"), ("k: &", "1:4"), ("k: [x, *:3306]", "1:8"), ("<<: *a", "1:5"), ("ä: *unknown", "1:4"),
        ])
    func reference(text: String, position: String) {
        let (value, problems) = compose(text)
        #expect(value == nil)
        #expect(problems == ["\(position): " + references])
    }

    @Test(
        "tags are refused with their positions, without repeating what may be a password",
        arguments: [
            ("k: !geheim", "1:4: " + tags), ("k: !!binary Z2VoZWlt", "1:4: " + tags), ("!geheim k: v", "1:1: " + tags),
            ("k: !geheim [x]", "1:4: " + tags), ("- !<geheim> {}", "1:3: " + tags),
            (
                "k: !geheim!x",
                "1:4: not valid YAML: found undefined tag handle while parsing a node; "
                    + "quote a value that begins with '!'"
            ),
            (
                "k: !geheim{",
                "1:11: not valid YAML: did not find expected whitespace or line break while scanning a tag; "
                    + "quote a value that begins with '!'"
            ),
        ])
    func tag(text: String, problem: String) {
        #expect(compose(text).problems == [problem])
    }

    @Test("the tag that means nothing is accepted", arguments: ["k: ! v", "k: ! [v]", "k: ! {v: w}"])
    func nonSpecificTag(text: String) {
        #expect(compose(text).problems.isEmpty)
    }

    @Test("keys are duplicates even if their characters are composed differently")
    func equivalentKeys() {
        #expect(compose("\u{E4}: 1\na\u{308}: 2\n").problems.map { $0.prefix(18) } == ["2:1: duplicate key"])
    }

    @Test(
        "lines and columns are the same as in an editor",
        arguments: [
            ("a: 1\r\nb: 2\r\na: 3\r\n", "3:1: duplicate key 'a', first used on line 1"),
            ("a: 1\rb: 2\ra: 3\r", "3:1: duplicate key 'a', first used on line 1"),
            ("{ä: 1, 𝄞: 2, ä: 3}", "1:14: duplicate key 'ä', first used on line 1"),
            ("ä: 1\r\n𝄞: \"x\u{1}\"", "2:6: not valid YAML: control characters are not allowed"),
            ("a\0", "1:2: not valid YAML: control characters are not allowed"),
            (
                "ä: 1\r\n\t𝄞: 2\r\n",
                "2:1: not valid YAML: found a tab character that violates indentation while scanning a plain scalar; "
                    + "tabs cannot indent YAML, use spaces"
            ),
        ])
    func positions(text: String, problem: String) {
        #expect(compose(text).problems == [problem])
    }

    @Test(
        "a level beyond the thirty-second is refused where it begins, and nothing after it is read",
        arguments: [("[", "1:33"), ("- ", "1:65"), ("{a: ", "1:126"), ("? ", "1:65")])
    func depth(level: String, position: String) {
        let problems = compose(String(repeating: level, count: 33) + "\n&a @").problems
        #expect(problems == ["\(position): nested deeper than 32 levels"])
    }

    @Test("nesting up to the limit is read")
    func depthEnough() {
        let lists = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(compose(lists).problems.isEmpty)
        #expect(compose(lists.replacing("[]", with: "[x]")).problems == ["1:33: nested deeper than 32 levels"])
    }

    @Test(
        "a file of the maximum size is composed or refused in reasonable time",
        .timeLimit(.minutes(5)),
        arguments: [
            (0..<300_000).map { "k\($0): x\n" }.joined(), "{" + String(repeating: "k: x, ", count: 300_000) + "}",
            String(repeating: "[", count: 4 << 20), String(repeating: "? ", count: 2 << 20),
            "a: " + String(repeating: "*a", count: 2 << 20), String(repeating: "[]: ", count: 1 << 20),
        ])
    func large(text: String) {
        let (value, problems) = compose(text)
        #expect(value != nil || !problems.isEmpty)
    }
}
