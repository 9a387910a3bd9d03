internal import Documents

/// The only line of a file, or of a program's output, that holds a password.
struct PasswordText {
    struct Fault: Error {
        /// Continues a sentence that begins with what was read.
        let reason: String
    }

    let secret: Secret

    init(_ bytes: [UInt8]) throws(Fault) {
        var text: String
        do { text = try decodeText(bytes) } catch { throw Fault(reason: "is not UTF-8 text") }
        if let last = text.last, isLineEnd(last) { text.removeLast() }
        guard !text.isEmpty else { throw Fault(reason: "is empty") }
        guard !text.contains(where: isLineEnd) else {
            throw Fault(reason: "has more than one line; it must contain only the password")
        }
        secret = Secret(text)
    }
}
