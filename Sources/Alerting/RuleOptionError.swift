/// A value of an option that no rules can be made with. It begins after the option's name: `--selector …`.
package struct RuleOptionError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
