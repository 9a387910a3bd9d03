package import Documents

extension WebConfiguration {
    /// The maximum size of the file, which may contain inline certificates.
    private static let sizeLimit = 1 << 20

    /// Reads and checks a file in exporter-toolkit's format. The files that it names are not read: `PEM.bytes` does that.
    /// - Parameter path: as the user gave it; relative paths in the file are relative to its directory.
    /// - Returns: the configuration, and warnings about what is doubtful in it.
    /// - Throws: everything that is wrong, in the order of the file.
    package static func load(
        path: String
    ) throws(ConfigurationError) -> (configuration: WebConfiguration, warnings: [Warning]) {
        let (file, text) = try readText(path: path, limit: sizeLimit)
        var (configuration, warnings) = try parse(text, file: path)
        if case .inline = configuration.tls?.key.source, let key = configuration.tls?.key, file.isRegular,
            file.isWorldReadable
        {
            warnings.append(
                Warning(
                    file: path, line: key.origin.at.line, column: key.origin.at.column,
                    message: "a private key in a world-readable file; chmod o-r \(path), or use key_file"))
        }
        return (configuration, warnings)
    }

    /// Checks the text of such a file. Reads no other file.
    /// - Parameter file: the file's name for messages; relative paths are relative to its directory.
    /// - Throws: everything that is wrong, in the order of the file.
    package static func parse(
        _ text: String, file: String
    ) throws(ConfigurationError) -> (configuration: WebConfiguration, warnings: [Warning]) {
        let report = Report(file: file, schema: WebSchema.sections, adviceOnSharing: "write the value out")
        let document = YAMLDocument.compose(text, report: report)
        if document == nil, let error = report.error { throw error }
        let configuration = WebReader(report: report).configuration(document)
        if let error = report.error { throw error }
        return (configuration, report.warnings)
    }
}
