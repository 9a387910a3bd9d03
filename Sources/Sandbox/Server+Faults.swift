import Foundation
import MariaDB

/// Faults of a single server, and their repair.
extension Server {
    // MARK: - Replication threads

    /// Stops fetching from the source. The channel is "" for the default one, as everywhere.
    package func stopIO(channel: String = "") async throws(SandboxError) {
        try await sql(statements.stop(.io, channel: channel))
    }

    package func startIO(channel: String = "") async throws(SandboxError) {
        try await sql(statements.start(.io, channel: channel))
    }

    /// Stops applying what was fetched.
    package func stopSQL(channel: String = "") async throws(SandboxError) {
        try await sql(statements.stop(.sql, channel: channel))
    }

    package func startSQL(channel: String = "") async throws(SandboxError) {
        try await sql(statements.start(.sql, channel: channel))
    }

    /// What a replica of this server has to have, by MariaDB's GTIDs; nil for MySQL, whose replicas determine it
    /// themselves.
    var gtidPosition: String? {
        get async throws(SandboxError) {
            guard software.flavor == .mariadb else { return nil }
            return try await sql("SELECT @@global.gtid_binlog_pos AS position").first?.text("position")
        }
    }

    // MARK: - The process

    /// The server stops answering while its connections stay open, like a hung machine or a cut cable. Its threads stop
    /// one after the other; all have stopped when this returns.
    package func freeze() async {
        signal(SIGSTOP)
        for _ in 0..<1000 where !areThreadsStopped {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }
        }
    }

    /// The state after the program's name in `/proc/<process>/task/<thread>/stat` (proc(5)).
    private var areThreadsStopped: Bool {
        guard let pid, let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") else {
            return true
        }
        return threads.allSatisfy { thread in
            let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/stat", encoding: .utf8)
            guard let state = text?.split(separator: ")").last?.split(separator: " ").first else { return true }
            return state == "T" || state == "t" || state == "Z" || state == "X"
        }
    }

    package func thaw() { signal(SIGCONT) }

    /// Makes the next start that of another server with the same data: MySQL generates a new server_uuid. (server_id is
    /// an option.)
    package nonisolated func forgetIdentity() { unlink("\(dataFolder)/auto.cnf") }

    // MARK: - Locks

    /// Locks the sandbox's table against all other sessions, including the applier, so that a replica falls behind
    /// while both of its threads run. Lasts until `unlock`, or until the server ends.
    package func lock() async throws(SandboxError) {
        guard lockHolder == nil else { return }
        let holder = anotherSession()
        // A group's secondary is super-read-only, and lets nobody write, not even by a lock.
        let statement =
            cluster?.kind == .group ? "FLUSH TABLES WITH READ LOCK" : "LOCK TABLES \(SandboxTable.name) WRITE"
        do {
            _ = try await holder.run([statement], deadline: .now + .seconds(10))
        } catch {
            await holder.close()
            throw .refused(node: name, statement: statement, error)
        }
        lockHolder = holder
    }

    package func unlock() async {
        guard let holder = lockHolder else { return }
        lockHolder = nil
        await holder.close()
    }

    // MARK: - Binlogs

    /// Starts a new binlog file.
    package func rotateBinlog() async throws(SandboxError) { try await sql("FLUSH BINARY LOGS") }

    /// Removes every binlog file but the newest. A replica that still needs one of them can never catch up on its own.
    /// - Throws: `SandboxError.refused`, or `.timeout` if the server keeps the files because a replica is reading them.
    package func purgeBinlogs() async throws(SandboxError) {
        try await rotateBinlog()
        let newest = try await binlogPosition().file
        try await eventually("\(name) to purge its binlogs", deadline: .now + .seconds(10)) {
            () throws(SandboxError) in
            try await sql("PURGE BINARY LOGS TO '\(newest)'")
            return try await sql("SHOW BINARY LOGS").rowCount == 1
        }
    }

    // MARK: - Data

    /// Writes a row and logs it to the binlog: on a replica this is a transaction that its source does not have.
    /// - Returns: the row's ID.
    @discardableResult
    package func write(note: String = "") async throws(SandboxError) -> UInt64 {
        let text = note.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "''")
        try await sql("INSERT INTO \(SandboxTable.name) (note) VALUES ('\(text)')")
        guard let id = try await sql("SELECT LAST_INSERT_ID() AS id").first?.unsigned("id") else {
            throw .wiring("\(name) gave its row no id")
        }
        return id
    }

    /// Whether the row exists here.
    package func has(row id: UInt64) async throws(SandboxError) -> Bool {
        try await !sql("SELECT id FROM \(SandboxTable.name) WHERE id = \(id)").isEmpty
    }

    /// Changes data only here, bypassing the binlog.
    package func withoutBinlog(_ statement: String) async throws(SandboxError) {
        try await sql("SET SESSION sql_log_bin = 0")
        let outcome: Result<Void, SandboxError>
        do {
            try await sql(statement)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await sql("SET SESSION sql_log_bin = 1")
        try outcome.get()
    }
}

/// The tables of a sandbox.
enum SandboxTable {
    /// The table that writes go to.
    static let name = "sandbox.entries"
    /// The table in which duplicate keys are provoked.
    static let conflicts = "sandbox.conflicts"

    /// Repeatable, because in a ring and in multi-source replication several nodes run them.
    static let statements = [
        "CREATE DATABASE IF NOT EXISTS sandbox",
        """
        CREATE TABLE IF NOT EXISTS \(name) (
            id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
            note VARCHAR(255) NOT NULL,
            written TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
        ) ENGINE = InnoDB
        """,
        """
        CREATE TABLE IF NOT EXISTS \(conflicts) (
            id BIGINT UNSIGNED PRIMARY KEY,
            note VARCHAR(255) NOT NULL
        ) ENGINE = InnoDB
        """,
    ]
}
