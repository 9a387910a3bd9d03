package import Documents

extension Configuration {
    /// The maximum size of a configuration file: 4 MiB, enough for tens of thousands of nodes.
    package static let sizeLimit = 4 << 20

    /// Reads and checks a configuration file.
    ///
    /// Also tries to read the passwords, and the files of `tls`. One that cannot be read is only a warning here: the
    /// caller decides whether it is an error (`unreadableFiles`).
    /// - Parameters:
    ///   - path: as the user gave it; relative paths in the file are relative to its directory.
    ///   - environment: the process's environment.
    /// - Returns: the configuration, and warnings about what is doubtful in it.
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
                    message: "a password in a world-readable file; chmod o-r \(path), or use password_file")
            }
        }
        warnings += configuration.unreadableFiles(path: path, environment: environment).map(\.problem)
        return (configuration, warnings)
    }

    /// Checks the text of a configuration file. Reads no other file.
    /// - Parameters:
    ///   - file: the file's name for messages; relative paths are relative to its directory.
    ///   - environment: the process's environment; `${NAME}`, HOME and the account's variables are looked up in it.
    /// - Throws: everything that is wrong, in the order of the file.
    package static func parse(
        _ text: String, file: String, environment: [String: String]
    ) throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning]) {
        guard text.utf8.count <= sizeLimit else {
            let message = "cannot be read: it is larger than \(Quantity.text(bytes: UInt64(sizeLimit)))"
            throw ConfigurationError(Problem(file: file, message: message))
        }
        let report = Report(
            file: file, schema: Schema.sections, adviceOnSharing: "put common settings in 'defaults'")
        let document = YAMLDocument.compose(text, report: report)
        // Without a document, there is nothing else to check.
        if document == nil, let error = report.error { throw error }
        let configuration = Reader(report: report, environment: environment).configuration(document)
        if let error = report.error { throw error }
        return (configuration, report.warnings)
    }

    /// The positions of passwords in the file itself, each once.
    private var literalPasswords: [Origin] {
        var origins: [Position: Origin] = [:]
        for level in nodes.flatMap(\.credentials.levels) {
            if case .literal = level.password { origins[level.origin.at] = level.origin }
        }
        return origins.values.sorted { $0.at < $1.at }
    }
}
