internal import Synchronization

extension Script {
    /// The same script for a server that is asked the same things repeatedly: the bytes of an answer are built once.
    /// Only for scripts whose answers depend on nothing but the query's text; answers that are not made of packets
    /// alone are built each time.
    package var memorised: Script {
        let memory = Memory()
        return Script(
            greeting: greeting,
            answer: { query in
                if let known = memory.answers.withLock({ $0[query.text] }) { return known }
                let steps = answer(query)
                guard let bytes = steps.asBytes else { return steps }
                memory.answers.withLock { $0[query.text] = [.bytes(bytes)] }
                return [.bytes(bytes)]
            })
    }

    private final class Memory: Sendable {
        let answers = Mutex<[String: [Step]]>([:])
    }
}

extension [Step] {
    /// The bytes sent in answer to a query, if it consists of packets alone.
    package var asBytes: [UInt8]? {
        var sequence: UInt8 = 1  // the query's is 0
        var bytes: [UInt8] = []
        for step in self {
            guard case .packet(let payload) = step else { return nil }
            bytes += Payload.framed(payload, sequence: &sequence)
        }
        return bytes
    }
}
