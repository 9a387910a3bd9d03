import Glibc

/// The environment of the process, and its limits.
enum ProcessEnvironment {
    /// environ(7), read once; passwords in it are looked up here.
    static let variables: [String: String] = {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }()

    /// gethostname(2).
    static let hostName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        let isKnown = buffer.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { gethostname($0, buffer.count - 1) == 0 } ?? false
        }
        let bytes = isKnown ? buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) } : []
        let name = String(decoding: bytes, as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }()

    /// Raises the soft limit on open files to the hard one: a connection to a node takes two descriptors.
    /// - Returns: the new limit.
    static func raiseOpenFileLimit() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return UInt64(limit.rlim_cur)
    }
}
