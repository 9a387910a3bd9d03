internal import Glibc
internal import Synchronization

/// One connection of a fault server. Blocks; runs on a thread of its own.
struct Conversation {
    let socket: Int32
    let number: Int
    let shared: Shared

    private var sequence: UInt8 = 0
    private var interval: Int32?

    /// The connection is no longer usable.
    private struct Gone: Error {}

    private enum Command {
        static let quit: UInt8 = 1
        static let query: UInt8 = 3
    }

    init(socket: Int32, number: Int, shared: Shared) {
        self.socket = socket
        self.number = number
        self.shared = shared
    }

    mutating func run() {
        do throws(Gone) {
            try take(shared.state.withLock(\.script).greeting(number))
            var queries = 0
            while true {
                let packet = try receive()
                switch packet.first {
                case Command.query:
                    try answer(String(decoding: packet.dropFirst(), as: UTF8.self), index: queries)
                    queries += 1
                case Command.quit:
                    shared.state.withLock { $0.journal.quits += 1 }
                    return
                default:
                    try send(packet: Payload.ok())
                }
            }
        } catch {}  // The client is gone, or the script closed the connection; conversations end either way.
    }

    private mutating func answer(_ text: String, index: Int) throws(Gone) {
        let query = Query(connection: number, number: index, text: text)
        let script = shared.state.withLock { state in
            if shared.keepsJournal { state.journal.queries.append((query, wallClock())) }
            return state.script
        }
        shared.events.yield(.queried(connection: number, text: text))
        try take(script.answer(query))
    }

    private mutating func take(_ steps: [Step]) throws(Gone) {
        // Everything without a pause in between is sent at once, as by a real server.
        var pending: [UInt8] = []
        for step in steps {
            switch step {
            case .packet(let payload):
                pending += Payload.framed(payload, sequence: &sequence)
                continue
            case .bytes(let bytes):
                pending += bytes
                continue
            default:
                try send(pending)
                pending = []
            }
            try perform(step)
        }
        try send(pending)
    }

    private mutating func perform(_ step: Step) throws(Gone) {
        switch step {
        case .packet(let payload): try send(packet: payload)
        case .bytes(let bytes): try send(bytes)
        case .endless(let payload): try sendEndlessly(payload)
        case .flood(let bytes): while true { try send(bytes) }
        case .drip(let milliseconds): interval = milliseconds
        case .receive:
            let packet = try receive()
            if shared.keepsJournal { shared.state.withLock { $0.journal.answers.append(packet) } }
        case .silence: while true { _ = try read(upTo: 1 << 16) }
        case .end:
            shutdown(socket, Int32(SHUT_WR))
            while true { _ = try read(upTo: 1 << 16) }
        case .deafness:
            try wait(milliseconds: -1)
            throw Gone()
        case .wait(let gate): try wait(milliseconds: -1, gate: gate.waitable)
        case .close: throw Gone()
        }
    }

    // MARK: - Bytes

    private mutating func send(packet payload: [UInt8]) throws(Gone) {
        try send(Payload.framed(payload, sequence: &sequence))
    }

    private mutating func sendEndlessly(_ payload: [UInt8]) throws(Gone) {
        while payload.count > 1 << 12 { try send(packet: payload) }
        // Has to be faster than the client reads, or the client would wait now and then. After 256 packets the sequence
        // numbers repeat.
        var block: [UInt8] = []
        while block.count < 1 << 16 {
            for _ in 0...UInt8.max { block += Payload.framed(payload, sequence: &sequence) }
        }
        while true { try send(block) }
    }

    private func send(_ bytes: [UInt8]) throws(Gone) {
        guard let interval else { return try write(bytes[...]) }
        for index in bytes.indices {
            try wait(milliseconds: interval)
            try write(bytes[index...index])
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>) throws(Gone) {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 {
                if errno == EINTR { continue }
                throw Gone()
            }
            rest = rest.dropFirst(sent)
        }
    }

    /// The client's next packet; the answer to it continues with the next sequence number.
    private mutating func receive() throws(Gone) -> [UInt8] {
        var packet: [UInt8] = []
        while true {
            let header = try read(exactly: 4)
            let length = Int(header[0]) | Int(header[1]) << 8 | Int(header[2]) << 16
            sequence = header[3] &+ 1
            packet += try read(exactly: length)
            if length < Payload.longest { return packet }
        }
    }

    private func read(exactly count: Int) throws(Gone) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += try read(upTo: count - bytes.count) }
        return bytes
    }

    private func read(upTo count: Int) throws(Gone) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let received = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
            if received > 0 {
                shared.state.withLock { $0.journal.bytesReceived += received }
                return Array(bytes.prefix(received))
            }
            if received < 0, errno == EINTR { continue }
            throw Gone()
        }
    }

    /// Waits until the gate opens or the time is up.
    /// - Throws: if the client goes away meanwhile.
    private func wait(milliseconds: Int32, gate: Int32 = -1) throws(Gone) {
        var polled = [
            pollfd(fd: socket, events: Int16(POLLRDHUP), revents: 0),
            pollfd(fd: gate, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let status = poll(&polled, 2, milliseconds)
            if status < 0, errno == EINTR { continue }
            if status < 0 || polled[0].revents != 0 { throw Gone() }
            return
        }
    }
}

/// Epoch seconds.
private func wallClock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Linux, poll(2): the peer has closed its end. Glibc's header defines it only with _GNU_SOURCE.
private let POLLRDHUP: Int32 = 0x2000
