package import Documents

/// A PEM certificate or key: inline in the configuration, or in a file that is read again at each use.
package struct PEM: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        case inline(Secret)
        case file(path: String)
    }

    let source: Source
    /// The configuration key that holds it.
    let name: String
    let origin: Origin

    /// More than any certificate chain needs; a list of all public authorities has 250 KiB.
    private static let limit = 1 << 20

    package var path: String? {
        if case .file(let path) = source { path } else { nil }
    }

    /// - Throws: why the file cannot be read, with the position in the configuration that names it.
    package func bytes() throws(ConfigurationError) -> [UInt8] {
        switch source {
        case .inline(let text): return Array(text.reveal().utf8)
        case .file(let path):
            do {
                return try TextFile(path: path, limit: Self.limit).bytes
            } catch {
                throw problem("cannot be read: \(error.reason)")
            }
        }
    }

    /// What is wrong with it, as an error at its position in the configuration. `reason` follows its name, and must not
    /// quote its contents.
    package func problem(_ reason: String) -> ConfigurationError {
        let subject = path.map { "'\(name)' \(shown(path: $0))" } ?? "'\(name)'"
        return origin.error("\(subject) \(reason)")
    }
}
