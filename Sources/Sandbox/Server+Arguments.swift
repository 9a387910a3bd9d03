extension Server {
    /// The server program's options: small, on loopback, with a binlog, and without any of the machine's own settings.
    nonisolated var arguments: [String] {
        // Must come first.
        ["--no-defaults"] + common + ofFlavor + (cluster?.arguments(name: name, port: port) ?? []) + settings.arguments
            + node.arguments
    }

    private nonisolated var common: [String] {
        [
            "--datadir=\(folder.inside(dataFolder))",
            "--socket=\(folder.inside(socketPath))",
            // A MariaDB server that starts removes every temporary table in this directory, also another server's.
            "--tmpdir=\(folder.inside(temporaryPath))",
            "--pid-file=\(folder.inside(dataFolder))/server.pid",
            "--bind-address=127.0.0.1",
            "--port=\(port)",
            "--server-id=\(serverID)",
            "--log-bin=binlog",
            "--relay-log=relay",
            "--report-host=127.0.0.1",
            "--report-port=\(port)",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=16M",
            // Prevents collisions between two writers in a ring and in multi-source replication.
            "--auto-increment-increment=9",
            "--auto-increment-offset=\((serverID - 1) % 9 + 1)",
        ] + (node.isWritable ? [] : ["--read-only=1"]) + (folder.user == nil ? [] : ["--user=mysql"])
    }

    private nonisolated var ofFlavor: [String] {
        switch software.flavor {
        case .mariadb:
            [
                "--log-slave-updates=1",
                "--performance-schema=OFF",
                "--innodb-log-file-size=4M",
                "--gtid-strict-mode=\(settings.isGTIDStrict ? 1 : 0)",
                // One domain per writer: transactions of two writers have no common order.
                "--gtid-domain-id=\(node.isWritable ? serverID - 1 : 0)",
            ]
        case .mysql:
            [
                "--mysqlx=OFF",
                "--secure-file-priv=",
                // Without it a replica without auto-positioning loses its place in a crash; it is off by default only for
                // compatibility.
                "--relay-log-recovery=ON",
                "--innodb-redo-log-capacity=16M",
                "--gtid-mode=\(settings.usesGTID ? "ON" : "OFF")",
                "--enforce-gtid-consistency=\(settings.usesGTID ? "ON" : "OFF")",
            ]
        }
    }
}
