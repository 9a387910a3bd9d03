import Testing
import Traffic

@testable import Exporter

@Suite("A load balancer's question about a node")
struct NodeQuestionTests {
    private func question(_ line: String) -> Result<NodeQuestion, NodeQuestion.Malformed> {
        do throws(NodeQuestion.Malformed) { return .success(try NodeQuestion(line: line)) } catch {
            return .failure(error)
        }
    }

    @Test(
        "An agent check names a node, and optionally a check and limits",
        arguments: [
            ("db1", "db1", .readOnly, nil, nil), ("db1/primary", "db1", .primary, nil, nil),
            ("db1/health", "db1", .health, nil, nil), ("db1/replica", "db1", .replica, nil, nil),
            ("db1/replica?max_lag=10s", "db1", .replica, 10, nil),
            ("db1?max_lag=250ms&max_bytes=1MB", "db1", .readOnly, 0.25, 1_000_000),
            ("db1/read-only?max_bytes=0&max_lag=0", "db1", .readOnly, 0, 0),
            ("db1?", "db1", .readOnly, nil, nil), ("db1?&", "db1", .readOnly, nil, nil),
            ("a b/primary", "a b", .primary, nil, nil), ("dbé", "dbé", .readOnly, nil, nil),
        ] as [(String, String, NodeCheck, Double?, UInt64?)])
    func lines(line: String, node: String, check: NodeCheck, lag: Double?, bytes: UInt64?) throws {
        let question = try NodeQuestion(line: line)
        #expect(question.node == node && question.check == check)
        #expect(question.maxLag == lag && question.maxBytes == bytes)
    }

    @Test(
        "A mistyped parameter is refused: otherwise a limit would silently have no effect",
        arguments: [
            ("", "agent-send does not name a node"), ("/primary", "agent-send does not name a node"),
            ("?max_lag=1s", "agent-send does not name a node"),
            ("db1/", "no check is named \"\""), ("db1/Primary", "no check is named \"Primary\""),
            ("db1/primary/x", "no check is named \"primary/x\""), ("db1/primary ", "no check is named \"primary \""),
            (
                "db1?maxlag=1s",
                "unknown parameter \"maxlag\"; use max_lag, max_bytes, max_transactions, or donor for member"
            ),
            (
                "db1?MAX_LAG=1s",
                "unknown parameter \"MAX_LAG\"; use max_lag, max_bytes, max_transactions, or donor for member"
            ),
            ("db1?max_lag", "max_lag must be a duration such as 250ms, 5s or 1h30m, not ''"),
            ("db1?max_lag=", "max_lag must be a duration such as 250ms, 5s or 1h30m, not ''"),
            ("db1?max_lag=10", "max_lag needs a unit: '10s' or '10ms'"),
            ("db1?max_lag=-1s", "max_lag must be a duration such as 250ms, 5s or 1h30m, not '-1s'"),
            ("db1?max_lag=nan", "max_lag must be a duration such as 250ms, 5s or 1h30m, not 'nan'"),
            ("db1?max_lag=99999999999999999999s", "max_lag is too long"),
            ("db1?max_lag=1s=2s", "max_lag must be a duration such as 250ms, 5s or 1h30m, not '1s=2s'"),
            ("db1?max_bytes=1M", "max_bytes has an ambiguous unit; write 1MB (10^n) or 1MiB (2^n)"),
            ("db1?max_bytes=99999999999999999999", "max_bytes is too large"),
            ("db1?max_lag=1s&max_lag=1s", "max_lag is given twice"),
            (
                "db1?max_lag=1s?max_bytes=1MB",
                "max_lag must be a duration such as 250ms, 5s or 1h30m, not '1s?max_bytes=1MB'"
            ),
            ("db1/primary?max_lag=1s", "max_lag applies to replica and read-only; primary has no limits"),
            ("db1?max_transactions=-1", "max_transactions must be a whole number"),
            ("db1/replica?donor=yes", "donor applies to member only"),
            ("db1/member?donor=1", "donor must be yes or no"),
            ("db1/member?max_lag=1s", "max_lag applies to replica and read-only; member has no limits"),
            ("db1/health?max_bytes=1MB", "max_bytes applies to replica and read-only; health has no limits"),
        ])
    func refused(line: String, reason: String) {
        #expect(question(line) == .failure(NodeQuestion.Malformed(description: reason)))
    }

    @Test("A path's check and query are read by the same rules", arguments: NodeCheck.allCases)
    func path(check: NodeCheck) throws {
        let plain = try NodeQuestion(node: "db1", check: check)
        #expect(plain.maxLag == nil && plain.maxBytes == nil)
        let limits = [(name: "max_bytes", value: "64MiB"), (name: "max_lag", value: "1m")]
        if check.hasLimits {
            let limited = try NodeQuestion(node: "db1", check: check, query: limits)
            #expect(limited.maxLag == 60 && limited.maxBytes == 64 << 20)
        } else {
            #expect(throws: NodeQuestion.Malformed.self) {
                try NodeQuestion(node: "db1", check: check, query: limits)
            }
        }
        #expect(throws: NodeQuestion.Malformed.self) {
            try NodeQuestion(node: "db1", check: check, query: [(name: "", value: "")])
        }
    }
}
