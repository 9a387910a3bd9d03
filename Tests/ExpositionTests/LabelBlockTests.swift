import Testing

@testable import Exposition

@Suite struct LabelBlockTests {
    @Test(
        "A label value may contain anything",
        arguments: [
            ("plain", #"a="plain""#),
            ("", #"a="""#),
            (#"back\slash"#, #"a="back\\slash""#),
            (#"say "no""#, #"a="say \"no\"""#),
            ("two\nlines", #"a="two\nlines""#),
            (#"\n"#, #"a="\\n""#),
            ("{},=#\r\t", "a=\"{},=#\r\t\""),
            ("größer \u{1F40B}", "a=\"größer \u{1F40B}\""),
        ])
    func escapes(value: String, text: String) {
        let block = LabelBlock([("a", value)])
        #expect(String(decoding: block.bytes, as: UTF8.self) == text)
        #expect(block.labels.map(\.value) == [value])
    }

    @Test("Labels keep their order, and blocks join with a comma")
    func joins() {
        let node: LabelBlock = ["set": "shop", "node": "db,1"]
        #expect(String(decoding: node.bytes, as: UTF8.self) == #"set="shop",node="db,1""#)
        #expect(node.appending("channel", "") == ["set": "shop", "node": "db,1", "channel": ""])
        #expect(node.appending(["state": "running"]) == ["set": "shop", "node": "db,1", "state": "running"])
        #expect(LabelBlock.empty.appending("a", "b") == ["a": "b"])
        #expect(LabelBlock.empty.appending(node) == node)
        #expect(node.appending(.empty) == node)
        #expect(node.appending("x", "1").labels.map(\.name) == ["set", "node", "x"])
        #expect(LabelBlock.empty.labels.isEmpty)
    }
}
