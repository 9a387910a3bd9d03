package import Replication

/// The tables that the exporter writes, as it creates them, and as `grants` prints them.
package enum OwnTable {
    /// pt-heartbeat's own definition (its manual, "MAGIC_create_heartbeat"), with InnoDB, so that a replica's crash does not
    /// corrupt the table.
    package static func heartbeat(_ table: TableName) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(table.quoted) (\
        ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED NOT NULL PRIMARY KEY, file VARCHAR(255) DEFAULT NULL, \
        position BIGINT UNSIGNED DEFAULT NULL, relay_master_log_file VARCHAR(255) DEFAULT NULL, \
        exec_master_log_pos BIGINT UNSIGNED DEFAULT NULL) ENGINE = InnoDB
        """
    }

    /// Each run of the sentinel has a row of its own under a unique key.
    package static func sentinel(_ table: TableName) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(table.quoted) (id CHAR(32) NOT NULL PRIMARY KEY, \
        value TINYINT UNSIGNED NOT NULL, written TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE = InnoDB
        """
    }

    /// A row for each checker and server.
    package static func lastCheck(_ table: TableName) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(table.quoted) (checker VARCHAR(100) NOT NULL, server_id INT UNSIGNED NOT NULL, \
        epoch DECIMAL(17,6) NOT NULL, PRIMARY KEY (checker, server_id)) ENGINE = InnoDB
        """
    }

    /// As in pt-table-checksum's manual, except for the character sets: a boundary may contain any text, and `Orders`
    /// and `orders` may be two tables.
    package static func checksums(_ table: TableName) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(table.quoted) (
            db CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
            tbl CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
            chunk INT NOT NULL,
            chunk_time FLOAT NULL,
            chunk_index VARCHAR(200) NULL,
            lower_boundary TEXT NULL,
            upper_boundary TEXT NULL,
            this_crc CHAR(40) NOT NULL,
            this_cnt INT NOT NULL,
            master_crc CHAR(40) NULL,
            master_cnt INT NULL,
            ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
            PRIMARY KEY (db, tbl, chunk),
            INDEX ts_db_tbl (ts, db, tbl)
        ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4
        """
    }

    /// The database of a table, without which the table cannot be created.
    package static func database(of table: TableName) -> String {
        "CREATE DATABASE IF NOT EXISTS \(table.quotedDatabase)"
    }
}
