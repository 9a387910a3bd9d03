import NIOPosix

/// Checks passwords against their hashes, one at a time, so that guessing passwords occupies at most one core.
actor PasswordChecks {
    enum Verdict {
        case right, wrong
        /// Too many are waiting already.
        case busy
    }

    /// Whether a password matches a hash; may be slow.
    typealias Check = @Sendable (BcryptHash, [UInt8]) async -> Bool

    private let waitingLimit: Int
    private let check: Check
    private var verified = VerifiedPasswords()
    private var isChecking = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Makes it unpredictable which hash an unknown user's password is checked against.
    private let secretSeed = UInt64.random(in: .min ... .max)

    /// - Parameters:
    ///   - waitingLimit: how many checks may wait for their turn. Passwords that were verified before do not wait.
    ///   - check: computes the hash; by default on a thread of NIO's pool.
    init(waitingLimit: Int = 64, check: Check? = nil) {
        self.waitingLimit = waitingLimit
        self.check =
            check ?? { hash, password in
                // Fails only if the pool is shut down, and the singleton never is.
                (try? await NIOThreadPool.singleton.runIfActive { hash.matches(password) }) ?? false
            }
    }

    /// - Parameter users: at least one.
    func verdict(on credentials: BasicCredentials, users: [String: BcryptHash]) async -> Verdict {
        let known = users[credentials.user]
        if let known, verified.holds(credentials, hash: known) { return .right }
        guard let hash = known ?? standIn(for: credentials.user, among: users) else { return .wrong }
        guard await takeTurn() else { return .busy }
        defer { endTurn() }
        // The client may have disconnected while the check was waiting.
        guard !Task.isCancelled else { return .busy }
        guard await check(hash, credentials.password), known != nil else { return .wrong }
        verified.keep(only: users)
        verified.insert(credentials, hash: hash)
        return .right
    }

    /// The hash of some user, always the same one for the same name, so that checking an unknown name takes as long as
    /// checking a known one, whatever the costs of the hashes.
    private func standIn(for name: String, among users: [String: BcryptHash]) -> BcryptHash? {
        var hasher = Hasher()
        hasher.combine(secretSeed)
        hasher.combine(name)
        let names = users.keys.sorted()
        guard !names.isEmpty else { return nil }
        return users[names[Int(hasher.finalize().magnitude % UInt(names.count))]]
    }

    private func takeTurn() async -> Bool {
        guard isChecking else {
            isChecking = true
            return true
        }
        guard waiting.count < waitingLimit else { return false }
        await withCheckedContinuation { waiting.append($0) }
        return true
    }

    /// The turn goes to the check that has waited longest.
    private func endTurn() {
        if waiting.isEmpty { isChecking = false } else { waiting.removeFirst().resume() }
    }
}
