internal import Replication
package import Topology

extension FailoverPolicy {
    /// The answer for two members of a cluster, which decides by itself who takes writes and gives them what was committed: nothing has
    /// to be recorded on either, and nothing is.
    package func decide(in findings: SetFindings) -> FailoverDecision {
        if findings.writers.contains(preferred) {
            return FailoverDecision(cause: .unbroken, reason: "\(preferred) takes the cluster's writes")
        }
        let why = findings.reasonNotToWrite(on: preferred)
        guard findings.writers.contains(standby) else { return FailoverDecision(cause: .notChecked, reason: why) }
        return FailoverDecision(cause: .preferredFailed, reason: "\(why); \(standby) takes the cluster's writes")
    }
}

extension SetFindings {
    fileprivate func reasonNotToWrite(on name: String) -> String {
        guard let node = node(named: name) else { return "\(name) was not asked" }
        if let failure = node.report.failure { return "\(name) cannot be reached or queried: \(failure.message)" }
        if let cluster = cluster(of: name), let obstacle = obstacleInCluster(of: node, cluster) { return obstacle }
        if case .unknown(let reason) = writing.writers { return "no primary: \(reason)" }
        return "\(name) does not take the cluster's writes"
    }
}
