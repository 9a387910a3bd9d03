/// What is exported in addition to the default.
package struct MetricsOptions: Sendable, Hashable {
    /// Another exporter whose replication series can be emitted as well, under their original names.
    package enum Compatibility: String, Sendable, CaseIterable {
        case mysqldExporter = "mysqld_exporter"
    }

    package let compatibility: Set<Compatibility>
    /// Series for each applier worker.
    package let workers: Bool
    /// On MariaDB, distances in transactions for each GTID domain as well.
    package let gtidDomains: Bool

    package init(compatibility: Set<Compatibility> = [], workers: Bool = false, gtidDomains: Bool = false) {
        self.compatibility = compatibility
        self.workers = workers
        self.gtidDomains = gtidDomains
    }

    /// Whether mysqld_exporter's series are emitted; its channel series need `Channel.statusRow`.
    package var isMysqldExporterCompatible: Bool { compatibility.contains(.mysqldExporter) }
}
