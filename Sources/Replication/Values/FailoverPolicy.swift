/// Which of two nodes behind a load balancer should get its requests.
///
/// The preferred node gets them for as long as it is checked without a break. After a break somebody may have written on
/// the standby: then the preferred node has to have caught up with it first.
package struct FailoverPolicy: Sendable, Hashable {
    /// By name.
    package var preferred: String
    package var standby: String
    /// Where the time of the last good check is kept, on the preferred node.
    package var table: TableName
    /// The longest time between two checks that still counts as unbroken.
    package var maxGap: Duration
    /// After a break: how late the preferred node, as a replica of the standby, may be to serve again.
    package var maxLag: Duration

    package init(
        preferred: String, standby: String, table: TableName, maxGap: Duration = .seconds(20),
        maxLag: Duration = .seconds(1)
    ) {
        self.preferred = preferred
        self.standby = standby
        self.table = table
        self.maxGap = maxGap
        self.maxLag = maxLag
    }
}
