import Foundation

/// What a real server sent to the exporter, turn by turn: the greeting, then its answer to each packet of the client
/// (`Tests/Fixtures/packets`).
struct RecordedConversation: Sendable {
    let name: String
    let turns: [[UInt8]]

    static let all = all(in: "packets")

    /// From a folder of `Tests/Fixtures`.
    static func all(in folder: String) -> [RecordedConversation] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/\(folder)").resolvingSymlinksInPath()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".hex") }.sorted().map { name in
            let text = (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .ascii)) ?? ""
            return RecordedConversation(name: name, turns: text.split(separator: "\n").map(bytes(ofHex:)))
        }
    }

    private static func bytes(ofHex text: Substring) -> [UInt8] {
        let digits = Array(text.utf8).map { UInt8($0 > 0x39 ? $0 - 0x61 + 10 : $0 - 0x30) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// A packet of the protocol: three bytes of length, a sequence number, the payload.
struct WirePacket: Sendable {
    /// The length in the header, which may be wrong.
    var length: Int
    var sequence: UInt8
    var payload: [UInt8]

    init(sequence: UInt8, payload: [UInt8]) {
        length = payload.count
        self.sequence = sequence
        self.payload = payload
    }

    var bytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8),
            UInt8(truncatingIfNeeded: length >> 16),
        ]
            + [sequence] + payload
    }

    static func split(_ bytes: [UInt8]) -> [WirePacket] {
        var packets: [WirePacket] = []
        var rest = bytes[...]
        while rest.count >= 4 {
            let header = Array(rest.prefix(4))
            let length = Int(header[0]) | Int(header[1]) << 8 | Int(header[2]) << 16
            packets.append(WirePacket(sequence: header[3], payload: Array(rest.dropFirst(4).prefix(length))))
            rest = rest.dropFirst(4 + length)
        }
        return packets
    }
}
