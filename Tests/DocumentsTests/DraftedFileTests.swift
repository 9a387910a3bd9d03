import Documents
import Foundation
import Glibc
import Synchronization
import Testing

@Suite("Files that are replaced as a whole")
struct DraftedFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("drafts-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func content(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test("The content is on the disk before it takes the place of the old one, and then the directory is")
    func order() throws {
        try withFolder { folder in
            let path = "\(folder)/file"
            try DraftedFile.write("old", to: path, mode: 0o600)
            let seen = Mutex<[String]>([])
            try DraftedFile.write(
                "new", to: path, mode: 0o600,
                sync: { descriptor in
                    var status = stat()
                    fstat(descriptor, &status)
                    let what = status.st_mode & S_IFMT == S_IFDIR ? "directory" : "\(status.st_size) bytes"
                    seen.withLock { $0.append("\(what), \(Self.content(path) ?? "none")") }
                    return 0
                })
            #expect(seen.withLock { $0 } == ["3 bytes, old", "directory, new"])
        }
    }

    @Test("If the content does not get to the disk, the old one stays")
    func failure() throws {
        try withFolder { folder in
            let path = "\(folder)/file"
            try DraftedFile.write("old", to: path, mode: 0o600)
            #expect(throws: DraftedFile.Failure.self) {
                try DraftedFile.write(
                    "new", to: path, mode: 0o600,
                    sync: { _ in
                        errno = EIO
                        return -1
                    })
            }
            #expect(Self.content(path) == "old")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }
}
