/// The passwords that were found right, so that the hash need not be computed for every scrape.
///
/// One for each user at most: the cache cannot grow. Only what was verified gets in, beside the very hash that it was
/// verified by: nobody who does not know a password can change what is found here, and a new hash makes it void.
struct VerifiedPasswords: Sendable {
    private var passwords: [String: (hash: BcryptHash, password: [UInt8])] = [:]

    func holds(_ credentials: BasicCredentials, hash: BcryptHash) -> Bool {
        guard let known = passwords[credentials.user], known.hash == hash else { return false }
        return known.password.isSame(as: credentials.password)
    }

    mutating func insert(_ credentials: BasicCredentials, hash: BcryptHash) {
        passwords[credentials.user] = (hash, credentials.password)
    }

    /// Forgets whoever is no user any more.
    mutating func keep(only users: [String: BcryptHash]) {
        passwords = passwords.filter { users[$0.key] == $0.value.hash }
    }
}
