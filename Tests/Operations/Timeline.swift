/// Which nodes might be taken for the writer, and when: an answer is as old as the round behind it.
package struct Timeline: Sendable {
    private struct Span: Sendable {
        let since: Double
        let names: Set<String>
    }

    private var spans: [Span] = []

    package init() {}

    /// From `time` on, epoch seconds.
    package mutating func note(_ names: Set<String>, at time: Double) { spans.append(Span(since: time, names: names)) }

    /// All names that were valid at any moment from one time to another.
    package func names(from start: Double, to end: Double) -> Set<String> {
        var names: Set<String> = []
        for (index, span) in spans.enumerated() where span.since <= end {
            let next = index + 1 < spans.count ? spans[index + 1].since : .infinity
            if next >= start { names.formUnion(span.names) }
        }
        return names
    }
}
