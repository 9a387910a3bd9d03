import Replication

extension CloneProgress? {
    /// To follow a member's state; empty if no data is copied.
    var words: String {
        guard let self else { return "" }
        let stage = self.stage.rawValue.replacing("_", with: " ")
        guard self.estimated > 0 else { return ", clone: \(stage)" }
        return ", clone: \(stage), \(Amount.bytes(self.copied)) of about \(Amount.bytes(self.estimated))"
    }
}
