/// What an endpoint of Amazon's database services leads to, by its name: `NAME.ID.REGION.rds.amazonaws.com`. All but those of
/// instances have a label after the first that says so. (Amazon Aurora User Guide: Aurora endpoints; Amazon RDS User Guide: RDS Proxy.)
package enum AmazonEndpoint: Sendable, Equatable {
    case instance(String)
    /// Those lead now to one server and now to another.
    case reader, custom, cluster, proxy, global
}

extension Address {
    /// Nil for an address of anything else.
    package var amazonEndpoint: AmazonEndpoint? {
        guard case .tcp(let host, _) = self else { return nil }
        let labels = host.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 4, labels.contains("rds"), labels.contains("amazonaws") else { return nil }
        for label in labels.dropFirst() {
            if label.hasPrefix("cluster-ro-") { return .reader }
            if label.hasPrefix("cluster-custom-") { return .custom }
            if label.hasPrefix("cluster-") { return .cluster }
            if label.hasPrefix("proxy-") { return .proxy }
            if label.hasPrefix("global-") { return .global }
        }
        return .instance(String(labels[0]))
    }
}
