import Configuration
import Logging

/// What a configuration asks of the limit on open files.
enum OpenFiles {
    /// Raises the limit as far as it goes, and says so if it stays low for that many nodes.
    static func warn(_ configuration: Configuration, _ logger: Logger) {
        let limit = ProcessEnvironment.raiseOpenFileLimit()
        if limit < UInt64(configuration.nodes.count * 2 + 600) {
            logger.warning(
                "the limit on open files is low for so many nodes; raise it (ulimit -n, systemd LimitNOFILE=)",
                metadata: ["limit": "\(limit)", "nodes": "\(configuration.nodes.count)"])
        }
    }
}
