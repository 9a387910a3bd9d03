import FaultServer
import Foundation
import Testing

/// A recording in `Tests/Fixtures`.
struct Fixture: Sendable, CustomTestStringConvertible {
    /// `flavor-version/situation`.
    let name: String

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").resolvingSymlinksInPath()

    /// All recordings of servers.
    static let all: [Fixture] = {
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { Fixture(name: String($0.dropLast(5))) }
    }()

    var testDescription: String { name }

    var recording: Recording {
        get throws {
            let file = Self.folder.appendingPathComponent(name + ".json")
            return try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
        }
    }
}
