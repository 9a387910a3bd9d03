internal import CCrypt

extension BcryptHash {
    /// Whether this is the password's hash. Takes long, on purpose: not for an event loop nor for Swift's pool.
    func matches(_ password: [UInt8]) -> Bool {
        let expected = Array(reveal().utf8)
        // crypt(3) would stop at a NUL, and so take what follows it for right. It takes its time all the same.
        let isWhole = !password.contains(0)
        var phrase = password.map { CChar(bitPattern: $0) }
        phrase.append(0)
        let size = MemoryLayout<crypt_data>.size
        let state = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<crypt_data>.alignment)
        state.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer { state.deallocate() }
        // Nil: crypt(3) cannot do it, for a password longer than any (512 bytes), say.
        guard let hashed = crypt_rn(phrase, reveal(), state, Int32(size)) else { return false }
        return isWhole && Array(String(cString: hashed).utf8).isSame(as: expected)
    }
}

extension Array<UInt8> {
    /// Whether the bytes are the same, in a time that does not tell where they differ.
    func isSame(as other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        return zip(self, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
