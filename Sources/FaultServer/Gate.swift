internal import Glibc

/// Something that a fault server waits for until a test lets it happen.
package final class Gate: Sendable, Equatable {
    /// Readable, at its end, once the gate is open.
    let waitable: Int32
    private let opening: Int32

    package init() throws(FaultServerError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FaultServerError("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        waitable = ends[0]
        opening = ends[1]
    }

    deinit {
        close(waitable)
        close(opening)
    }

    /// Lets everybody through, now and later.
    package func open() {
        withUnsafeBytes(of: UInt8(1)) { _ = write(opening, $0.baseAddress, 1) }
    }

    package static func == (left: Gate, right: Gate) -> Bool { left === right }
}

/// What the system refused.
package struct FaultServerError: Error, CustomStringConvertible {
    package let description: String

    init(_ call: String, _ errno: Int32) {
        description = "\(call): \(String(cString: strerror(errno)))"
    }
}
