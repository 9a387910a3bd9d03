/// The managed service that runs a server: an attribute beside the flavor, by which statements, privileges and files differ.
package enum Service: String, Sendable, CaseIterable {
    /// None that is recognised.
    case unmanaged = "none"
    /// Amazon RDS for MySQL or MariaDB.
    case rds
    /// Amazon Aurora MySQL: its instances share one volume, and replicate nothing to each other.
    case aurora
    /// Azure Database for MySQL, Flexible Server.
    case azure
    /// Google Cloud SQL.
    case cloudSQL = "cloudsql"

    /// The name to display.
    package var title: String {
        switch self {
        case .unmanaged: "no managed service"
        case .rds: "Amazon RDS"
        case .aurora: "Amazon Aurora"
        case .azure: "Azure Database for MySQL"
        case .cloudSQL: "Google Cloud SQL"
        }
    }

    /// - Parameter variables: global variables of the server, by upper-case name.
    package init(variables: [String: String]) {
        let version = (variables["VERSION"] ?? "").lowercased()
        let comment = (variables["VERSION_COMMENT"] ?? "").lowercased()
        if variables["AURORA_VERSION"] != nil || variables["AURORA_SERVER_ID"] != nil {
            self = .aurora
        } else if variables["BASEDIR"]?.hasPrefix("/rdsdbbin") == true {
            self = .rds
        } else if variables["AAD_AUTH_ONLY"] != nil {
            self = .azure
        } else if version.contains("-google") || comment.contains("(google)") {
            self = .cloudSQL
        } else {
            self = .unmanaged
        }
    }
}
