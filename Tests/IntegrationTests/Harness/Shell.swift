import Foundation
import Sandbox

/// Runs a command in the shell and returns its output from both streams.
/// - Parameter folder: its working directory, and where its `.curlrc` is.
func shell(_ command: String, in folder: String, of sandbox: Sandbox) async throws -> String {
    let output = "\(folder)/shell-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: output) }
    let environment = ChildProcess.neutralEnvironment.merging(["CURL_HOME": folder]) { $1 }
    let process = try ChildProcess.start(
        ["/bin/sh", "-c", "cd '\(folder)'; \(command)"], environment: environment, group: sandbox.processGroup,
        output: output)
    await process.ended()
    return try String(contentsOfFile: output, encoding: .utf8).replacing("\r\n", with: "\n")
}
