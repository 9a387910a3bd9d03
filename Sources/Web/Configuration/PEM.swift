package import Documents

/// A certificate or a key in PEM: written in the configuration itself, or in a file that is read anew at each use.
package struct PEM: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        case inline(Secret)
        case file(path: String)
    }

    let source: Source
    /// The key of the configuration that it stands under.
    let name: String
    let origin: Origin

    /// More than any chain of certificates takes; a list of all the world's authorities has 250 KiB.
    private static let limit = 1 << 20

    package var path: String? {
        if case .file(let path) = source { path } else { nil }
    }

    /// - Throws: why the file cannot be read, with the place in the configuration that names it.
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

    /// What is wrong with it, as an error at its place in the configuration. `reason` follows its name, and holds none of
    /// its contents.
    package func problem(_ reason: String) -> ConfigurationError {
        let subject = path.map { "'\(name)' \(shown(path: $0))" } ?? "'\(name)'"
        return origin.error("\(subject) \(reason)")
    }
}
