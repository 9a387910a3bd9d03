import Foundation

/// A directory for one test, removed afterwards.
func withScratchDirectory<Result>(_ body: (ScratchDirectory) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(ScratchDirectory(path: path))
}

struct ScratchDirectory {
    let path: String

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try write(name, bytes: Array(text.utf8), mode: mode)
    }

    @discardableResult
    func write(_ name: String, bytes: [UInt8], mode: Int = 0o600) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}
