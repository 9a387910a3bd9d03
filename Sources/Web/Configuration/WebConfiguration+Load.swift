package import Documents

extension WebConfiguration {
    /// The size up to which the file is read: certificates may be written in it.
    private static let sizeLimit = 1 << 20

    /// Reads and checks a file in exporter-toolkit's format. The files that it names are not read: `PEM.bytes` does that.
    /// - Parameter path: as the user named it; relative paths in the file begin at its directory.
    /// - Returns: the configuration, and what is doubtful about it.
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
                    message: "a private key in a file that everybody may read; chmod o-r \(path), or use key_file"))
        }
        return (configuration, warnings)
    }

    /// Checks the text of such a file. Reads no other file.
    /// - Parameter file: the name for messages, and the directory at which relative paths begin.
    /// - Throws: everything that is wrong, in the order of the file.
    package static func parse(
        _ text: String, file: String
    ) throws(ConfigurationError) -> (configuration: WebConfiguration, warnings: [Warning]) {
        let report = Report(file: file, schema: WebSchema.sections, adviceOnSharing: "write it out")
        let document = YAMLDocument.compose(text, report: report)
        if document == nil, let error = report.error { throw error }
        let configuration = WebReader(report: report).configuration(document)
        if let error = report.error { throw error }
        return (configuration, report.warnings)
    }
}
