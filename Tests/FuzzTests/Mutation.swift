/// A seeded source of randomness (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

/// One hostile conversation: a recorded one with one changed turn. Determined by the seed.
struct Mutation: Sendable {
    let seed: UInt64
    let conversation: String
    /// Sent as recorded, each before a packet from the client.
    let before: [[UInt8]]
    /// Sent after that, all at once.
    let changed: [UInt8]

    init(seed: UInt64, of conversations: [RecordedConversation]) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let recorded = conversations[random.below(conversations.count)]
        conversation = recorded.name
        let turn = random.below(recorded.turns.count)
        before = Array(recorded.turns[..<turn])

        var packets = WirePacket.split(recorded.turns[turn])
        for _ in 0...random.below(4) { Self.change(&packets, &random) }
        var bytes = packets.flatMap(\.bytes)
        for _ in 0..<random.below(3) { Self.flip(&bytes, &random) }
        if random.below(8) == 0 {
            changed = Array(bytes.prefix(random.below(bytes.count + 1)))  // followed by nothing
        } else {
            changed = bytes + recorded.turns[(turn + 1)...].flatMap(\.self)
        }
    }

    private static func flip(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        for _ in 0...random.below(8) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
    }

    private static func change(_ packets: inout [WirePacket], _ random: inout SeededGenerator) {
        guard !packets.isEmpty else {
            packets.append(WirePacket(sequence: UInt8(random.below(256)), payload: random.bytes(random.below(300))))
            return
        }
        let index = random.below(packets.count)
        let size = packets[index].payload.count
        switch random.below(14) {
        case 0 where size > 0:
            let words: [UInt8] = [0, 1, 0x7F, 0x80, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF]
            packets[index].payload[random.below(size)] = words[random.below(words.count)]
        case 1:
            packets[index] = WirePacket(
                sequence: packets[index].sequence, payload: Array(packets[index].payload.prefix(random.below(size + 1)))
            )
        case 2: packets[index].length = [0, size - 1, size + 1, 0xFF_FFFF, random.below(1 << 24)][random.below(5)]
        case 3: packets[index].sequence = UInt8(random.below(256))
        case 4: packets.insert(contentsOf: Array(repeating: packets[index], count: 1 + random.below(200)), at: index)
        case 5: packets.remove(at: index)
        case 6: packets.swapAt(index, random.below(packets.count))
        case 7:
            let starts: [UInt8] = [0x00, 0xFB, 0xFE, 0xFF, UInt8(random.below(256))]
            packets.insert(
                WirePacket(
                    sequence: packets[index].sequence,
                    payload: [starts[random.below(starts.count)]] + random.bytes(random.below(300))), at: index)
        case 8 where size > 0:
            let lengths: [[UInt8]] = [
                [0xFC, 0xFF, 0xFF], [0xFD, 0xFF, 0xFF, 0xFF], [0xFE] + [UInt8](repeating: 0xFF, count: 8),
                [0xFE, 0, 0, 0, 0, 1, 0, 0, 0], [0xFE, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0],
            ]
            let length = lengths[random.below(lengths.count)]
            var payload = packets[index].payload
            let start = random.below(size)
            payload.replaceSubrange(start..<min(size, start + (random.below(2) == 0 ? 1 : length.count)), with: length)
            packets[index] = WirePacket(sequence: packets[index].sequence, payload: payload)
        case 9:
            let more = [8, 300, 4096, 70_000][random.below(4)]
            packets[index] = WirePacket(
                sequence: packets[index].sequence, payload: packets[index].payload + random.bytes(random.below(more)))
        case 10:
            packets[index] = WirePacket(sequence: packets[index].sequence, payload: random.bytes(size))
        case 11:
            packets[index] = WirePacket(sequence: packets[index].sequence, payload: [])
        case 12:
            // One more result announced, or one less: the bit 8 of the status, in the last EOF or OK packet before here.
            if let end = packets[...index].lastIndex(where: { $0.payload.first == 0xFE && $0.payload.count == 5 }) {
                packets[end].payload[3] ^= 8
            } else if let ok = packets[...index].lastIndex(where: { $0.payload.first == 0 && $0.payload.count >= 5 }) {
                packets[ok].payload[3] ^= 8
            }
        default:
            packets.removeSubrange((index + 1)...)
        }
    }
}
