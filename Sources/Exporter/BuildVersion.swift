import CBuild
import MariaDB
import Metrics

/// What this program is, and what it was built from.
enum BuildVersion {
    static let text = "0.1.0"

    /// The commit, as Package.swift found it.
    static let revision = String(cString: build_revision())

    static let swift: String = {
        #if compiler(>=6.3)
            "6.3 or later"
        #elseif compiler(>=6.2)
            "6.2"
        #else
            "6.1"
        #endif
    }()

    static let platform: String = {
        #if arch(x86_64)
            "linux/amd64"
        #elseif arch(arm64)
            "linux/arm64"
        #else
            "unknown"
        #endif
    }()

    /// The answer to `--version`, in the form that Prometheus' own programs have.
    static var statement: String {
        """
        mysql-replication-exporter, version \(text) (revision: \(revision))
          platform:         \(platform)
          swift version:    \(swift)
          libmariadb:       \(ClientLibrary.version)
        """
    }
}

extension ExporterStatistics.Build {
    static let current = ExporterStatistics.Build(
        version: BuildVersion.text, revision: BuildVersion.revision, swift: BuildVersion.swift,
        libmariadb: ClientLibrary.version)
}
