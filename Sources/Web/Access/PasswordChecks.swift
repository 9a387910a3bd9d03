import NIOPosix

/// Holds passwords against their hashes, one at a time: who guesses gets no more than one core.
actor PasswordChecks {
    enum Verdict {
        case right, wrong
        /// Too many are waiting already.
        case busy
    }

    /// Whether a password is a hash's; may take its time.
    typealias Check = @Sendable (BcryptHash, [UInt8]) async -> Bool

    private let waitingLimit: Int
    private let check: Check
    private var verified = VerifiedPasswords()
    private var isChecking = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Picks the hash that a user's name is held against who does not exist.
    private let secretSeed = UInt64.random(in: .min ... .max)

    /// - Parameters:
    ///   - waitingLimit: how many may wait for their turn. Who was verified before does not wait.
    ///   - check: computes the hash; by default on a thread of NIO's pool.
    init(waitingLimit: Int = 64, check: Check? = nil) {
        self.waitingLimit = waitingLimit
        self.check =
            check ?? { hash, password in
                // It fails only when the pool is shut down, which the process's own never is.
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
        // Whoever asked may be gone by now; then nobody waits for the answer.
        guard !Task.isCancelled else { return .busy }
        guard await check(hash, credentials.password), known != nil else { return .wrong }
        verified.keep(only: users)
        verified.insert(credentials, hash: hash)
        return .right
    }

    /// The hash of some user, the same one each time for the same name: an unknown name takes as long as a known one,
    /// whatever the costs of their hashes.
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

    /// The turn goes to who has waited longest.
    private func endTurn() {
        if waiting.isEmpty { isChecking = false } else { waiting.removeFirst().resume() }
    }
}
