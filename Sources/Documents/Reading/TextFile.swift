package import Glibc

/// The unchanged content of a small file.
package struct TextFile {
    package var bytes: [UInt8]
    /// Permission bits and file type, as in `stat`.
    package var mode: mode_t

    package var isWorldReadable: Bool { mode & S_IROTH != 0 }
    package var isWorldWritable: Bool { mode & S_IWOTH != 0 }
    package var isRegular: Bool { mode & S_IFMT == S_IFREG }

    /// Why a file could not be read, for use after the file's name: "No such file or directory".
    package struct Failure: Error {
        package let reason: String
        package let code: Int32

        package init(_ reason: String, code: Int32 = 0) {
            self.reason = reason
            self.code = code
        }

        /// glibc's `strerror` is thread-safe since 2.32: it returns static or thread-local text.
        package init(errno code: Int32) {
            self.init(strerror(code).map { String(cString: $0) } ?? "error \(code)", code: code)
        }
    }

    /// How long to wait for data on a pipe, in milliseconds.
    package static let patience: Int32 = 10_000

    /// Reads files, pipes and devices (`--config.file <(decrypt …)` is a pipe), up to `limit` bytes.
    /// - Parameter patience: how long a pipe may stay silent, in milliseconds. Opened without O_NONBLOCK, a pipe without
    ///   a writer would block the caller for ever.
    package init(path: String, limit: Int, patience: Int32 = TextFile.patience) throws(Failure) {
        guard !path.utf8.contains(0) else { throw Failure("the path contains a NUL byte") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(errno: errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw Failure(errno: EISDIR) }

        bytes = []
        mode = status.st_mode
        // No larger than the file: the threads of a thousand nodes may read their passwords at the same time.
        let expected = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : .max
        var chunk = [UInt8](repeating: 0, count: max(256, min(expected, 64 * 1024) + 1))
        while true {
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&readable, 1, patience) == 0 { throw Failure("it is a pipe, and no data arrived in time") }
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw Failure(errno: errno)
            }
            if count == 0 { return }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw Failure("it is larger than \(Quantity.text(bytes: UInt64(limit)))")
            }
        }
    }
}

/// A text file, and its text.
/// - Throws: why it cannot be read, or the position at which it stops being text.
package func readText(path: String, limit: Int) throws(ConfigurationError) -> (file: TextFile, text: String) {
    let file: TextFile
    do {
        file = try TextFile(path: path, limit: limit)
    } catch {
        throw ConfigurationError(Problem(file: path, message: "cannot be read: \(error.reason)"))
    }
    do {
        return (file, try decodeText(file.bytes))
    } catch {
        throw Origin(file: path, at: error.position).error(error.reason)
    }
}

/// The position at which a file stops being UTF-8 text, and why.
package struct InvalidText: Error {
    package let position: Position
    package let reason: String
}

/// The text without a byte order mark.
/// - Throws: the position of the first byte that is NUL or not valid UTF-8.
package func decodeText(_ bytes: [UInt8]) throws(InvalidText) -> String {
    if let zero = bytes.firstIndex(of: 0) {
        throw InvalidText(
            position: position(after: bytes[..<zero]),
            reason: "there is a NUL byte; the file must be UTF-8 text")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw InvalidText(
            position: position(after: bytes[..<validPrefix(of: bytes)]),
            reason: "there is a byte that is not valid UTF-8; save the file as UTF-8")
    }
    return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
}

private func position(after bytes: ArraySlice<UInt8>) -> Position {
    let lineStart = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.startIndex
    let isStart = { (byte: UInt8) in byte & 0xC0 != 0x80 }
    return Position(
        line: bytes.count { $0 == UInt8(ascii: "\n") } + 1, column: bytes[lineStart...].count(where: isStart) + 1)
}

private func validPrefix(of bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var valid = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
        valid += UTF8.width(scalar)
    }
    return valid
}
