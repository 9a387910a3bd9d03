import MariaDB
import Replication

extension Connection {
    /// Connects as `options` say when they are asked. They read files, which may block: on this thread.
    /// - Throws: what they throw.
    func open(
        asking options: ConnectionOptions.Source, deadline: ContinuousClock.Instant
    ) throws(NodeFailure) -> Result<String, NodeFailure> {
        close()
        var options = try options()
        // The statements of a round are constants, and one round trip is what a scrape may cost.
        options.sendsBatches = true
        do throws(MySQLError) {
            return .success(try open(options, deadline: deadline))
        } catch {
            return .failure(NodeFailure(error, connectingTo: options.address))
        }
    }
}
