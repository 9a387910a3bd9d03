package import Documents

extension Configuration {
    /// The size up to which a configuration file is read: 4 MiB, tens of thousands of nodes.
    package static let sizeLimit = 4 << 20

    /// Reads and checks a configuration file.
    ///
    /// Passwords are tried as well; one that cannot be read is a warning only, for the other nodes can be asked.
    /// - Parameters:
    ///   - path: as the user named it; relative paths in the file begin at its directory.
    ///   - environment: of the process.
    /// - Returns: the configuration, and what is doubtful about it.
    /// - Throws: everything that is wrong, in the order of the file.
    package static func load(
        path: String, environment: [String: String]
    ) throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning]) {
        let (file, text) = try readText(path: path, limit: sizeLimit)
        var (configuration, warnings) = try parse(text, file: path, environment: environment)
        if file.isRegular, file.isWorldReadable {
            warnings += configuration.literalPasswords.map { origin in
                Warning(
                    file: origin.file, line: origin.at.line, column: origin.at.column,
                    message: "a password in a file that everybody may read; chmod o-r \(path), or use password_file")
            }
        }
        var seen = Set(warnings)
        for warning in configuration.unreadablePasswords(environment: environment)
        where seen.insert(warning).inserted {
            warnings.append(warning)
        }
        return (configuration, warnings)
    }

    /// Checks the text of a configuration file. Reads no other file.
    /// - Parameters:
    ///   - file: the name for messages, and the directory at which relative paths begin.
    ///   - environment: of the process; `${NAME}`, HOME and the account's variables are looked up.
    /// - Throws: everything that is wrong, in the order of the file.
    package static func parse(
        _ text: String, file: String, environment: [String: String]
    ) throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning]) {
        guard text.utf8.count <= sizeLimit else {
            let message = "cannot be read: it is larger than \(Quantity.text(bytes: UInt64(sizeLimit)))"
            throw ConfigurationError(Problem(file: file, message: message))
        }
        let report = Report(
            file: file, schema: Schema.sections, adviceOnSharing: "put what is common in 'defaults'")
        let document = YAMLDocument.compose(text, report: report)
        // Without a document there is nothing more to say than why.
        if document == nil, let error = report.error { throw error }
        let configuration = Reader(report: report, environment: environment).configuration(document)
        if let error = report.error { throw error }
        return (configuration, report.warnings)
    }

    /// Where a password stands in the file itself, each place once.
    private var literalPasswords: [Origin] {
        var places: [Position: Origin] = [:]
        for level in nodes.flatMap(\.credentials.levels) {
            if case .literal = level.password { places[level.origin.at] = level.origin }
        }
        return places.values.sorted { $0.at < $1.at }
    }

    private func unreadablePasswords(environment: [String: String]) -> [Warning] {
        nodes.flatMap { node -> [Warning] in
            do throws(ConfigurationError) {
                _ = try node.login(environment: environment)
                return []
            } catch {
                return error.problems
            }
        }
    }
}
