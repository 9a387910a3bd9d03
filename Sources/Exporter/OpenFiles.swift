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

    /// How many clients may be connected within the limit, beside the connections to so many nodes.
    static func connections(besideNodes nodes: Int) -> Int {
        // The listener itself, the log, and files that are read on the way.
        let others = 88
        let limit = Int(clamping: ProcessEnvironment.raiseOpenFileLimit())
        return max(8, limit - nodes * 2 - others)
    }
}
