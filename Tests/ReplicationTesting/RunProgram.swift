import CSpawn
import Foundation

/// What a program left behind.
package struct ProgramOutcome: Sendable {
    /// Its exit status; negative for the signal that ended it.
    package let status: Int32
    /// Its standard output.
    package let output: [UInt8]
    /// Its standard error.
    package let complaint: String

    /// Both as text, as a terminal would show them if it wrote all of its output first.
    package var text: String { String(decoding: output, as: UTF8.self) + complaint }
}

/// Runs a program, looked up in PATH, and waits until it has ended.
///
/// Not Foundation's Process: it copies the entries of /proc/self/fd in their full size, also the last ones of the buffer, and
/// crashes now and then where thousands of files are open, as they are beside other tests.
/// - Parameters:
///   - folder: where it runs; nil for that of the tests.
///   - input: a file to read from.
/// - Throws: if it cannot be started.
package func runProgram(
    _ command: [String], in folder: String? = nil, input: String = "/dev/null"
) throws -> ProgramOutcome {
    let output = try scratchFile()
    defer { close(output) }
    let complaint = try scratchFile()
    defer { close(complaint) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, complaint, STDERR_FILENO)
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }

    var process = pid_t()
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let code = posix_spawnp(&process, command.first ?? "", &actions, nil, &arguments, environ)
    guard code == 0 else { throw CannotRun("\(command): \(String(cString: strerror(code)))") }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
        guard errno == EINTR else { throw CannotRun("\(command): its end was not seen") }
    }
    return ProgramOutcome(
        status: status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f), output: contents(of: output),
        complaint: String(decoding: contents(of: complaint), as: UTF8.self))
}

/// A file without a name.
private func scratchFile() throws -> Int32 {
    var path = Array("\(NSTemporaryDirectory())program-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    guard file >= 0 else { throw CannotRun("no scratch file: \(String(cString: strerror(errno)))") }
    unlink(path)
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    return file
}

private func contents(of file: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = pread(file, &part, part.count, off_t(bytes.count))
        guard count > 0 else { return bytes }
        bytes += part.prefix(count)
    }
}

private struct CannotRun: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
