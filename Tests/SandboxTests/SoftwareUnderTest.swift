import Sandbox
import Testing

/// All tests here start servers; one after the other, so that they do not compete for the machine.
@Suite("Sandbox", .serialized)
enum SandboxSuite {}

/// The server software that these tests run on: this machine's MariaDB, without which they fail, and the available
/// roots of other releases (`scripts/server-root.sh`).
enum SoftwareUnderTest {
    static let all = Task {
        var all = [try await ServerSoftware.find("mariadb")]
        for name in await ServerSoftware.available() where name.contains("-") {
            all.append(try await ServerSoftware.find(name))
        }
        return all
    }
}
