/// A password that cannot leak by being printed, interpolated, dumped or compared in a failing test.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// The password itself, to be passed to the client library and used for nothing else.
    package func reveal() -> String { value }

    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
