import Testing

@testable import Traffic

/// One line of the decision table, with the defaults: max_gap 20 s, max_lag 1 s.
struct Row: CustomTestStringConvertible, Sendable {
    typealias Cause = FailoverDecision.Cause

    let testDescription: String
    let preferred: FailoverSituation.Preferred
    var standbyFailure: String?
    var catchUp = CatchUp()
    let answer: Int
    let cause: Cause
    var updates = false

    static let now = 1_800_000_000.0

    /// The last good check so many seconds ago; nil for never.
    static func checked(_ ago: Double?) -> FailoverSituation.Preferred { .ready(lastCheck: ago.map { now - $0 }) }

    private static let away = FailoverSituation.Preferred.failed("cannot be reached")
    private static let well = CatchUp(lag: 0, missing: 0)

    static let table =
        preferredFails + standbyFails + unbroken + broken.flatMap { name, preferred in lookedAt(name, preferred) }

    /// Whatever else is true, the preferred node cannot serve.
    private static let preferredFails = [
        Row(testDescription: "preferred fails", preferred: away, answer: 200, cause: .preferredFailed),
        Row(
            testDescription: "preferred fails, standby fails", preferred: away, standbyFailure: "cannot be reached",
            answer: 200, cause: .preferredFailed),
        Row(
            testDescription: "preferred fails, though it had caught up", preferred: away, catchUp: well, answer: 200,
            cause: .preferredFailed),
    ]

    /// There is nobody else, however long ago the last check was. It is not noted: what happened on the standby meanwhile is
    /// not known.
    private static let standbyFails = ([0, 20, 21, 86_400, -5, nil] as [Double?]).flatMap { ago in
        [CatchUp(), well, CatchUp(lag: 99, missing: 7)].map { catchUp in
            Row(
                testDescription: "standby fails, checked \(ago.map { "\($0)" } ?? "never"), \(catchUp.text)",
                preferred: checked(ago), standbyFailure: "cannot be reached", catchUp: catchUp, answer: 100,
                cause: .standbyFailed)
        }
    }

    /// Replication is not looked at, whatever it would say.
    private static let unbroken = ([0, 0.5, 5, 19.999, 20, -0.3, -20] as [Double]).flatMap { ago in
        [CatchUp(), well, CatchUp(lag: 99, missing: 7), CatchUp(lag: -1)].map { catchUp in
            Row(
                testDescription: "checked \(ago) s ago, \(catchUp.text)", preferred: checked(ago), catchUp: catchUp,
                answer: 100, cause: .unbroken, updates: true)
        }
    }

    private static let broken: [(String, FailoverSituation.Preferred)] = [
        ("just over the gap", checked(20.001)), ("a day ago", checked(86_400)), ("never checked", checked(nil)),
        ("checked in the future", checked(-20.001)),
    ]

    private static func lookedAt(_ name: String, _ preferred: FailoverSituation.Preferred) -> [Row] {
        func row(_ catchUp: CatchUp, _ answer: Int, _ cause: Cause) -> Row {
            Row(
                testDescription: "\(name), \(catchUp.text)", preferred: preferred, catchUp: catchUp, answer: answer,
                cause: cause, updates: answer == 100)
        }
        return [
            row(CatchUp(lag: nil, missing: 0), 200, .lagUnknown),
            row(CatchUp(lag: nil, missing: nil), 200, .lagUnknown),
            row(CatchUp(lag: -1, missing: 0), 200, .lagUnknown),
            row(CatchUp(lag: .nan, missing: 0), 200, .lagUnknown),
            row(CatchUp(lag: .infinity, missing: 0), 200, .lagUnknown),
            row(CatchUp(lag: 0, missing: nil), 100, .caughtUp),
            row(CatchUp(lag: 0, missing: 0), 100, .caughtUp),
            row(CatchUp(lag: 1, missing: 0), 100, .caughtUp),
            row(CatchUp(lag: 1, missing: nil), 100, .caughtUp),
            row(CatchUp(lag: 0, missing: 1), 200, .behind),
            row(CatchUp(lag: 1, missing: 40), 200, .behind),
            row(CatchUp(lag: 1.001, missing: 0), 200, .behind),
            row(CatchUp(lag: 600, missing: nil), 200, .behind),
        ]
    }
}

extension CatchUp {
    fileprivate var text: String {
        "lag \(lag.map { "\($0)" } ?? "unknown"), missing \(missing.map { "\($0)" } ?? "unknown")"
    }
}

@Suite("Failover answer")
struct FailoverDecisionTests {
    private let policy = FailoverPolicy(preferred: "db1", standby: "db2")

    @Test("Every row of the table", arguments: Row.table)
    func table(row: Row) {
        let decision = policy.decide(
            FailoverSituation(
                preferred: row.preferred, standbyFailure: row.standbyFailure, catchUp: row.catchUp, now: Row.now))
        #expect(decision.answer.rawValue == row.answer)
        #expect(decision.cause == row.cause)
        #expect(decision.isGoodCheck == row.updates)
    }

    @Test("The table has every cause")
    func completeness() {
        #expect(Set(Row.table.map(\.cause)) == Set(FailoverDecision.Cause.allCases))
    }

    @Test("Only the unbroken 100 is ordinary")
    func ordinary() {
        for cause in FailoverDecision.Cause.allCases {
            #expect(FailoverDecision(cause: cause, reason: "").isOrdinary == (cause == .unbroken))
        }
    }

    @Test("Limits are the policy's")
    func limits() {
        let patient = FailoverPolicy(preferred: "db1", standby: "db2", maxGap: 60, maxLag: 5)
        func cause(checked ago: Double, _ catchUp: CatchUp) -> FailoverDecision.Cause {
            patient.decide(FailoverSituation(preferred: Row.checked(ago), catchUp: catchUp, now: Row.now)).cause
        }
        #expect(cause(checked: 60, CatchUp()) == .unbroken)
        #expect(cause(checked: 61, CatchUp(lag: 5)) == .caughtUp)
        #expect(cause(checked: 61, CatchUp(lag: 5.1)) == .behind)
    }

    @Test(
        "The reason says what a DBA has to know",
        arguments: [
            (FailoverSituation.Preferred.failed("is read-only"), nil, CatchUp(), "db1 is read-only"),
            (Row.checked(3), "cannot be reached: no answer", CatchUp(), "db2 cannot be reached: no answer"),
            (Row.checked(3.25), nil, CatchUp(), "checked 3.3 s ago"),
            (
                Row.checked(75), nil, CatchUp(lag: 12, missing: 3),
                "the last good check was 75 s ago, and db1 is 12 s behind db2"
            ),
            (
                Row.checked(75), nil, CatchUp(lag: 0, missing: 3),
                "the last good check was 75 s ago, and db1 lacks 3 transactions of db2"
            ),
            (
                Row.checked(75), nil, CatchUp(lag: 0, missing: 1),
                "the last good check was 75 s ago, and db1 lacks 1 transaction of db2"
            ),
            (
                Row.checked(-30), nil, CatchUp(lag: 0, missing: 0),
                "the last good check lies 30 s in the future, and db1 has caught up with db2"
            ),
            (
                Row.checked(nil), nil, CatchUp(),
                "there was no good check before, and it is not known how far db1 is behind db2"
            ),
        ] as [(FailoverSituation.Preferred, String?, CatchUp, String)])
    func reasons(preferred: FailoverSituation.Preferred, standby: String?, catchUp: CatchUp, reason: String) {
        let situation = FailoverSituation(
            preferred: preferred, standbyFailure: standby, catchUp: catchUp, now: Row.now)
        #expect(policy.decide(situation).reason == reason)
    }
}
