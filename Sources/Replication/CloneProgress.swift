/// How far a server has got with a copy of all data from another one, which replaces its own (MySQL's clone plugin).
///
/// The server restarts between the last two stages.
package struct CloneProgress: Sendable, Hashable {
    /// In their order. (MySQL manual: The Performance Schema clone_progress Table.)
    package enum Stage: String, Sendable, CaseIterable {
        case dropData = "drop_data"
        case fileCopy = "file_copy"
        case pageCopy = "page_copy"
        case redoCopy = "redo_copy"
        case fileSync = "file_sync"
        case restart
        case recovery
    }

    package var stage: Stage
    /// Bytes, over all stages.
    package var copied: UInt64
    /// Bytes; grows while the donor writes.
    package var estimated: UInt64

    package init(stage: Stage, copied: UInt64, estimated: UInt64) {
        (self.stage, self.copied, self.estimated) = (stage, copied, estimated)
    }
}
