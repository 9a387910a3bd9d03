import Replication
import Testing

@testable import Traffic

/// One row of the decision table, with the defaults: max_gap 20 s, max_lag 1 s.
struct Row: CustomTestStringConvertible, Sendable {
    typealias Cause = FailoverDecision.Cause

    let testDescription: String
    let situation: FailoverSituation
    let answer: Int?
    let cause: Cause
    var updates = false

    static let now = 1_800_000_000.0
    /// By the steady clock.
    static let uptime = 500_000.0

    static func moment(_ ago: Double) -> FailoverTime { FailoverTime(steady: uptime - ago, epoch: now - ago) }

    /// Seconds since this checker's last good check, which is in the table too; nil for none since its start, or since
    /// it last answered "standby".
    static func checked(
        _ ago: Double?, standby: FailoverFault? = nil, _ catchUp: CatchUp = CatchUp(),
        said: FailoverDecision.Answer? = nil
    ) -> FailoverSituation {
        let time = ago.map(moment)
        return FailoverSituation(
            preferred: .ready(noted: time?.epoch), standbyFault: standby, catchUp: catchUp,
            memory: FailoverMemory(answer: said ?? time.map { _ in .preferred }, goodCheck: time), now: moment(0))
    }

    private static func failed(
        _ fault: FailoverFault, standby: FailoverFault? = nil, _ catchUp: CatchUp = CatchUp(), writable: Bool = true,
        memory: FailoverMemory = FailoverMemory()
    ) -> FailoverSituation {
        FailoverSituation(
            preferred: .failed(fault), isPreferredWritable: writable, standbyFault: standby, catchUp: catchUp,
            memory: memory, now: moment(0))
    }

    private static let away = FailoverFault("cannot be reached")
    private static let denied = FailoverFault("cannot be checked: denied", isOwn: true)
    private static let well = CatchUp(lag: 0, missing: 0)
    private static let late = CatchUp(lag: 99, missing: 7)

    static let table = preferredFails + standbyFails + unbroken + broken + ownFaults

    /// Whatever else is true, the preferred node cannot serve.
    private static let preferredFails = [
        Row(testDescription: "preferred fails", situation: failed(away), answer: 200, cause: .preferredFailed),
        Row(
            testDescription: "preferred fails, standby fails", situation: failed(away, standby: away), answer: 200,
            cause: .preferredFailed),
        Row(
            testDescription: "preferred fails, though it had caught up", situation: failed(away, well), answer: 200,
            cause: .preferredFailed),
    ]

    /// There is no other node, however long ago the last check was. It is not recorded: what happened on the standby
    /// meanwhile is not known.
    private static let standbyFails = ([0, 20, 21, 86_400, -5, nil] as [Double?]).flatMap { ago in
        [CatchUp(), well, late].map { catchUp in
            Row(
                testDescription: "standby fails, checked \(ago.map { "\($0)" } ?? "never"), \(catchUp.text)",
                situation: checked(ago, standby: away, catchUp), answer: 100, cause: .standbyFailed)
        }
    }

    /// Replication is not examined, whatever it would show.
    private static let unbroken = ([0, 0.5, 5, 19.999, 20] as [Double]).flatMap { ago in
        [CatchUp(), well, late, CatchUp(lag: -1)].map { catchUp in
            Row(
                testDescription: "checked \(ago) s ago, \(catchUp.text)", situation: checked(ago, catchUp), answer: 100,
                cause: .unbroken, updates: true)
        }
    }

    private static let broken = [
        ("just over the gap", 20.001, nil), ("a day ago", 86_400, nil), ("just started", nil, nil),
        ("checked in the future", -0.3, nil), ("far in the future", -20.001, nil), ("said standby", nil, .standby),
    ].flatMap { (name: String, ago: Double?, said: FailoverDecision.Answer?) in
        lookedAt.map { catchUp, answer, cause in
            Row(
                testDescription: "\(name), \(catchUp.text)", situation: checked(ago, catchUp, said: said),
                answer: answer,
                cause: cause, updates: answer == 100)
        }
    }

