import Testing

@testable import Presentation

@Suite("JSON")
struct JSONTextTests {
    @Test("JSON strings are escaped, including all kinds of control characters")
    func json() {
        let value = JSONText.object([
            ("a\"b", .string("tab\t line\n back\\ bell\u{7} csi\u{9B} ü rtl\u{202E} tag\u{E0001}")),
            ("n", .array([.number(1), .number(0.5), .null])),
            ("nan", .number(.nan)), ("large", .number(1e20)), ("yes", .bool(true)),
        ])
        #expect(
            value.text
                == #"{"a\"b":"tab\t line\n back\\ bell\u0007 csi\u009b ü rtl\u202e tag\udb40\udc01","n":[1,0.5,null],"nan":null,"large":1e+20,"yes":true}"#
        )
    }
}
