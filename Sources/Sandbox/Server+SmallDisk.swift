import Foundation
import MariaDB
import Replication

/// A file system of a few megabytes, in memory, in the folder of a sandbox.
package struct SmallDisk: Sendable {
    /// On this machine.
    let path: String

    /// Frees space by enlarging it. A server out of space checks again after a minute.
    package func grow() throws(SandboxError) {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=256m") == 0 else {
            throw .system(doing: "grow the file system on \(path)", errno: errno)
        }
    }

    /// Unmounts it, even if files on it are still open. Call this before the sandbox ends.
    package func remove() { umount2(path, Int32(MNT_DETACH)) }
}

extension Server {
    /// Restarts the server with a log on a small disk of its own.
    /// - Parameter option: the option of the log, such as `--log-bin`.
    /// - Throws: `SandboxError.system` without root privileges.
    package func restart(
        _ option: String, onDiskOf megabytes: Int, with extra: [String] = []
    ) async throws(SandboxError) -> SmallDisk {
        let disk = SmallDisk(path: try folder.makeServerFolder("disk-of-\(name)"))
        let owner = folder.user.map { ",uid=\($0.id),gid=\($0.group)" } ?? ""
        guard mount("tmpfs", disk.path, "tmpfs", 0, "size=\(megabytes)m,mode=700\(owner)") == 0 else {
            throw .system(doing: "mount a file system on \(disk.path)", errno: errno)
        }
        do throws(SandboxError) {
            try await restart(with: ["\(option)=\(folder.inside(disk.path))/log"] + extra)
            return disk
        } catch {
            disk.remove()
            throw error
        }
    }

    /// Writes until one of the writers waits for space, and leaves it waiting.
    package func fillDisk(within time: Duration = .seconds(30)) async throws(SandboxError) {
        try await sql("CREATE TABLE IF NOT EXISTS sandbox.bulk (body LONGTEXT)")
        let deadline = ContinuousClock.now + time
        while ContinuousClock.now < deadline {
            let writer = anotherSession()
            var failure: MySQLError?
            do throws(MySQLError) {
                _ = try await writer.run(
                    ["INSERT INTO sandbox.bulk VALUES (REPEAT('q', 1000000))"], deadline: .now + .seconds(3))
            } catch {
                failure = error
            }
            await writer.close()
            guard let failure else { continue }
            if failure.phase == .timeout { return }
            throw .refused(node: name, statement: "INSERT of a megabyte", failure)
        }
        throw .timeout(waitingFor: "the disk of \(name) to be full")
    }
}