    private static let lookedAt: [(CatchUp, Int, Cause)] = [
        (CatchUp(lag: nil, missing: 0), 200, .lagUnknown),
        (CatchUp(lag: nil, missing: nil), 200, .lagUnknown),
        (CatchUp(lag: -1, missing: 0), 200, .lagUnknown),
        (CatchUp(lag: .nan, missing: 0), 200, .lagUnknown),
        (CatchUp(lag: .infinity, missing: 0), 200, .lagUnknown),
        // 0 s is not proof: neither GTIDs nor positions show what is missing.
        (CatchUp(lag: 0, missing: nil, bytes: nil), 200, .lagUnknown),
        (CatchUp(lag: 0, missing: nil, bytes: 2_000_914), 200, .behind),
        (CatchUp(lag: 0, missing: nil, bytes: 0), 100, .caughtUp),
        (CatchUp(lag: 1, missing: nil, bytes: 0), 100, .caughtUp),
        (CatchUp(lag: 0, missing: 0), 100, .caughtUp),
        (CatchUp(lag: 1, missing: 0, bytes: 77), 100, .caughtUp),
        (CatchUp(lag: 0, missing: 1, bytes: 0), 200, .behind),
        (CatchUp(lag: 1, missing: 40), 200, .behind),
        (CatchUp(lag: 1.001, missing: 0), 200, .behind),
        (CatchUp(lag: 600, missing: nil), 200, .behind),
        // The standby replicates from the preferred node, not the other way round.
        (CatchUp(missing: 0, isOneWay: true), 100, .caughtUp),
        (CatchUp(missing: 2, isOneWay: true), 200, .behind),
        (CatchUp(missing: nil, isOneWay: true), 200, .lagUnknown),
        // It has transactions that the standby itself does not have.
        (CatchUp(lag: 0, missing: 0, bytes: 0, isAhead: true), 200, .lagUnknown),
        (CatchUp(missing: 0, isOneWay: true, isAhead: true), 200, .lagUnknown),
        (CatchUp(lag: 0, missing: 3, isAhead: true), 200, .behind),
    ]

    /// A missing grant, table, password or connection is not the node's fault.
    private static let ownFaults = [
        Row(
            testDescription: "own fault, checked lately",
            situation: failed(denied, late, memory: .init(answer: .preferred, goodCheck: moment(5))), answer: 100,
            cause: .unbroken, updates: true),
        Row(
            testDescription: "own fault, said standby, caught up",
            situation: failed(denied, well, memory: .init(answer: .standby)), answer: 100, cause: .caughtUp,
            updates: true),
        Row(
            testDescription: "own fault, said standby, nothing known",
            situation: failed(denied, memory: .init(answer: .standby)), answer: 200, cause: .notChecked),
        Row(
            testDescription: "own fault, checked long ago, behind",
            situation: failed(denied, late, memory: .init(answer: .preferred, goodCheck: moment(99))), answer: 200,
            cause: .behind),
        Row(
            testDescription: "own fault, just started, nothing known", situation: failed(denied), answer: nil,
            cause: .notChecked),
        Row(
            testDescription: "own fault, and no round found the node writable",
            situation: failed(denied, well, writable: false, memory: .init(answer: .preferred, goodCheck: moment(5))),
            answer: nil, cause: .notChecked),
        Row(
            testDescription: "own fault at the standby, checked lately", situation: checked(5, standby: denied),
            answer: 100,
            cause: .unbroken, updates: true),
        Row(
            testDescription: "own fault at the standby, just started", situation: checked(nil, standby: denied),
            answer: nil,
            cause: .notChecked),
        Row(
            testDescription: "own fault at the standby, said standby",
            situation: checked(nil, standby: denied, said: .standby), answer: 200, cause: .notChecked),
    ]
}

extension CatchUp {
    fileprivate var text: String {
        "lag \(lag.map { "\($0)" } ?? "unknown"), missing \(missing.map { "\($0)" } ?? "unknown"), "
            + "bytes \(bytes.map { "\($0)" } ?? "unknown")\(isOneWay ? ", one way" : "")"
    }
}
