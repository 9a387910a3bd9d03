import Testing

@testable import Exposition

@Suite struct ProblemTests {
    @Test("Families that are fit to publish have no problems")
    func none() {
        #expect(MetricFamily.problems(in: families) == [])
    }

    @Test(
        "A description that a reader would refuse is named",
        arguments: [
            (MetricDescription(name: "a-b", type: .gauge, help: "h"), "not a metric name"),
            (MetricDescription(name: "0a", type: .gauge, help: "h"), "not a metric name"),
            (MetricDescription(name: "", type: .gauge, help: "h"), "not a metric name"),
            (MetricDescription(name: "a", type: .gauge, help: ""), "has no help"),
            (MetricDescription(name: "a", type: .counter, help: "h"), "counters end in _total, and nothing else does"),
            (
                MetricDescription(name: "a_total", type: .gauge, help: "h"),
                "counters end in _total, and nothing else does"
            ),
            (MetricDescription(name: "a", type: .info, help: "h"), "infos end in _info, and nothing else does"),
            (MetricDescription(name: "a_info", type: .gauge, help: "h"), "infos end in _info, and nothing else does"),
            (
                MetricDescription(name: "a", type: .gauge, unit: "seconds", help: "h"),
                "does not end in its unit seconds"
            ),
            (MetricDescription(name: "a_s", type: .stateSet, unit: "s", help: "h"), "cannot have a unit"),
            (MetricDescription(name: "a_count", type: .gauge, help: "h"), "_count is reserved"),
        ])
    func descriptions(description: MetricDescription, problem: String) {
        #expect(MetricFamily.problems(in: [MetricFamily(description)]) == ["\(description.name): \(problem)"])
    }

    @Test(
        "A sample that a reader would refuse is named",
        arguments: [
            ("a", .gauge, [Sample(["x": "1"], 1), Sample(.empty, extra: ["x": "1"], 2)], #"{x="1"} occurs twice"#),
            (
                "a", .gauge, [Sample(["x": "1", "y": "2"], 1), Sample(["y": "2", "x": "1"], 2)],
                #"{y="2",x="1"} occurs twice"#
            ),
            ("a", .gauge, [Sample(["x": "1"], extra: ["x": "2"], 1)], #"{x="1",x="2"} repeats a label"#),
            ("a", .gauge, [Sample(["x-y": "1"], 1)], #"{x-y="1"} has a label with the bad name x-y"#),
            ("a", .gauge, [Sample(["__x": "1"], 1)], #"{__x="1"} has a label with the bad name __x"#),
            ("a_total", .counter, [Sample(.empty, -1)], "{} counts -1.0"),
            ("a_total", .counter, [Sample(.empty, .nan)], "{} counts nan"),
            ("a_info", .info, [Sample(.empty, 2)], "{} is 2.0, not 1"),
            ("a", .stateSet, [Sample(.empty, extra: ["s": "on"], 0)], "{} has 0 states that are 1, not one"),
            (
                "a", .stateSet,
                [Sample(["n": "1"], extra: ["s": "on"], 1), Sample(["n": "1"], extra: ["s": "off"], 1)],
                #"{n="1"} has 2 states that are 1, not one"#
            ),
        ] as [(String, MetricType, [Sample], String)])
    func samples(name: String, type: MetricType, samples: [Sample], problem: String) {
        let family = MetricFamily(MetricDescription(name: name, type: type, help: "h"), samples)
        #expect(MetricFamily.problems(in: [family]) == ["\(name): \(problem)"])
    }

    @Test("Two families must not share a name, in either format")
    func names() {
        let gauge = MetricFamily(MetricDescription(name: "a", type: .gauge, help: "h"))
        let counter = MetricFamily(MetricDescription(name: "a_total", type: .counter, help: "h"))
        #expect(MetricFamily.problems(in: [gauge, gauge]) == ["a: the name a is also that of family a"])
        #expect(MetricFamily.problems(in: [gauge, counter]) == ["a_total: the name a is also that of family a"])
    }
}
