/// Writes a page into memory allocated for all of it: nothing grows, and each piece only costs a bounds check.
struct PageWriter {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    /// Bytes written.
    private(set) var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) { self.memory = memory }

    mutating func write(_ byte: UInt8) {
        memory[checked(count)] = byte
        count += 1
    }

    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { write($0) }
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { write($0) }
    }

    private mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, let target = memory.baseAddress, !bytes.isEmpty else { return }
        _ = checked(count + bytes.count - 1)
        (target + count).initialize(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Cannot fail: the memory was sized for exactly these samples (`Exposition.sizeBound`).
    private func checked(_ index: Int) -> Int {
        precondition(index < memory.count)
        return index
    }

    /// Writes the shortest text that parses back to `value`. Most values are whole numbers, which are written without
    /// an intermediate `String`.
    mutating func write(_ value: Double) {
        if value.magnitude < 0x1p53 {
            let whole = Int64(value)
            if Double(whole) == value { return write(whole: whole) }
        }
        if value.isNaN {
            write("NaN")
        } else if value.isInfinite {
            write(value < 0 ? "-Inf" : "+Inf")
        } else {
            write(value.description)
        }
    }

    private mutating func write(whole value: Int64) {
        if value < 0 { write(.minus) }
        var rest = value.magnitude
        if rest < 10 { return write(.zero + UInt8(truncatingIfNeeded: rest)) }
        var digits = 0
        while rest > 0 {
            rest /= 10
            digits += 1
        }
        rest = value.magnitude
        var index = checked(count + digits - 1)
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            memory[index] = .zero + UInt8(truncatingIfNeeded: digit)
            index -= 1
            rest = quotient
        }
        count += digits
    }
}
