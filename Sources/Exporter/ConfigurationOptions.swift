import ArgumentParser
import Configuration
import Documents

/// The servers to query: from a file, or from flags.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config.file"), help: ArgumentHelp("The configuration file (YAML).", valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var file: String?

    @Option(
        name: .customLong("node"),
        help: ArgumentHelp(
            "A server to monitor, in place of a configuration file; repeatable. User and password are taken from "
                + "MYSQL_REPLICATION_EXPORTER_USER and MYSQL_REPLICATION_EXPORTER_PASSWORD.",
            valueName: "NAME=HOST:PORT"))
    var nodes: [String] = []

    func validate() throws {
        switch (file, nodes.isEmpty) {
        case (nil, true):
            throw ValidationError("Specify the servers to monitor: --config.file FILE, or --node NAME=HOST:PORT.")
        case (_?, false): throw ValidationError("Use --config.file or --node, not both.")
        default: break
        }
    }

    /// The files named by the configuration that cannot be read now.
    func unreadableFiles(of configuration: Configuration) -> [UnreadableFile] {
        file.map { configuration.unreadableFiles(path: $0, environment: ProcessEnvironment.variables) } ?? []
    }

    /// Reads the configuration, again at each call.
    func load() throws(ConfigurationError) -> (configuration: Configuration, warnings: [Warning]) {
        let environment = ProcessEnvironment.variables
        guard let file else { return (try Configuration.nodes(fromFlags: nodes, environment: environment), []) }
        return try Configuration.load(path: file, environment: environment)
    }
}
