/// Something that a test waited for did not happen in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String
}

/// Checks again and again, with short pauses, until the condition holds: for what offers no event to wait for.
/// - Parameters:
///   - what: what is waited for; only worked out when it did not happen, so it may show the last state seen.
///   - limit: long enough for a busy machine, as it is used up only by a test that fails.
/// - Throws: `NeverHappened` at the limit, `CancellationError`, and whatever the condition throws.
package func eventually(
    _ what: @autoclosure () async throws -> String, within limit: Duration = .seconds(120),
    every pause: Duration = .milliseconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(description: "never happened within \(limit): \(try await what())")
        }
        try await Task.sleep(for: pause)
    }
}

/// Tries again and again until there is a value, as `eventually` does.
package func eventualValue<Value>(
    _ what: @autoclosure () async throws -> String, within limit: Duration = .seconds(120),
    every pause: Duration = .milliseconds(20), _ attempt: () async throws -> Value?
) async throws -> Value {
    var value: Value?
    try await eventually(try await what(), within: limit, every: pause) {
        value = try await attempt()
        return value != nil
    }
    guard let value else { throw CancellationError() }
    return value
}
