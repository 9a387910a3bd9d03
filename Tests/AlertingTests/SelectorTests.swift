import Testing

@testable import Alerting

@Suite("Selectors of rules")
struct SelectorTests {
    @Test(
        "are read with and without braces, with either quotes",
        arguments: [
            (#"cluster="eu""#, #"cluster="eu""#), (#" { cluster = 'eu' , } "#, #"cluster="eu""#),
            (#"job=~"a.*|b",env!="test""#, #"job=~"a.*|b",env!="test""#),
            (#"a!~'[a-z_]+x?(b|c)*'"#, #"a!~"[a-z_]+x?(b|c)*""#),
            (#"a="it's \"q\" \\""#, #"a="it's \"q\" \\""#), (#"a='it\'s'"#, #"a="it's""#),
        ])
    func reading(text: String, shown: String) throws {
        #expect(try Selector(text).matchers.map(\.text).joined(separator: ",") == shown)
    }

    @Test(
        "that would make rules which Prometheus refuses, or which never match, are refused",
        arguments: [
            "", " ", "{}", "x", "a=b", #"a="b"#, #"{a="b""#, #"a="b"}"#, #"a="b" c="d""#, #"=“b”"#, #"a=="b""#,
            #"1a="b""#,
            #"a="b\n""#, "a=\"b\nc\"", "a=\"b\u{202E}\"", #"a=~"(b""#, #"a=~"b)""#, #"a=~"b++""#, #"a=~"*b""#,
            #"a=~"[b""#,
            #"a=~"[]""#, #"a=~"[z-a]""#, #"a=~"b{2}""#, #"a=~"(?=b)""#, #"a=~"\\d""#, #"a=~"b\\""#, #"instance="x""#,
            #"replication_set="shop""#, #"__name__="up""#, #"a="b",node="db1""#,
        ])
    func refused(text: String) {
        #expect(throws: RuleOptionError.self) { try Selector(text) }
    }

    @Test("A pattern nested without end is refused, and not followed")
    func nesting() {
        let text = String(repeating: "(", count: 100_000)
        #expect(throws: RuleOptionError.self) { try Selector("a=~\"\(text)\"") }
    }

    @Test("are added to every series of an expression, and to nothing else")
    func expressions() throws {
        let selector = try Selector(#"env="a b",job="db""#)
        #expect(
            selector.applied(
                toExpression: """
                    max without (job) (mysql_replication_up{state=~"x|up"}) == 0 unless ignoring (reason) up{job=~"mysql-replication.*"}
                      or channel:mysql_replication_source:down{} and label_replace(up, "up", "$1", "mysql_replication_x", "(.+)")
                    """)
                    == """
                    max without (job) (mysql_replication_up{state=~"x|up",env="a b",job="db"}) == 0 unless ignoring (reason) up{env="a b",job="db"}
                      or channel:mysql_replication_source:down{env="a b",job="db"} and label_replace(up{env="a b",job="db"}, "up", "$1", "mysql_replication_x", "(.+)")
                    """)
    }

    @Test("are added to the queries of a text, and not to its words")
    func templates() throws {
        let selector = try Selector(#"env="100% \"x\" it's""#)
        #expect(
            selector.applied(
                toTemplate:
                    #"up and {{ with printf "mysql_replication_up{job='%s'} == 0" $labels.job | query }}mysql_replication_up{{ end }}"#
            )
                == #"up and {{ with printf "mysql_replication_up{job='%s',env='100%% \"x\" it\\'s'} == 0" $labels.job | query }}mysql_replication_up{{ end }}"#
        )
    }

    @Test("Without one, nothing changes")
    func all() {
        #expect(Selector.all.applied(toExpression: "up == 0") == "up == 0")
        #expect(Selector.all.applied(toTemplate: "{{ printf \"up\" }}") == "{{ printf \"up\" }}")
    }
}
