/// The passwords that were found correct, so that the hash need not be computed for every scrape.
///
/// At most one for each user, so that the cache cannot grow. Only verified passwords are added, together with the hash that
/// verified them: a client without a password cannot change the cache, and a new hash invalidates the entry.
struct VerifiedPasswords: Sendable {
    private var passwords: [String: (hash: BcryptHash, password: [UInt8])] = [:]

    func holds(_ credentials: BasicCredentials, hash: BcryptHash) -> Bool {
        guard let known = passwords[credentials.user], known.hash == hash else { return false }
        return known.password.isSame(as: credentials.password)
    }

    mutating func insert(_ credentials: BasicCredentials, hash: BcryptHash) {
        passwords[credentials.user] = (hash, credentials.password)
    }

    /// Removes users that no longer exist or whose hash has changed.
    mutating func keep(only users: [String: BcryptHash]) {
        passwords = passwords.filter { users[$0.key] == $0.value.hash }
    }
}
