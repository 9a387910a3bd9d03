internal import Glibc

/// Holds a fault server up until a test opens it.
package final class Gate: Sendable, Equatable {
    /// The end of a pipe that becomes readable once the gate is open.
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

    /// Lets all through, now and later.
    package func open() {
        withUnsafeBytes(of: UInt8(1)) { _ = write(opening, $0.baseAddress, 1) }
    }

    package static func == (left: Gate, right: Gate) -> Bool { left === right }
}

/// A system call that failed.
package struct FaultServerError: Error, CustomStringConvertible {
    package let description: String

    init(_ call: String, _ errno: Int32) {
        description = "\(call): \(String(cString: strerror(errno)))"
    }
}
