import Testing

@testable import Exposition

@Suite struct RenderingTests {
    @Test("Text 0.0.4, byte for byte")
    func text() {
        #expect(
            rendered(families, .text004) == #"""
                # HELP app_up Connected.
                # TYPE app_up gauge
                app_up 1
                # HELP app_lag_seconds Behind, "by the \\clock\\"\nor not.
                # TYPE app_lag_seconds gauge
                app_lag_seconds{node="db1"} 0.25
                app_lag_seconds{node="db \"2\""} NaN
                # HELP app_requests_total Requests.
                # TYPE app_requests_total counter
                app_requests_total{route="/",code="200"} 12
                # HELP app_node_info The node.
                # TYPE app_node_info gauge
                app_node_info{node="db1",version="8.4"} 1
                # HELP app_state State.
                # TYPE app_state gauge
                app_state{state="on"} 1
                app_state{state="off"} 0

                """#)
    }

    @Test("OpenMetrics 1.0, byte for byte")
    func openMetrics() {
        #expect(
            rendered(families, .openMetrics100) == #"""
                # TYPE app_up gauge
                # HELP app_up Connected.
                app_up 1
                # TYPE app_lag_seconds gauge
                # UNIT app_lag_seconds seconds
                # HELP app_lag_seconds Behind, \"by the \\clock\\\"\nor not.
                app_lag_seconds{node="db1"} 0.25
                app_lag_seconds{node="db \"2\""} NaN
                # TYPE app_requests counter
                # HELP app_requests Requests.
                app_requests_total{route="/",code="200"} 12
                # TYPE app_node info
                # HELP app_node The node.
                app_node_info{node="db1",version="8.4"} 1
                # TYPE app_state gauge
                # HELP app_state State.
                app_state{state="on"} 1
                app_state{state="off"} 0
                # EOF

                """#)
    }

    @Test("Without samples there is no output, except for the end that OpenMetrics requires")
    func nothing() {
        let silent = [MetricFamily(MetricDescription(name: "app_silent", type: .gauge, help: "Never measured."))]
        #expect(rendered(silent, .text004) == "")
        #expect(rendered(silent, .openMetrics100) == "# EOF\n")
    }

    @Test("Rendering appends, and reserves enough space not to grow")
    func reserves() {
        let description = MetricDescription(
            name: "a_b", type: .gauge, unit: "b", help: String(repeating: "\n", count: 99))
        let samples = Array(repeating: Sample(["a": "b"], extra: ["c": "d"], -1.7976931348623157e308), count: 1_000)
        for worst in [MetricFamily(description, samples), MetricFamily(description, [samples[0]])] {
            for format in [ExpositionFormat.text004, .openMetrics100] {
                let before = Array("before\n".utf8)
                var output = before
                Exposition.render([worst], format: format, into: &output)
                #expect(output.starts(with: before + Array("# ".utf8)))
                #expect(output.count - before.count <= Exposition.sizeBound([worst]))
            }
        }
    }
}

/// One family of each kind, with everything that needs escaping, and one without samples.
let families = [
    MetricFamily(MetricDescription(name: "app_up", type: .gauge, help: "Connected."), [Sample(.empty, 1)]),
    MetricFamily(
        MetricDescription(
            name: "app_lag_seconds", type: .gauge, unit: "seconds", help: "Behind, \"by the \\clock\\\"\nor not."),
        [Sample(["node": "db1"], 0.25), Sample(["node": "db \"2\""], .nan)]),
    MetricFamily(
        MetricDescription(name: "app_requests_total", type: .counter, help: "Requests."),
        [Sample(["route": "/"], extra: ["code": "200"], 12)]),
    MetricFamily(MetricDescription(name: "app_silent", type: .gauge, help: "Never measured.")),
    MetricFamily(
        MetricDescription(name: "app_node_info", type: .info, help: "The node."),
        [Sample(["node": "db1"], extra: ["version": "8.4"], 1)]),
    MetricFamily(
        MetricDescription(name: "app_state", type: .stateSet, help: "State."),
        [Sample(.empty, extra: ["state": "on"], 1), Sample(.empty, extra: ["state": "off"], 0)]),
]

func rendered(_ families: [MetricFamily], _ format: ExpositionFormat) -> String {
    var output: [UInt8] = []
    Exposition.render(families, format: format, into: &output)
    return String(decoding: output, as: UTF8.self)
}
