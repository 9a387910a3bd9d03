internal import CCrypt

extension BcryptHash {
    /// Whether this is the password's hash. Slow on purpose: do not call it on an event loop or on Swift's pool.
    func matches(_ password: [UInt8]) -> Bool {
        let expected = Array(reveal().utf8)
        // crypt(3) would stop at a NUL and ignore what follows. It is called in any case, so that the time is the same.
        let isWhole = !password.contains(0)
        var phrase = password.map { CChar(bitPattern: $0) }
        phrase.append(0)
        let size = MemoryLayout<crypt_data>.size
        let state = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<crypt_data>.alignment)
        state.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer { state.deallocate() }
        // Nil if crypt(3) fails, for example because the password has more than 512 bytes.
        guard let hashed = crypt_rn(phrase, reveal(), state, Int32(size)) else { return false }
        return isWhole && Array(String(cString: hashed).utf8).isSame(as: expected)
    }
}

extension Array<UInt8> {
    /// Whether the bytes are the same, in a time that does not depend on where they differ.
    func isSame(as other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        return zip(self, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
