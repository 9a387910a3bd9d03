import ArgumentParser

/// Reads the value of an option that the parser takes as text. The error names the option, and no other.
func optionValue<Value>(_ option: String, _ text: String, _ read: (String) throws -> Value) throws -> Value {
    do {
        return try read(text)
    } catch {
        throw ValidationError("\(option) \(error)")
    }
}
