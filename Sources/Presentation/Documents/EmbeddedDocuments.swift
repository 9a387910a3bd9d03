// Written by `RECORD=1 swift test --filter DocumentationTests` from docs; do not edit.
// swift-format-ignore-file

/// What the exporter serves to read: the files of docs/runbooks, and docs/metrics.md. As text in the source rather than as
/// resources of the package, which would be compiled as lists of bytes and take a minute to.
enum EmbeddedDocuments {
    static let runbooks: [(name: String, text: String)] = [
("MySQLReplicationBinlogMissing", #"""
# MySQLReplicationBinlogMissing

## What it means

The source no longer has what the replica reads next. `topology` and the page say which of these it is:

- "does not have the binary log": the file was purged (a replica without GTIDs), or the source's log has
  another base name.
- "has no binary log": the source was started without `log_bin`. It can be no source until it is started with it, and what it wrote
  meanwhile is in no log: rebuild the replica afterwards.
- "has purged transactions that the replica needs": the replica uses GTIDs (`Auto_Position`, `Using_Gtid`) and lacks some
  of the source's `gtid_purged` (MySQL), or of what came before the source's oldest file (MariaDB). Files that it needs nothing of
  do not matter, whatever their names.
- "has read to …, beyond the end of the source's binary log at …": the source was reset (`RESET MASTER`) or restored from an older copy,
  or lost the end of its log in a crash. What the replica has from there on exists nowhere else, and what the source writes now may
  be skipped. Distances in bytes and transactions are absent.
- "had read to …" and "was at … in a binary log that its source no longer has": the same, seen earlier. The source's new log has passed the
  replica's position, or has used its GTIDs again, so that nothing else shows any longer that rows are missing. The exporter
  says so until it sees that the replica was rebuilt (its own binary log has started again, or it is another server) or, without GTIDs, was
  given a position by CHANGE MASTER, or the source has its former record again. A repair may show none of these: a dump that was loaded
  over the old data of a replica that uses GTIDs, a replica without a binary log, or a source that was restored to an earlier state
  together with its data, so that what its log lost is not in its tables either. Then tell the exporter that the replica is complete (with
  `--web.enable-lifecycle`), for example `curl -X POST 'http://localhost:19104/sets/shop/complete?node=db2'`, or restart it.

When the replica has to reconnect, it gets error 1236 (MySQL 8: 13114), or continues from a position that means something else now.

## Look at

- The exporter's page or `topology`: which of these it is.
- `mysql_replication_unfetched_transactions`: is anything actually missing?

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `SHOW ALL SLAVES STATUS\G` | `SHOW REPLICA STATUS\G` |
| the source | `SHOW BINARY LOGS` | `SHOW BINARY LOGS` |
| the source | `SELECT @@gtid_binlog_pos, @@gtid_binlog_state` | `SELECT @@gtid_executed, @@gtid_purged` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

The source was reset, restored, or has lost the end of its log: keep the replica, it has the only copy of what the source lost. Continue with [the replica has more than the source](MySQLReplicationIOThreadStopped.md#1236-the-replica-has-more-than-the-source).

### What the replica needs was purged

1. Stop whatever purges, on the source and on every other server that may still have what is needed: `binlog_expire_logs_seconds` and jobs ([PurgeHeadroomLow](MySQLReplicationPurgeHeadroomLow.md)).
2. Does another server of the set still have it? Any replica of the same source will do that logs what it applies. With GTIDs, ask it:

   ```sql
   -- MariaDB, the replica
   SELECT @@GLOBAL.gtid_slave_pos;
   ```

   ```sql
   -- MariaDB, another server
   SHOW BINARY LOGS;
   SELECT BINLOG_GTID_POS('<its first file>', 4) AS begins_after;
   ```

   MariaDB: in each domain of the replica and of the source, the number of `begins_after` must not be higher than the replica's. If
   `begins_after` is empty, or does not name a domain, that proves nothing: after `RESET MASTER` or a rebuild it is empty as well. Then
   the first transaction of that domain in the log decides:

   ```sql
   -- MariaDB, another server
   SHOW BINLOG EVENTS IN '<its first file>' LIMIT 20;
   ```

   The number of the first `Gtid` event of the domain must be at most one more than the replica's (1 where the replica has none), with a server
   id other than this server's own. Leave out `LIMIT` if the domain is not among these events, and look at the next files. If the log
   has no transaction of the domain at all, or the number is higher, do not use this server: **the replica would start from it without an
   error**, and skip what is missing.

   ```sql
   -- MySQL, the replica
   SELECT CONCAT_WS(',', NULLIF(RECEIVED_TRANSACTION_SET, ''), NULLIF(@@GLOBAL.gtid_executed, '')) AS has
     FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = '<channel>';
   ```

   ```sql
   -- MySQL, another server
   SELECT GTID_SUBTRACT(@@GLOBAL.gtid_purged, '<what the replica has>') AS lacking;
   ```

   MySQL: it has everything if this is empty. `RECEIVED_TRANSACTION_SET` counts only as long as the relay log is kept.
3. Then get it from there:

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<another server>', MASTER_PORT = <its port>, MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<another server>', SOURCE_PORT = <its port>, SOURCE_AUTO_POSITION = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   [WrongSource](MySQLReplicationWrongSource.md) fires meanwhile. When the replica has caught up, point it back to its own source in the same way.
4. A copy of the purged files in a backup: on MySQL and MariaDB alike, their transactions can be applied with the vendor's `binlog` tool piped into the client. On MySQL they keep their GTIDs; on MariaDB set `gtid_slave_pos` to their last transaction afterwards.
5. Otherwise [rebuild the replica](README.md#rebuild-a-replica). Do not set a later position by hand: everything in between would be missing, and nothing would show it.
6. Afterwards keep binary logs for longer than a replica may be away, for example over a long weekend:

   ```sql
   -- MariaDB 10.6 and later, the source
   SET GLOBAL binlog_expire_logs_seconds = 604800;
   ```

   ```sql
   -- MySQL, the source
   SET PERSIST binlog_expire_logs_seconds = 604800;
   ```

   MariaDB: also in my.cnf; before 10.6 `expire_logs_days`; from 11.4 also `slave_connections_needed_for_purge`, so that nothing is purged while fewer replicas are connected.

"""#),
("MySQLReplicationByteDeltaGrowing", #"""
# MySQLReplicationByteDeltaGrowing

## What it means

Both threads are running, the replica is more bytes behind than the threshold allows, and the number is growing. On a slow network
this is the only sign: the server compares only with what has arrived, and shows 0 seconds behind.

## Look at

- `mysql_replication_read_delta_bytes`: if large, the network or the source is too slow.
- `mysql_replication_apply_delta_bytes` minus that: if large, the applier is not keeping up.
- `rate(mysql_replication_binlog_position_bytes[5m])` of the source: how much it writes (the value jumps at a new file).

| on | MariaDB | MySQL |
|---|---|---|
| replica | `SHOW ALL SLAVES STATUS\G` | `SHOW REPLICA STATUS\G` |
| source | `SHOW BINARY LOGS` | `SHOW BINARY LOGS` |
| replica | `SHOW FULL PROCESSLIST` | `SHOW FULL PROCESSLIST` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. The read delta grows: measure the network between the two servers (`iperf3`); is a backup running over the same link? On a slow link, compression helps:

   ```sql
   -- MariaDB, the replica
   SET GLOBAL slave_compressed_protocol = ON;
   STOP SLAVE '<channel>' IO_THREAD;
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_COMPRESSION_ALGORITHMS = 'zstd' FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

2. The applier is not keeping up: see [LagGrowing](MySQLReplicationLagGrowing.md).
3. A batch job is running on the primary: this passes when it ends; meanwhile watch for [PurgeHeadroomLow](MySQLReplicationPurgeHeadroomLow.md).

"""#),
("MySQLReplicationChangesNotLogged", #"""
# MySQLReplicationChangesNotLogged

## What it means

The node replicates, has replicas of its own, and does not write what it replicates to its binary log. So these replicas never get
it, nor do those below them. They look healthy: they have everything that is in the node's binary log. Load balancers give them no reads.

## Look at

- `topology` and the page: which replicas these are.
- `mysql_replication_node_total_lag_seconds` is absent for them; `mysql_replication_lag_seconds` is only that of the last hop.

| on | MariaDB | MySQL |
|---|---|---|
| the node | `SELECT @@log_slave_updates` (off by default) | `SELECT @@log_replica_updates` (on by default) |
| one of its replicas and the primary | compare a table that is written to, or run [checksum](../checksums.md) | the same |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Point the replicas at the node's own source, if it still has the binary logs that they need. They continue from where they are only with GTIDs, and only if they have not written anything themselves.

   ```sql
   -- MariaDB, the replica of the node
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<source host>', MASTER_PORT = <source port>, MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica of the node
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<source host>', SOURCE_PORT = <source port>, SOURCE_AUTO_POSITION = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   MariaDB: the source's log must reach back to where the replica is ([BinlogMissing](MySQLReplicationBinlogMissing.md#what-the-replica-needs-was-purged), step 2); if it begins later, the replica may skip what is missing without an error.
   Change `source:` in the exporter's configuration as well, and reload.
2. Or set `log_replica_updates` (MySQL before 8.0.26 and MariaDB: `log_slave_updates`) to ON in the node's configuration and restart it; the variable cannot be set while the server runs. This logs what arrives from then on. What the replicas already lack does not come by itself: [rebuild them](README.md#rebuild-a-replica) from the node.
3. Before promoting one of these replicas: it lacks everything since the setting was off.

"""#),
("MySQLReplicationChecksumDifferences", #"""
# MySQLReplicationChecksumDifferences

## What it means

A checksum run (`mysql-replication-exporter checksum`, or pt-table-checksum) found rows on this replica that differ from its
source's: changed, missing, or extra. Replication continues as if nothing were wrong. Reads from this replica return wrong data, and
promoting it would make the wrong data authoritative.

## Look at

- `mysql_replication_checksum_differences` of the node: which tables differ, and in how many chunks.
- `mysql_replication_checksum_last_run_timestamp_seconds`: when the differences were found;
  `mysql_replication_checksum_pending_chunks`: what is not known yet.
- `mysql_replication_errant_transactions`, `mysql_replication_node_read_only`: was this replica written to?

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `SELECT @@binlog_format, @@read_only` | `SELECT @@super_read_only` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Remove the replica from the read pool and from the candidates for promotion.
2. Which rows? Each line that this prints is a chunk, from the lower boundary (which is not part of it, except in the first chunk) to the
   upper one. The table is the one that is configured under `checksums:`, by default `percona.checksums`.

   ```sql
   -- the replica
   SELECT db, tbl, chunk, chunk_index, lower_boundary, upper_boundary, this_cnt, master_cnt FROM percona.checksums
     WHERE this_cnt <> master_cnt OR this_crc <> master_crc OR ISNULL(this_crc) <> ISNULL(master_crc);
   ```

   Look at the rows of such a chunk on both:

   ```sql
   -- the source
   SELECT * FROM <table> WHERE <rows of the chunk>;
   ```

   ```sql
   -- the replica
   SELECT * FROM <table> WHERE <rows of the chunk>;
   ```

3. Find the cause before you repair the data, or the differences will come back: writes on the replica; skipped errors; statements in STATEMENT
   format that give another result on the replica (`UUID()`, `LIMIT` without `ORDER BY`); a crash without a crash-safe position
   ([NotCrashSafe](MySQLReplicationNotCrashSafe.md)); an application that bypasses the binary log.
4. Whose rows are right? As a rule the source's. But if the source lost something, or an application wrote to the replica by mistake, the replica may
   have the only copy: save it first.
5. Many chunks differ: [rebuild the replica](README.md#rebuild-a-replica).
6. Few rows differ, and they are not being changed: correct them on the replica, without logging that. If the replica has replicas of its own, do the same on those. MySQL:
   `super_read_only` has to be off for it; switch it on again afterwards.

   ```sql
   -- the replica (the rows are known)
   SET SESSION sql_log_bin = 0;
   <statements that correct it>;
   ```

   Rows that are being changed: `pt-table-sync --print --replicate percona.checksums` prints statements for the source, which replicate. Read them before you have them
   executed, and never let it write to a replica.
7. Compare these tables again, with the configuration file that you use for checksums. The alert resolves after a run that finds no difference.

   ```sh
   # the exporter's machine
   mysql-replication-exporter checksum <set> --tables <tables> --config.file <configuration>
   ```

"""#),
("MySQLReplicationClockSkew", #"""
# MySQLReplicationClockSkew

## What it means

The server's clock differs from the exporter's by more than two seconds, beyond what a slow answer explains. The server's own
`Seconds_Behind`, and what else compares the clocks of source and replica, is wrong. Replication itself goes on. Applications that write
`NOW()` write wrong times.

## Look at

- `mysql_replication_node_clock_offset_seconds` of all nodes: is one off, or are all off by the same amount?

| on | MariaDB | MySQL |
|---|---|---|
| the node | `SELECT UTC_TIMESTAMP(6)` | `SELECT UTC_TIMESTAMP(6)` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. All nodes are off by the same amount, and the machines of two of them agree: the exporter's clock is wrong. Otherwise, the node's.
   On its machine:

   ```sh
   # the machine with the wrong clock (systemd and chrony, not tried)
   timedatectl
   chronyc tracking
   ```

2. Have it synchronised again (start `chrony`, repair its servers or their firewall), and let the clock run up slowly. Do not step the
   clock of a primary back: times that applications have written would come again.
3. When the node's clock is right, restart the IO threads of the channels into it and out of it, that is on the node, if it is a replica, and on
   each replica of it: the server measures the offset to its source only when the thread connects.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>' IO_THREAD;
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

"""#),
("MySQLReplicationClusterFlowControl", #"""
# MySQLReplicationClusterFlowControl

## What it means

A Galera node cannot apply as fast as the others write. When its queue exceeds a limit (`gcs.fc_limit`), it asks the cluster to wait, and
all nodes hold their commits back until it has caught up. For five minutes that has been the case for more than a tenth of the time: applications notice it
as slow commits on every node, while only one is slow. The alert names the nodes that asked for it.

A node that is desynchronized, or is held still by a backup, asks for nothing: its queue grows instead.

## Look at

- `mysql_replication_cluster_flow_control_requested`: who asks; `mysql_replication_cluster_apply_queue_transactions`: who has a queue.
- The machine of that node: disk, CPU, memory, a neighbour.

| on | MariaDB (Galera) |
|---|---|
| each node | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_flow_control_requested', 'wsrep_flow_control_sent', 'wsrep_local_recv_queue')` |
| the slow node | `SHOW FULL PROCESSLIST` |
| the slow node | `SELECT @@wsrep_slave_threads, @@innodb_flush_log_at_trx_commit, @@sync_binlog` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Which node asks for it? The one whose `wsrep_flow_control_sent` grows. (`wsrep_flow_control_paused` is the mean since the last `FLUSH STATUS`, and
   the same on all nodes.)

   ```sql
   -- MariaDB, each node
   SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_flow_control_requested', 'wsrep_flow_control_sent', 'wsrep_local_recv_queue');
   ```

2. What does its applier wait for?

   ```sql
   -- MariaDB, the slow node
   SELECT ID, USER, COMMAND, TIME, STATE, INFO FROM information_schema.PROCESSLIST ORDER BY TIME DESC;
   ```

   `Waiting for table metadata lock` of a `system user`: a session there holds a lock (`LOCK TABLES`, a long transaction, a backup). End that session:

   ```sql
   -- MariaDB, the slow node (a session holds a lock)
   KILL <id of the session>;
   ```

   One huge write set (a `DELETE` or `UPDATE` of very many rows, `LOAD DATA`, a schema change): wait for its end, and do it in parts the next time.
   A table without a primary key: each row is searched for in the whole table. Add one.
3. The reason takes longer, but the applier does get on: let this node fall behind. It then asks for nothing, load balancers that ask the
   exporter send it no reads, and its queue takes memory and disk.

   ```sql
   -- MariaDB, the slow node
   SET GLOBAL wsrep_desync = ON;
   ```

   While the applier is blocked altogether, this hangs, and a higher `gcs.fc_limit` does not end the wait either: end what blocks it (step 2), or stop
   the server, and the others go on without it.
4. It is merely slower than the others: more appliers help if the write sets do not depend on each other (`wsrep_cert_deps_distance` is the most
   that is of use).

   ```sql
   -- MariaDB, the slow node
   SHOW GLOBAL STATUS LIKE 'wsrep_cert_deps_distance';
   SET GLOBAL wsrep_slave_threads = <number>;
   ```

   Otherwise give it the machine that the others have. The slowest node sets the pace of the cluster.
5. When its queue is empty again (`wsrep_local_recv_queue`), end step 3. It is `Synced` after that.

   ```sql
   -- MariaDB, the slow node (its queue is empty)
   SET GLOBAL wsrep_desync = OFF;
   ```

Do not raise `gcs.fc_limit` for good to silence the alert: the queue gets longer, and with it what reads on this node miss, and what is certified
late and rolled back.

"""#),
("MySQLReplicationClusterJoinStuck", #"""
# MySQLReplicationClusterJoinStuck

## What it means

This member has been joining its cluster for an hour: it is given what it lacks, or applies it, and does not get ready. With much data, or after a long
absence, that may be all right; otherwise no donor serves it, or it applies more slowly than the others write. Until it is in, it serves
nothing, and the cluster tolerates fewer failures.

A Galera node that receives a full copy (SST) has its port closed: for that time [NodeDown](MySQLReplicationNodeDown.md) fires, not this alert.

## Look at

- `mysql_replication_missing_transactions` and `mysql_replication_unapplied_transactions` of the member: are they getting fewer?
- `mysql_replication_cluster_member_state{state="donor"}`: who feeds it (Galera).

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| the joiner | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_local_recv_queue', 'wsrep_last_committed')` | `SELECT SERVICE_STATE, LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = 'group_replication_recovery'` |
| the joiner | its error log, the lines with `WSREP` and `WSREP_SST` | `SELECT STAGE, STATE, ESTIMATE, DATA FROM performance_schema.clone_progress` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Does it get on? Twice, a minute apart.

   ```sql
   -- MariaDB, the joiner (not tried)
   SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_local_recv_queue', 'wsrep_last_committed');
   ```

   ```sql
   -- MySQL, the joiner
   SELECT @@GLOBAL.gtid_executed;
   SELECT SERVICE_STATE, LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE FROM performance_schema.replication_connection_status
     WHERE CHANNEL_NAME = 'group_replication_recovery';
   SELECT CHANNEL_NAME, LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE FROM performance_schema.replication_applier_status_by_worker
     WHERE LAST_ERROR_NUMBER <> 0;
   ```

   Is it given a full copy? (Error 1146: no, because it does not have the plugin for that.)

   ```sql
   -- MySQL, the joiner (not tried)
   SELECT STAGE, STATE, ESTIMATE, DATA FROM performance_schema.clone_progress;
   ```

   It gets on: wait. If it applies, but not as fast as the others write, put less load on the cluster, or more appliers on the joiner
   (`wsrep_slave_threads`, `replica_parallel_workers`).
2. MySQL, the channel `group_replication_recovery` has an error: no donor lets it in. 1045 is the account or its password; give the right one:

   ```sql
   -- MySQL, the joiner
   STOP GROUP_REPLICATION;
   CHANGE REPLICATION SOURCE TO SOURCE_USER = '<recovery user>', SOURCE_PASSWORD = '<recovery password>'
     FOR CHANNEL 'group_replication_recovery';
   START GROUP_REPLICATION;
   ```

   2061 or *requires secure connection*: `SET GLOBAL group_replication_recovery_get_public_key = ON` as well, or
   `group_replication_recovery_use_ssl = ON`. 2003 or 2005: the joiner does not reach the donors at what they call themselves
   (`report_host`, `report_port`). 1236: the donors have purged what it lacks; see the next step.
3. MySQL: what it lacks is no longer in the donors' binary logs, or is too much: give it
   [a copy of the data](MySQLReplicationClusterMemberOutside.md).
4. MySQL, an applier error: as in [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md).
5. Galera, the joiner waits or SST fails again and again: the reason is in the error log of the donor as well. Usually the program is missing on one side
   (`mariadb-backup`, `socat`, `rsync`), its port (4444, 4568) is closed between them, `wsrep_sst_auth` is wrong, or the disk is full.
6. Galera: it has asked for IST, and the write sets are gone from the donors' cache
   (`mysql_replication_cluster_history_transactions`): it gets a full copy instead. For the next time, raise `gcache.size` so that it holds what is
   written during your longest maintenance.

Do not kill the donor, and do not restart the joiner again and again: each attempt starts from the beginning, and takes a donor out of service meanwhile.

"""#),
("MySQLReplicationClusterMemberMissing", #"""
# MySQLReplicationClusterMemberMissing

## What it means

The exporter is configured for more members than the cluster has, and no other alert says why. A member that is down has
[NodeDown](MySQLReplicationNodeDown.md), one that is out [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md), and one that joins is on
its way. The one that is meant here answers, and is set up as a member or was one, but does not report a state as a member: its plugin is not
loaded, or the exporter's account may not read the tables ([NodeFactMissing](MySQLReplicationNodeFactMissing.md)).

## Look at

- The exporter's page: which node it is. One whose plugin is not loaded is shown as `standalone`.
- `mysql_replication_cluster_member_state`: the node that has none; `mysql_replication_node_fact_missing{fact="cluster"}`.

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| the node | `SELECT @@wsrep_on, @@wsrep_cluster_name` | `SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'group_replication'` |
| the node | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_local_state_comment')` | `SELECT MEMBER_STATE FROM performance_schema.replication_group_members` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. MySQL: is the plugin there? The table of members is empty without it.

   ```sql
   -- MySQL, the node
   SELECT PLUGIN_NAME, PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'group_replication';
   SELECT MEMBER_STATE FROM performance_schema.replication_group_members;
   ```

2. It is not there, and the node is to be a member. Keep applications away from it: what it has of its own keeps it from joining. Loading the plugin
   is refused (1290) while `super_read_only` is on.

   ```sql
   -- MySQL, the node (the plugin is not loaded)
   SET GLOBAL super_read_only = OFF;
   INSTALL PLUGIN group_replication SONAME 'group_replication.so';
   SET GLOBAL super_read_only = ON;
   SELECT @@group_replication_group_name, @@group_replication_local_address, @@group_replication_group_seeds;
   ```

   These have the values of my.cnf, or of `SET PERSIST`. If they are empty, they are in neither.

   ```sql
   -- MySQL, the node (the plugin is loaded)
   START GROUP_REPLICATION;
   ```

3. The plugin is there, and the exporter's page says that it may not read: `mysql-replication-exporter grants` prints what the account needs.
4. MariaDB: `wsrep_on` is `OFF`, or `wsrep_cluster_name` is another than the others': correct my.cnf, and restart the server. What was written to it
   meanwhile exists nowhere else, and is replaced when it joins: save it first.
5. It is no longer to be a member: take it out of the exporter's configuration, or make it a server of its own set.

Do not bootstrap the node: it would found a second cluster of the same name ([ClusterSplit](MySQLReplicationClusterSplit.md)).

"""#),
("MySQLReplicationClusterMemberOutside", #"""
# MySQLReplicationClusterMemberOutside

## What it means

The cluster works, but this server does not take part in it, although it answers: it has failed as a member (an applier error, an
inconsistency), has left or was never started as a member, or was cut off and still shows a view that the others have replaced. It gets none
of the cluster's writes. If it is writable, what is written on it is lost to the cluster, and on Group Replication keeps it from joining again.

MySQL 8.4 and later put a member that fails into `offline_mode`, in which the server refuses the exporter as well. Then
[NodeDown](MySQLReplicationNodeDown.md) fires instead of this alert; the steps are the same.

## Look at

- `mysql_replication_cluster_member_state`: `failed`, `outside`, or `online` with an older `mysql_replication_cluster_view_number` than the
  others.
- `mysql_replication_node_read_only` of the node.

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| the member outside | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready')` | `SELECT MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Keep applications away from it: out of the load balancer, and read-only. A Galera node that is cut off refuses them by itself.

   ```sql
   -- MariaDB, the member outside
   SET GLOBAL read_only = ON;
   ```

   ```sql
   -- MySQL, the member outside
   SET GLOBAL super_read_only = ON;
   ```

2. Why is it outside? Galera: the server's error log says (`WSREP: …`, `Inconsistent`, `connection to peer … timed out`). MySQL:

   ```sql
   -- MySQL, the member outside
   SELECT LOGGED, ERROR_CODE, DATA FROM performance_schema.error_log WHERE SUBSYSTEM = 'Repl' ORDER BY LOGGED DESC LIMIT 20;
   SELECT CHANNEL_NAME, LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE FROM performance_schema.replication_applier_status_by_worker
     WHERE LAST_ERROR_NUMBER <> 0;
   ```

   Correct the reason first: network, disk, name resolution. It is back by itself once the network works (Galera; MySQL, if it has not given
   up, `group_replication_autorejoin_tries`): then only step 6 is left.
3. MySQL: has it transactions of its own? `MY-011526` in the log says so too.

   ```sql
   -- MySQL, a member of the group
   SELECT @@GLOBAL.gtid_executed;
   ```

   ```sql
   -- MySQL, the member outside
   SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '<gtid_executed of the group>') AS additional;
   ```

   Empty: go on. Otherwise the group does not let it in. Look at what they are
   ([ErrantTransactions](MySQLReplicationErrantTransactions.md), step 3), save it if it matters, and then
   [give the member a copy of the data](#give-a-member-a-copy-of-the-data).
4. MySQL, an applier error in step 2: a row or table here differs from the others'. If you know how, correct it, without logging that. Otherwise
   give the member a copy of the data.

   ```sql
   -- MySQL, the member outside (the row is corrected)
   SET SESSION sql_log_bin = 0;
   SET GLOBAL super_read_only = OFF;
   <statements that correct it>;
   SET GLOBAL super_read_only = ON;
   ```

5. Let it join again. MySQL: `STOP` is needed after an error (3093 otherwise); `offline_mode` stays on until you turn it off.

   ```sql
   -- MySQL, the member outside
   STOP GROUP_REPLICATION;
   START GROUP_REPLICATION;
   SET GLOBAL offline_mode = OFF;
   ```

   Galera: restart the server. After an inconsistency it takes a full copy of another member's data by itself.
6. Galera: a member that joined without a restart is still read-only from step 1. (MySQL: the group sets it as it needs.)

   ```sql
   -- MariaDB, the member outside (it is back)
   SET GLOBAL read_only = OFF;
   ```

7. MySQL: a member that does not start Group Replication with the server is outside after each restart. If it is meant to (and my.cnf does not say
   otherwise):

   ```sql
   -- MySQL, the member outside
   SET PERSIST group_replication_start_on_boot = ON;
   ```

### Give a member a copy of the data

Everything that this server has is replaced by the data of another member: save first what only it has. The other member (the donor) has more to do
meanwhile; with `wsrep_sst_method=rsync` or `mysqldump` it takes no writes.

1. Galera: stop the server, delete `grastate.dat` in its data directory, and start it. (`mariadb.service` may run into `TimeoutStartSec` with
   much data: raise it before.)

   ```sh
   # MariaDB, the machine of the member outside
   rm grastate.dat
   ```

2. MySQL, with InnoDB tables only: clone. The account is made on the primary; error 1125 means that the plugin is installed already.

   ```sql
   -- MySQL, the donor
   INSTALL PLUGIN clone SONAME 'mysql_clone.so';
   ```

   ```sql
   -- MySQL, the primary
   CREATE USER cloner@'<member host>' IDENTIFIED BY '<password>';
   GRANT BACKUP_ADMIN ON *.* TO cloner@'<member host>';
   ```

   ```sql
   -- MySQL, the member outside
   STOP GROUP_REPLICATION;
   SET GLOBAL offline_mode = OFF;
   SET GLOBAL super_read_only = OFF;
   SET GLOBAL read_only = OFF;
   INSTALL PLUGIN clone SONAME 'mysql_clone.so';
   SET GLOBAL clone_valid_donor_list = '<donor host>:<donor port>';
   CLONE INSTANCE FROM cloner@'<donor host>':<donor port> IDENTIFIED BY '<password>';
   ```

   Cloning ends with a restart of the server, or with its shutdown (error 3707) where nothing restarts it: start it then.
3. MySQL: if it does not join by itself after that, go on with step 5 above.

"""#),
("MySQLReplicationClusterNoQuorum", #"""
# MySQLReplicationClusterNoQuorum

## What it means

No member of the cluster that answers belongs to a majority of the members. On Group Replication, `COMMIT` hangs; on Galera, statements are
refused with error 1047 (WSREP has not yet prepared node for application use). Reads on Group Replication still work and may be outdated.

This is how a cluster protects its data while a part of it is out of sight. **Overruling it (step 3) while the other part is running makes two
clusters of one, and writes are lost.**

## Look at

- `mysql_replication_cluster_quorum`, `mysql_replication_cluster_member_state` and `mysql_replication_up` of the members: which are
  down, and which answer.

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| each member that answers | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_cluster_size', 'wsrep_last_committed')` | `SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE FROM performance_schema.replication_group_members` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Where are the members that do not answer? Go to their machines, by console if need be. A machine that cannot be reached is not a machine
   that is down: those members may be the majority, and work. If they do, the cluster is fine, and only the exporter and the members here are
   cut off: repair the network, and do nothing else.
2. Bring back the members that are missing: repair the network, let processes run on that hang. As soon as more than half of the members see
   each other, the cluster has its quorum again by itself, and this alert resolves.
   - Galera nodes that crashed: start **all** that are missing, at the same time. The cluster waits until every one of them is back; a node
     that is started alone gives up after half a minute.
   - Members of Group Replication that were restarted do not count, because a group without quorum takes no member in: they join after step 3.
3. Only if that is not possible: make a majority of the members that are left.
   1. Stop the servers of all other members, and see to it that nothing starts them again (`systemctl mask`, power off). What they committed and
      the members that are left did not receive is lost.
   2. Which member that is left has the most?

      ```sql
      -- MariaDB, each member that is left
      SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_last_committed', 'wsrep_cluster_status');
      ```

      ```sql
      -- MySQL, each member that is left
      SELECT @@GLOBAL.group_replication_local_address, @@GLOBAL.gtid_executed, (SELECT RECEIVED_TRANSACTION_SET
        FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = 'group_replication_applier') AS received;
      ```

      On MySQL, both sets together are what a member has.

   3. On **one** member only, the one with the most. MySQL: name the `group_replication_local_address` of every member that is left, with commas
      between them; this port is not the clients'.

      ```sql
      -- MariaDB, one member that is left
      SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES';
      ```

      If that is error 1210, the plugin `wsrep_provider` is loaded, as it is by default on MariaDB 11.8: `SET GLOBAL
      wsrep_provider_pc_bootstrap = ON` does the same.

      ```sql
      -- MySQL, one member that is left
      SET GLOBAL group_replication_force_members = '<local addresses of the members that are left>';
      SET GLOBAL group_replication_force_members = '';
      ```

      Until those that are gone answer again, they may be a part of their own for all that the exporter knows, and load balancers send
      writes nowhere: take out of its configuration those that will not come back, and reload it.

   4. Start the other members again one by one, each after the one before has joined. Galera nodes join by themselves. MySQL:

      ```sql
      -- MySQL, each other member (started again)
      STOP GROUP_REPLICATION;
      START GROUP_REPLICATION;
      SET GLOBAL offline_mode = OFF;
      ```

      One that is refused or fails: [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md).

### No member is left

All members are down, or OFFLINE; then [NodeDown](MySQLReplicationNodeDown.md) or
[NoWritableNode](MySQLReplicationNoWritableNode.md) fires rather than this alert. The cluster is started again from **one** member, the one with the
most transactions: from another one, those are lost.

1. Find that member. Galera: the highest `seqno` in `grastate.dat` of the data directory. After a crash it says -1: then ask the server program,
   as the user `mysql`, while the server is stopped; it prints or logs `WSREP: Recovered position: <cluster>:<seqno>`.

   ```sh
   # MariaDB, the machine of each member
   cat grastate.dat
   mariadbd --wsrep-recover
   ```

   ```sql
   -- MySQL, each member
   SELECT @@GLOBAL.gtid_executed, (SELECT RECEIVED_TRANSACTION_SET
     FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = 'group_replication_applier') AS received;
   ```

   MySQL: both sets together are what a member has. It is the one that lacks nothing that another has: with both sets of each,
   `SELECT GTID_SUBTRACT('<other>', '<this>')` is empty for every other one.
2. Start the cluster there, and nowhere else. Galera: the server refuses it on a member that was not the last to leave, hence the first line.

   ```sh
   # MariaDB, the machine of the member with the most
   sed -i 's/^safe_to_bootstrap: 0/safe_to_bootstrap: 1/' grastate.dat
   galera_new_cluster
   ```

   ```sql
   -- MySQL, the member with the most
   SET GLOBAL group_replication_bootstrap_group = ON;
   START GROUP_REPLICATION;
   SET GLOBAL group_replication_bootstrap_group = OFF;
   SET GLOBAL offline_mode = OFF;
   ```

3. Start the others one by one. MySQL:

   ```sql
   -- MySQL, each other member
   START GROUP_REPLICATION;
   SET GLOBAL offline_mode = OFF;
   ```

"""#),
("MySQLReplicationClusterNoTolerance", #"""
# MySQLReplicationClusterNoTolerance

## What it means

The cluster works, but with the members that it has left it needs every one of them: if one more fails or is cut off, the others have no majority,
and no commit ends anywhere ([ClusterNoQuorum](MySQLReplicationClusterNoQuorum.md)). Normally [NodeDown](MySQLReplicationNodeDown.md) or
[ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md) says which member is gone, and in Alertmanager covers this alert.

A cluster of two, or of one, never tolerates a failure: for those the alert does not fire. On Galera, all weights (`pc.weight`) are taken for 1, and a
member that is shut down properly leaves a smaller cluster, which keeps its majority; only one that is lost all at once counts against it.

## Look at

- `mysql_replication_set_cluster_members`, `mysql_replication_set_cluster_members_missing` and `mysql_replication_cluster_view_size`.
- `mysql_replication_cluster_view_members{state="unreachable"}` on MySQL: a member that the others no longer hear, and have not expelled.

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| a member | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_incoming_addresses')` | `SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE FROM performance_schema.replication_group_members` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Which members are in?

   ```sql
   -- MariaDB, a member that is left
   SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_incoming_addresses', 'wsrep_cluster_status');
   ```

   ```sql
   -- MySQL, a member that is left
   SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE FROM performance_schema.replication_group_members;
   ```

2. Until the missing one is back, leave those that are left alone: no restart, no upgrade, no planned switchover, no schema change that takes long.
3. Bring the missing member back: start the server, repair the network, or follow
   [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md). On MySQL, one that is `UNREACHABLE` in the list comes back by itself if it is
   reached in time, and is expelled otherwise.
4. It is gone for good: put a new member in its place, and take the old one out of the exporter's configuration. Two members and an arbitrator (Galera:
   `garbd`) or three members tolerate one failure; four tolerate no more than three do.

Do not lower what a majority is: `pc.ignore_quorum`, `pc.ignore_sb` and `group_replication_force_members` make a split possible, in which writes
are lost.

"""#),
("MySQLReplicationClusterNotReady", #"""
# MySQLReplicationClusterNotReady

## What it means

This Galera node is in its cluster, has the data, and refuses the statements of applications with error 1047 (WSREP has not yet prepared node
for application use). Someone has set `wsrep_reject_queries` and not reset it, or the node says itself that it is not ready (`wsrep_ready`
OFF). The others go on without it. Load balancers that ask the exporter leave it out; others may send it statements.

A node that joins, is cut off or has failed is not meant: see [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md). Nor is a donor,
which `wsrep_sst_donor_rejects_queries` tells to refuse queries until the joiner has its data.

## Look at

- `mysql_replication_cluster_ready` and `mysql_replication_cluster_member_state`: of this node only, or of several?

| on | MariaDB (Galera) |
|---|---|
| the node | `SELECT @@wsrep_reject_queries, @@wsrep_desync` |
| the node | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment')` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Which of the two is it? While queries are refused, variables and status can be read as usual.

   ```sql
   -- MariaDB, the node
   SELECT @@wsrep_reject_queries;
   SHOW GLOBAL STATUS LIKE 'wsrep_ready';
   ```

2. `ALL` or `ALL_KILL`: ask who set it, and what for (a backup, an upgrade, a check of the data). If that is done:

   ```sql
   -- MariaDB, the node
   SET GLOBAL wsrep_reject_queries = 'NONE';
   ```

3. `NONE`, and `wsrep_ready` is `OFF` although the node is Synced: read its error log. If the other nodes are well, restart the server; it takes
   what it has missed from them.
4. If it refuses on all nodes, applications have no database: do this on one node after the other, first on the one that
   `/nodes/<node>/primary` named last.

Do not set `wsrep_dirty_reads` to get rid of the error: applications then read data that may be outdated. Do not use `pc.bootstrap` either: the
node is in the cluster already.

"""#),
("MySQLReplicationClusterPrimariesDisagree", #"""
# MySQLReplicationClusterPrimariesDisagree

## What it means

Members of a MySQL group that have the same view do not name the same primary for a minute. While a primary is elected that is normal, for
seconds. If it goes on, the election hangs, or a member has missed its end. Meanwhile it is not known where writes belong: the exporter names no
writer, and load balancers that ask it send writes nowhere ([NoWritableNode](MySQLReplicationNoWritableNode.md)).

Members with different views are another thing: [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md) or
[ClusterSplit](MySQLReplicationClusterSplit.md).

## Look at

- `mysql_replication_cluster_primary`: which members are a primary by their own word.
- `mysql_replication_cluster_apply_queue_transactions`: the new primary first applies what it has received; a long queue makes the election long.

| on | MySQL (Group Replication) |
|---|---|
| each member | `SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE FROM performance_schema.replication_group_members` |
| each member | `SELECT EVENT_NAME, WORK_COMPLETED, WORK_ESTIMATED FROM performance_schema.events_stages_current WHERE EVENT_NAME LIKE 'stage/group_rpl/%'` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. What does each member say, and does an election go on?

   ```sql
   -- MySQL, each member
   SELECT MEMBER_ID, MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE FROM performance_schema.replication_group_members;
   SELECT EVENT_NAME, WORK_COMPLETED, WORK_ESTIMATED FROM performance_schema.events_stages_current WHERE EVENT_NAME LIKE 'stage/group_rpl/%';
   SELECT @@super_read_only;
   ```

2. An election goes on (`stage/group_rpl/Primary Election: …`): it waits until the old primary's open transactions have ended, or the new one has
   applied what it has. Look for the session that it waits for (`SHOW PROCESSLIST`: `LOCK TABLES`, a long transaction) and end that.
3. No election goes on, and one member differs from all the others: that one is wrong. Have it leave and join again; it serves nothing meanwhile.

   ```sql
   -- MySQL, the member that differs
   STOP GROUP_REPLICATION;
   START GROUP_REPLICATION;
   ```

   Is that the member to which applications write? Then what they wrote last may not be on the others: compare `gtid_executed` first
   ([ErrantTransactions](MySQLReplicationErrantTransactions.md)).
4. They agree again, but on a member that should not be the primary: choose another one, which has to be ONLINE.

   ```sql
   -- MySQL, a member
   SELECT group_replication_set_as_primary('<MEMBER_ID of the new primary>');
   ```

Do not switch `super_read_only` off on a member that is not the primary: that makes a second writer, and does not change what the group says. Do
not use `group_replication_force_members` or a bootstrap while members see each other: that splits the group.

"""#),
("MySQLReplicationClusterSplit", #"""
# MySQLReplicationClusterSplit

## What it means

Members that do not see each other form several clusters of the same name, each of which takes writes. On Galera this happens after
`pc.bootstrap=YES` on a part that had been cut off, or with `pc.ignore_sb`; on Group Replication after
`group_replication_force_members` or a second bootstrap. The parts do not grow together again, not even when the network works. They may agree
in name, view number, position and GTIDs, and still have different rows under them.
The exporter names no writer, and answers every `/nodes/<node>/primary` with 503.

## Look at

- The exporter's page, or `check`: which members form which part.
- `mysql_replication_cluster_view_size`: the number of members in each part's view.

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| a member of each part | `SHOW GLOBAL STATUS LIKE 'wsrep_incoming_addresses'` | `SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE FROM performance_schema.replication_group_members` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Decide which part stays: the one that applications have written to, usually also the one with more members. The other one goes: its data
   will be replaced, and only what you save in step 3 is left of its writes.
2. At once, on every member that goes: no more writes. Sessions with the privilege to write all the same are not held back: take the members out of
   the load balancer too.

   ```sql
   -- MariaDB, each member that goes
   SET GLOBAL read_only = ON;
   ```

   ```sql
   -- MySQL, each member that goes
   SET GLOBAL super_read_only = ON;
   ```

3. Save what was written there since the split. GTIDs do not show it, because both parts go on with the same numbers: take the binary logs by
   time, from a little before the split.

   ```sh
   # MariaDB, the machine of one member that goes
   mariadb-binlog --loose-skip-gtid-strict-mode --base64-output=DECODE-ROWS --verbose --start-datetime='<time of the split>' <files> >/tmp/<saved>
   ```

   ```sh
   # MySQL, the machine of one member that goes
   mysqlbinlog --base64-output=DECODE-ROWS --verbose --start-datetime='<time of the split>' <files> >/tmp/<saved>
   ```

   With `log_bin` off there is only a dump to compare with.
4. Stop the members that go.
5. Give each of them a [copy of the data](MySQLReplicationClusterMemberOutside.md#give-a-member-a-copy-of-the-data) of a member that stays, one
   by one. **Do not merely start a Galera member again**: where both parts have the same position it joins, keeps its different
   rows, and nothing shows that. A
   member of Group Replication must not be started as one (`group_replication_start_on_boot`) before it has the copy.
6. Apply by hand what was saved and is missing.

"""#),
("MySQLReplicationClusterUnknownMembers", #"""
# MySQLReplicationClusterUnknownMembers

## What it means

The cluster has members that the exporter is not configured for. It cannot ask them: what they commit, and how late they are, is not known, so the
lag of the others may be unknown too. If one of them becomes the primary, the exporter knows no writer. If the unknown ones are the majority, it does
not trust what the few that it asks say.

Either the configuration lacks a member, or a server has joined that does not belong there; or the cluster knows a member by another address than the
configuration does.

## Look at

- The exporter's page, or `topology`: it shows the unknown members by the address that the cluster has for them.

| on | MariaDB (Galera) | MySQL (Group Replication) |
|---|---|---|
| a member | `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_incoming_addresses')` | `SELECT MEMBER_ID, MEMBER_HOST, MEMBER_PORT, MEMBER_STATE FROM performance_schema.replication_group_members` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Who is in?

   ```sql
   -- MariaDB, a member
   SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_incoming_addresses');
   ```

   ```sql
   -- MySQL, a member
   SELECT MEMBER_ID, MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE FROM performance_schema.replication_group_members;
   ```

2. It belongs there: add it to the nodes of the set, with the account that the others have, and reload the exporter. On MySQL the account is on it
   already, because the members replicate it; on Galera as well, if it was made with `CREATE USER` and `GRANT`.
3. It is configured, but not found again in the list. A member of a group is recognized by its `server_uuid`, so the address does not matter, and the
   node that is configured is another server. A Galera node is recognized by the address for clients: set `wsrep_node_incoming_address` on it to
   the address and port that the configuration has, and restart it.
4. It does not belong there (a clone or a restored backup that has kept my.cnf): end it as a member *before* you change anything on it. First make sure
   that the members that stay are a majority of those that the cluster has now.

   ```sql
   -- MySQL, the member that does not belong there (not tried)
   STOP GROUP_REPLICATION;
   ```

   Galera: stop the server. Then give it another `group_replication_group_name` or `wsrep_cluster_name`, and keep it from joining again (the
   group's `group_replication_ip_allowlist`, a firewall).

Do not only block its network while it is in: that is a failure for the cluster, and counts against the majority.

"""#),
("MySQLReplicationConfigReloadFailed", #"""
# MySQLReplicationConfigReloadFailed

## What it means

The exporter was told to reload its configuration and rejected it. It continues with the previous one, so whatever was added or changed
is not being monitored. **It would not start with this file: do not restart it before the file is correct.**

## Look at

- `mysql_replication_exporter_config_last_reload_successful == 0`: which exporter; at `/probe`, every node of that exporter shows it.
- `mysql_replication_exporter_config_last_reload_success_timestamp_seconds`: how old the configuration in effect is.

## Do

1. What is wrong? Every error is printed, with file, line and column. This does not affect the running exporter, whose log has the same errors,
   and one more if a password or certificate file can be read by you and not by the service: `journalctl -u mysql-replication-exporter`.
   The package's configuration file is `/etc/mysql-replication-exporter/config.yml`.

   ```sh
   # the exporter's machine (prints what is wrong)
   mysql-replication-exporter --config.check --config.file <configuration>
   ```

2. Correct the file, run the same again until it is valid, and have it loaded: `systemctl reload mysql-replication-exporter`, or without systemd

   ```sh
   # the exporter's machine
   mysql-replication-exporter --config.check --config.file <configuration>
   kill -HUP <process id of the exporter>
   ```

"""#),
("MySQLReplicationConnectionLimit", #"""
# MySQLReplicationConnectionLimit

## What it means

The server answers, but refuses the exporter another connection, all the time or again and again. This says nothing about its
replication, which is not being monitored while it refuses. NodeDown does not fire meanwhile.

## Look at

- `topology`, `check`, the page or the exporter's log: the server's error. 1226 and 1203 are about the exporter's account, 1040 about
  the whole server.
- `mysql_replication_io_thread_running` of its replicas: if it is 1, they still receive.

| on | MariaDB | MySQL |
|---|---|---|
| the server | `SHOW PROCESSLIST` | `SHOW PROCESSLIST` |
| the server | `SELECT @@max_connections, @@max_user_connections` | the same |
| the server | `SHOW CREATE USER <the exporter's account>` (`MAX_USER_CONNECTIONS`) | the same |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. 1226, 1203: the account needs more connections than it has. `mysql-replication-exporter grants` prints the limit for what is configured; `--exporters` says how many exporters use the account. Give other programs an account of their own.

   ```sql
   -- the primary
   ALTER USER <the exporter's account> WITH MAX_USER_CONNECTIONS <number>;
   ```

2. 1226, 1203, and most of the exporter's connections hang in one statement: look for a full disk under the binary log first.
3. 1040: applications are refused as well. Find out which clients hold the connections, or raise `max_connections`. Both vendors keep one connection for an administrator.

"""#),
("MySQLReplicationDuplicateServerIDs", #"""
# MySQLReplicationDuplicateServerIDs

## What it means

Several nodes of the set have the same server id, most often after cloning. A node ignores events that carry its own id: transactions are
lost without an error. On MariaDB, replicas with the same id also disconnect each other from the source in turn; on MySQL, only those with the
same `server_uuid` do.

## Look at

- `topology`, `check` and the page name the nodes. If they are one server under two names, configure it once, with its other address among the `aliases`.
- `count by (server_id) (mysql_replication_node_info{replication_set="…"}) > 1`

| on | MariaDB | MySQL |
|---|---|---|
| each node | `SELECT @@server_id` | `SELECT @@server_id, @@server_uuid` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Give the clone another id, also in my.cnf. It is used from the next connection on, so restart its replication.

   ```sql
   -- MariaDB, the clone
   STOP ALL SLAVES;
   SET GLOBAL server_id = <new id>;
   START ALL SLAVES;
   ```

   ```sql
   -- MySQL, the clone
   STOP REPLICA;
   SET GLOBAL server_id = <new id>;
   START REPLICA;
   ```

2. MySQL: if `server_uuid` is the same too, see [DuplicateServerUUIDs](MySQLReplicationDuplicateServerUUIDs.md).
3. A replica with its source's id has stopped with an error (1593, MySQL 8: 13117), and lacks nothing. Otherwise compare the clone's data: events from the other server with this id may be missing.

"""#),
("MySQLReplicationDuplicateServerUUIDs", #"""
# MySQLReplicationDuplicateServerUUIDs

## What it means

Several MySQL servers of the set have the same `server_uuid`: a data directory was copied together with its `auto.cnf`. A source serves
only one replica with a UUID at a time, so their IO threads stop each other (13114). With GTIDs, a server takes transactions of the other
one for its own, and skips them: data is lost without an error.

## Look at

- `topology`, `check` and the page name the nodes.
- `count by (server_uuid) (mysql_replication_node_info{replication_set="…",server_uuid!=""}) > 1`

| on | MariaDB | MySQL |
|---|---|---|
| each node | has no server UUIDs | `SELECT @@server_uuid, @@server_id, @@hostname, @@port` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Stop the copy, delete `auto.cnf` in its data directory, and start it: it gives itself a new UUID.

   ```sh
   # MySQL, the machine of the copy
   rm auto.cnf
   ```

   `server_id` comes from my.cnf; give the copy another one there.
2. The IO threads that stopped with an error do not start by themselves: start them ([IOThreadStopped](MySQLReplicationIOThreadStopped.md#stopped-by-hand)).
3. If the copy was written to, its transactions have the original's UUID: [rebuild it](README.md#rebuild-a-replica).
4. If it has replicated with this UUID, compare its data: transactions may be missing.

"""#),
("MySQLReplicationErrantTransactions", #"""
# MySQLReplicationErrantTransactions

## What it means

The replica has transactions that no server above it has, nor the one that takes the writes: it was written to directly, or the servers above
have lost them (a crash, `RESET MASTER`, a restore). Its data differs from the other servers'. If it is promoted, these transactions spread to all servers, or the replicas refuse to replicate from it (MySQL: error 1236).

## Look at

- `mysql_replication_errant_transactions`: how many there are. MariaDB keeps only the last transaction of each server in each domain, the
  servers of a domain share its sequence numbers, and some numbers are never used (`gtid_seq_no`): the series is the least that there
  are, one of each server in each domain. While commits on the source are waiting for a semi-synchronous acknowledgement, or while a
  server above does not answer, excess transactions are not evaluated and the series is absent. So it is on MariaDB for transactions of
  other servers in a domain of which the servers above have nothing: it may have been deleted there (`FLUSH BINARY LOGS
  DELETE_DOMAIN_ID`), which the same statement on the replica settles.
- `topology` and the page: which ones (the first five intervals), and the node that wrote them. On MariaDB `0-2-600 after 0-2-102` is the
  last one, and the last of that server that the servers above have; the binary log shows which there are in between.
- `mysql_replication_node_read_only`, `mysql_replication_node_super_read_only`: was the replica writable?

| on | MariaDB | MySQL |
|---|---|---|
| the replica and its source | `SELECT @@gtid_binlog_state` | `SELECT @@gtid_executed` |
| the replica | the entry whose server id is the replica's own | `SELECT GTID_SUBTRACT(@@gtid_executed, '…')`, with the source's |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

Until this is done, do not promote this node. The channel is `group_replication_applier`: the node is a member that was written to outside its
group. Do step 1, and go on in [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md), step 3.

1. Prevent further writes, and revoke the privileges that bypass this from the users who wrote.

   ```sql
   -- MariaDB, the replica
   SET GLOBAL read_only = ON;
   ```

   ```sql
   -- MySQL, the replica
   SET PERSIST super_read_only = ON;
   ```

2. Which transactions are they?

   ```sql
   -- MySQL, the primary
   SELECT @@GLOBAL.gtid_executed;
   ```

   ```sql
   -- MySQL, the replica
   SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '<gtid_executed of the primary>') AS errant;
   SHOW BINARY LOGS;
   ```

   ```sql
   -- MariaDB, the replica
   SELECT @@GLOBAL.gtid_binlog_state, @@server_id;
   SHOW BINARY LOGS;
   ```

3. What did they do?

   ```sh
   # MySQL, the machine of the replica
   mysqlbinlog --base64-output=decode-rows --verbose --include-gtids='<errant>' <file>
   ```

   ```sh
   # MariaDB, the machine of the replica
   mariadb-binlog --loose-skip-gtid-strict-mode --base64-output=decode-rows --verbose <file> | grep --after-context=30 "server id <server id> "
   ```

   Without `--loose-skip-gtid-strict-mode`, `mariadb-binlog` ends at the first sequence number that is out of order, and what follows an errant transaction usually is. Look at all files since the replica was made, and undo everything before step 6 deletes them.

   **Whose are they?** If they were not written here (their UUID or server id is that of the primary, or of an earlier one), the servers above have lost them, and this
   replica has the only copy: do not go on here, see [the replica has more than the source](MySQLReplicationIOThreadStopped.md#1236-the-replica-has-more-than-the-source).
4. They were written here. Is the data wanted? Write it on the primary in the ordinary way. Then undo it on the replica, without logging:

   ```sql
   -- the replica
   SET SESSION sql_log_bin = 0;
   <statements that undo it>;
   ```

   On MySQL with `super_read_only`, switch that off before, and on again afterwards. Too much to undo: [rebuild the replica](README.md#rebuild-a-replica), and the rest is not needed.
5. MySQL: make the GTIDs known everywhere, by an empty transaction for each on the primary. These replicate to all servers.

   ```sql
   -- MySQL, the primary
   SET GTID_NEXT = '<one errant GTID>';
   BEGIN;
   COMMIT;
   SET GTID_NEXT = 'AUTOMATIC';
   ```

6. MariaDB: remove them from the replica's binary log. This deletes all its binary logs (copy them first, if the data may be asked for), and changes neither its data nor its replication position (`gtid_slave_pos`). For a replica that has replicas of its own, the steps are [here](MySQLReplicationSQLThreadStopped.md#a-write-on-the-replica-is-in-the-way-1950).

   ```sql
   -- MariaDB, the replica (Using_Gtid: Slave_Pos)
   STOP ALL SLAVES;
   SELECT @@GLOBAL.gtid_slave_pos INTO @position;
   RESET MASTER;
   SET GLOBAL gtid_binlog_state = @position;
   START ALL SLAVES;
   ```

   Without `gtid_binlog_state`, the new log would claim to begin at the very start: a replica that is behind would be served from it, and skip what is missing without an error.

   With `Using_Gtid: Current_Pos` the replica takes its own transaction for its position, and cannot reconnect (error 1236, "it probably means that the slave has diverged"):

   ```sql
   -- MariaDB, the replica (Using_Gtid: Current_Pos)
   STOP SLAVE '<channel>';
   SELECT @@GLOBAL.gtid_slave_pos INTO @position;
   RESET MASTER;
   SET GLOBAL gtid_binlog_state = @position;
   CHANGE MASTER '<channel>' TO MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

7. The server is written to on purpose: name its UUID (MariaDB: its server id) in the set's `errant_allowed`.

"""#),
("MySQLReplicationExporterAbsent", #"""
# MySQLReplicationExporterAbsent

## What it means

Prometheus has no series from any mysql-replication-exporter, and no target of that name is down. The exporter is not scraped at all,
or not at the right path. Nothing is known about replication, and no other alert about it can fire.

## Look at

- The pages *Targets* and *Service discovery* in Prometheus.
- `up{job=~"mysql-replication.*"}`: also 1 if something other than the exporter answers.

## Do

1. Was the scrape configuration changed? The job has to be there ([README](../../README.md#scrape-it)). Check the file, and have Prometheus load it:
   `systemctl reload prometheus`, or with `--web.enable-lifecycle`

   ```sh
   # the machine of Prometheus
   promtool check config <configuration of Prometheus>
   curl -sS --fail -X POST http://<prometheus>/-/reload
   ```

2. The target exists and is up: the port or path is wrong. The default is `:19104/metrics`, unless changed with `--web.listen-address` or `--web.telemetry-path`.
   This has to print a line:

   ```sh
   # the exporter's machine
   curl -sS --max-time 5 'http://<exporter>/metrics?only=exporter' | grep '^mysql_replication_exporter_build_info'
   ```

3. Kubernetes: does the ServiceMonitor still select the service?

"""#),
("MySQLReplicationExporterDown", #"""
# MySQLReplicationExporterDown

## What it means

Prometheus has not been able to scrape the exporter for five minutes. At `/metrics` the exporter is one target, at `/probe` there is one
per node. Whatever the targets named in the alert cover is not being monitored, and no other alert about it can fire. Load balancers that ask
this exporter get no answer either.

## Look at

- `up == 0` for the alert's job, and the error on the page *Targets* in Prometheus.

## Do

1. Is it running?

   ```sh
   # the exporter's machine (systemd, not tried)
   systemctl status mysql-replication-exporter
   journalctl -u mysql-replication-exporter -n 100
   ```

   Killed (`oom-kill`, signal 9): start it, and raise its memory limit.
2. It does not start: an invalid configuration is logged with file, line and column. The same errors again:

   ```sh
   # the exporter's machine (prints what is wrong)
   mysql-replication-exporter --config.check --config.file <configuration>
   ```

   Correct the file, and start it: `systemctl start mysql-replication-exporter` (`systemctl reset-failed` first, if it was tried too often).
3. It is running: does it answer on its own machine? (With TLS: `https` and `-k`; with a password: `--user`.)

   ```sh
   # the exporter's machine
   curl -sS --max-time 5 http://<exporter>/-/healthy
   ```

   It does: the cause is the network, TLS or the password of the scrape. It does not: restart it, and keep its log.
4. `context deadline exceeded`: see [ExporterSlow](MySQLReplicationExporterSlow.md).
5. Meanwhile check the servers by hand: `SHOW REPLICA STATUS\G` (MariaDB: `SHOW ALL SLAVES STATUS\G`), or from any machine with the program and a configuration
   file `mysql-replication-exporter topology --config.file …`.

"""#),
("MySQLReplicationExporterSlow", #"""
# MySQLReplicationExporterSlow

## What it means

On average a scrape takes more than six seconds, which a single hung node does not explain, unless its `timeout` was raised. When
Prometheus' scrape timeout (10 s by default) is reached, the exporter gives up on nodes, and in the worst case the whole scrape is lost.

## Look at

- `mysql_replication_node_round_trips`: more than 2 is unusual.
- `rate(process_cpu_seconds_total[5m])` of the exporter.

| on | MariaDB | MySQL |
|---|---|---|
| a slow node | `SHOW FULL PROCESSLIST` | `SHOW FULL PROCESSLIST` |

## Do

1. Which nodes are slow? Those that take seconds, or do not answer:

   ```promql
   # Prometheus
   topk(10, mysql_replication_node_collect_duration_seconds)
   ```

   ```promql
   # Prometheus
   mysql_replication_up == 0
   ```

2. A few are: they are overloaded, far away or hang. Statements of the user `exporter` that hang there show what they are waiting for. Lower
   `timeout:` for these nodes (or under `defaults:`) in the exporter's configuration, so that they do not delay the others, check the file, and have it loaded: `systemctl reload
   mysql-replication-exporter`, or without systemd

   ```sh
   # the exporter's machine
   mysql-replication-exporter --config.check --config.file <configuration>
   kill -HUP <process id of the exporter>
   ```

3. All are slow: look at the exporter's machine. Is its processor saturated, or the name server slow? To find out, configure addresses instead of names.
4. There are too many nodes for one process: run several exporters, each with whole replication sets.

"""#),
("MySQLReplicationHeartbeatMissing", #"""
# MySQLReplicationHeartbeatMissing

## What it means

No node of the set has had a fresh heartbeat row for minutes (`mysql_replication_probe_working{probe="heartbeat"}` is 0), although
exactly one node takes the writes. Either the primary does not accept writes, whatever it reports about itself, or the heartbeat
writer has stopped or has never worked: the exporter itself (`heartbeat: {write: true}`) or pt-heartbeat. Until heartbeats are written
again, lag measured by the heartbeat is unknown.

## Look at

- `mysql_replication_heartbeat_age_seconds` of all nodes: the same age everywhere means that nothing is being written; a recent row on
  the primary alone would have kept this alert from firing. Absent everywhere: no row has been seen since the exporter started.
- `mysql_replication_node_fact_missing{fact="heartbeat"}`: `no_table` if the table does not exist, `permission` if the account may
  not read it.
- The exporter's log: why its own write failed, with the server's error message.

| on | MariaDB | MySQL |
|---|---|---|
| primary | `SELECT * FROM replication_probe.heartbeat` (use the configured table) | the same |
| primary | `SHOW FULL PROCESSLIST` (which sessions hold locks, which wait) | `SELECT * FROM sys.innodb_lock_waits\G` |
| primary's machine | `df -h`, the server's error log | `df -h`, the server's error log |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Write a row by hand into a table the applications use. If that hangs or fails, this is an outage of the primary, not of the heartbeat. Disk full: free some space. A lock, such as a backup's `FLUSH TABLES WITH READ LOCK`: the writers wait for it ("Waiting for backup lock", "Waiting for global read lock"), and the session that holds it is often idle (`Sleep`). End that session.

   ```sql
   -- the primary
   SHOW FULL PROCESSLIST;
   ```

   ```sql
   -- the primary (a session holds a lock)
   KILL <id>;
   ```

2. If it works, look at the heartbeat writer. The exporter logs why it fails. It may lack the database or a privilege; `mysql-replication-exporter grants` prints what it needs:

   ```sql
   -- the primary (the database or a privilege is missing)
   CREATE DATABASE IF NOT EXISTS replication_probe;
   GRANT SELECT, INSERT, UPDATE, CREATE ON replication_probe.* TO <the exporter's account>;
   ```

   The exporter looks again within a minute. If pt-heartbeat has ended, start it again, with `--utc`.
3. After a failover, pt-heartbeat must run against the new primary; the exporter switches to it automatically.

"""#),
("MySQLReplicationIOThreadFlapping", #"""
# MySQLReplicationIOThreadFlapping

## What it means

The replica connects to its source and loses the connection again, over and over. It may keep up meanwhile, but something keeps
disconnecting it. A replica that is connected again within a second shows this only now and then.

## Look at

- `mysql_replication_io_errno` of the channel.
- `mysql_replication_io_thread_running` of the source's other replicas: do they lose their connections too, or in turn?
- `mysql_replication_set_duplicate_server_ids`, `mysql_replication_set_duplicate_server_uuids`. A server that is not configured in the
  exporter is not counted.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | its error log | its error log |
| the source | `SHOW SLAVE HOSTS`, its error log | `SHOW REPLICAS`, its error log |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. What does the replica say? Its status shows an error only while it is not connected; its error log has every lost connection.

   ```sql
   -- MariaDB, the replica
   SHOW ALL SLAVES STATUS\G
   ```

   ```sql
   -- MySQL, the replica
   SELECT CHANNEL_NAME, SERVICE_STATE, LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE, LAST_ERROR_TIMESTAMP
     FROM performance_schema.replication_connection_status;
   SELECT LOGGED, ERROR_CODE, DATA FROM performance_schema.error_log WHERE SUBSYSTEM = 'Repl' ORDER BY LOGGED DESC LIMIT 20;
   ```

   In MariaDB's answer, it is `Last_IO_Errno` and `Last_IO_Error` of the channel.
2. *A slave with the same server_uuid/server_id* (MariaDB: 4052; MySQL: 13114, *a replica with the same server_uuid/server_id*, which stops the
   thread), and other replicas lose their connections in turn: two replicas have the same identity. See
   [DuplicateServerIDs](MySQLReplicationDuplicateServerIDs.md) or [DuplicateServerUUIDs](MySQLReplicationDuplicateServerUUIDs.md), and look for a
   forgotten clone. If MariaDB's source names only this replica, it merely found its previous connection still open: go on.
3. 2003, 2013, 1158 to 1161: the network, or the source restarts over and over. Packets are lost, or a firewall or proxy ends the connection, or the
   source's own error log shows that it starts again. This alert resolves once the connection lasts.
4. No error, but while the source is idle the replica connects again at regular intervals (in MariaDB's log *Failed reading log event, reconnecting to
   retry*, in MySQL's *connected to source*): it gives the source up before the next heartbeat is due. The heartbeat period has to be at most half of the
   timeout:

   ```sql
   -- MariaDB, the replica
   SHOW STATUS LIKE 'Slave_heartbeat_period';
   SELECT @@GLOBAL.slave_net_timeout;
   ```

   ```sql
   -- MySQL, the replica
   SELECT CHANNEL_NAME, HEARTBEAT_INTERVAL, @@GLOBAL.replica_net_timeout FROM performance_schema.replication_connection_configuration;
   ```

   If not:

   ```sql
   -- MariaDB, the replica
   SET GLOBAL slave_net_timeout = 60;
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HEARTBEAT_PERIOD = 5;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   SET PERSIST replica_net_timeout = 60;
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 5 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   MariaDB: also in my.cnf. The replica keeps its position, but MariaDB fetches again what its relay log holds: do this while the source answers.

"""#),
("MySQLReplicationIOThreadStopped", #"""
# MySQLReplicationIOThreadStopped

## What it means

The replica is not connected to its source and receives nothing. Critical: there is an error, or the thread keeps trying to connect
(`Connecting` does not count as running). Warning: the thread has been stopped, without an error, for a quarter of an hour.

## Look at

- `mysql_replication_io_errno`, `mysql_replication_io_thread_state` of the channel; the exporter's page has the server's error message.
- `mysql_replication_up` of the source: if the source is down, this alert is a consequence of [NodeDown](MySQLReplicationNodeDown.md).
- `mysql_replication_purge_headroom_bytes`: how much binary log the source still has before the part the replica needs next.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `Last_IO_Error` in `SHOW ALL SLAVES STATUS\G` | `Last_IO_Error` in `SHOW REPLICA STATUS\G` |
| the replica | the error log | `SELECT * FROM performance_schema.replication_connection_status\G` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

By the error number:

- 2002, 2003, 2005, 2013, 2026: [the source cannot be reached](#the-source-cannot-be-reached-2003)
- 1045, 2061, 3159: [the log-in is refused](#the-log-in-is-refused-1045)
- 1236 (MySQL 8: 13114): four different errors, by the message:
  - "Could not find first log file", "Could not find GTID state requested by slave", "the source purged required binary logs" (before 8.0.22
    "the master has purged"), "have been purged": [BinlogMissing](MySQLReplicationBinlogMissing.md)
  - "position > file size", "impossible position": [the source lost the end of its file](#1236-position--file-size)
  - "not in the master's binlog" (MariaDB): [the two have diverged](#1236-the-replica-has-more-than-the-source)
  - "more GTIDs than the source" (MySQL): [the two have diverged](#1236-the-replica-has-more-than-the-source)
- 1236 with *max_allowed_packet*: an event is larger than the replica accepts: raise `slave_max_allowed_packet` (MySQL: `replica_max_allowed_packet`)
- 1593 (MySQL 8: 13117): source and replica have the same server id or UUID: [DuplicateServerIDs](MySQLReplicationDuplicateServerIDs.md)
- 0: [stopped by hand](#stopped-by-hand)

### The source cannot be reached: 2003

1. From the replica's machine, try what the replica tries:

   ```sh
   # MariaDB, the machine of the replica
   mariadb --protocol=tcp --host='<source host>' --port=<source port> --user='<replication user>' --password='<replication password>' --execute='SELECT 1'
   ```

   ```sh
   # MySQL, the machine of the replica
   mysql --protocol=tcp --host='<source host>' --port=<source port> --user='<replication user>' --password='<replication password>' --execute='SELECT 1'
   ```

   2002, 2003: the source is down, the address is wrong, or a firewall is in between. 2005: the name does not resolve. 2013: something
   between them ends the connection. 2026: TLS, most often an expired certificate.
2. The source has another address now:

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<source host>', MASTER_PORT = <source port>, MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<source host>', SOURCE_PORT = <source port>, SOURCE_AUTO_POSITION = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   Without GTIDs, give the position too, or the replica starts at the source's first file: `MASTER_LOG_FILE` and `MASTER_LOG_POS` (MySQL: `SOURCE_LOG_FILE`, `SOURCE_LOG_POS`) from `Relay_Master_Log_File` and `Exec_Master_Log_Pos`.

### The log-in is refused: 1045

1. Does the account exist for the replica's address? The host in the error message is what the source sees.

   ```sql
   -- the source
   SELECT user, host, plugin FROM mysql.user WHERE user = '<replication user>';
   SHOW GRANTS FOR '<replication user>'@'<replica host>';
   ```

2. Only if nobody knows the password: give it a new one. All replicas that use this account need it then.

   ```sql
   -- the primary
   ALTER USER '<replication user>'@'<replica host>' IDENTIFIED BY '<replication password>';
   ```

3. Give it to the replica, whose position does not change.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_USER = '<replication user>', MASTER_PASSWORD = '<replication password>';
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_USER = '<replication user>', SOURCE_PASSWORD = '<replication password>' FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

4. 2061, 3159 (MySQL): `caching_sha2_password` needs TLS (`SOURCE_SSL = 1`) or the source's key:

   ```sql
   -- MySQL, the replica (2061)
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

### 1236: position > file size

The source crashed and lost the end of a file that the replica had already read (`sync_binlog` other than 1). After the crash the source began a new file. Nothing that it has written since is lost, but the replica may have rows that the source lost.

Only after a crash: a source that was restored from an older copy uses the same file names again for other content. Then rebuild the replica.

1. Which file comes after the one in `Master_Log_File` (MySQL: `Source_Log_File`)?

   ```sql
   -- the source
   SHOW BINARY LOGS;
   ```

2. Let the replica apply what it has, then continue at the beginning of that file. (With GTIDs this is [another error](#1236-the-replica-has-more-than-the-source).)

   ```sql
   -- MariaDB, the replica
   SELECT MASTER_POS_WAIT('<Master_Log_File>', <Read_Master_Log_Pos>, 600, '<channel>') AS waited;
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_LOG_FILE = '<next file>', MASTER_LOG_POS = 4;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   SELECT SOURCE_POS_WAIT('<Master_Log_File>', <Read_Master_Log_Pos>, 600, '<channel>') AS waited;
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE = '<next file>', SOURCE_LOG_POS = 4 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

3. Compare the data ([checksum](../checksums.md)), and rebuild the replica if it differs. 1062 or 1032 now means that it does.
4. Set `sync_binlog = 1` and `innodb_flush_log_at_trx_commit = 1` on the source, also in my.cnf.

### 1236: the replica has more than the source

The replica has transactions that the source lacks. Either the replica was written to, or the source has lost them: a crash, a restore from a backup, `RESET MASTER`, a failover to a replica that lacked them. Then the replica has the only copy. Do not rebuild anything before this is decided.

Be quick: the source gives the lost numbers to new transactions. As soon as it has used them up, the replica reconnects without an error and skips what has these numbers. Then only [BinlogMissing](MySQLReplicationBinlogMissing.md) shows that it differs. `SET GLOBAL read_only = ON` on the source buys time.

1. What are these transactions?

   ```sql
   -- the source
   SHOW VARIABLES WHERE Variable_name IN ('gtid_binlog_state', 'gtid_executed', 'server_id', 'server_uuid');
   ```

   ```sql
   -- MySQL, the replica
   SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '<gtid_executed of the source>') AS additional;
   ```

   MariaDB: compare `gtid_binlog_state` of both, domain by domain and server by server. With the replica's own server id or UUID: it was written to, see [ErrantTransactions](MySQLReplicationErrantTransactions.md). With that of the source, or of an earlier primary: the source has lost them.
2. If other replicas have them too and the source has hardly been written to since: fail over to a replica, it has more ([NodeDown](MySQLReplicationNodeDown.md#fail-over)).
3. MySQL: otherwise bring them back. They keep their GTIDs, so all replicas agree afterwards. Read them first: they must not conflict with what the source has written since, and it skips those whose GTID it has given to another transaction. If there are such, rebuild the replica.

   ```sh
   # MySQL, the machine of the replica
   mysqlbinlog --include-gtids='<additional>' <files> >/tmp/<dump>
   ```

   ```sh
   # MySQL, the machine of the source
   mysql </tmp/<dump>
   ```

   ```sql
   -- MySQL, the replica
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

4. MariaDB: otherwise read them on the replica, undo there what they did (with `SET SESSION sql_log_bin = 0`), write on the primary what is wanted, and set the replica back to the last transaction that both have.

   ```sh
   # MariaDB, the machine of the replica
   mariadb-binlog --loose-skip-gtid-strict-mode --base64-output=decode-rows --verbose <files>
   ```

   Without `--loose-skip-gtid-strict-mode`, `mariadb-binlog` ends at the first sequence number that is out of order, and what follows an errant transaction usually is.

   ```sql
   -- MariaDB, the replica
   STOP ALL SLAVES;
   RESET MASTER;
   SET GLOBAL gtid_slave_pos = '<last position that both have>';
   SET GLOBAL gtid_binlog_state = '<last position that both have>';
   START ALL SLAVES;
   ```

   `RESET MASTER` deletes the replica's binary logs: copy them first. Without `gtid_binlog_state`, the new log would claim to begin at the very start: a replica that is behind would be served from it, and skip what is missing without an error. A replica that has replicas of its own is rebuilt instead, with them.
5. If that is too much: [rebuild the replica](README.md#rebuild-a-replica), after copying its data.

### Stopped by hand

1. It was stopped by hand, or `skip_slave_start` (MySQL: `skip_replica_start`) is set. Ask your colleagues first; then:

   ```sql
   -- MariaDB, the replica
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

2. A channel that is stopped for good on this node, such as one that runs on another node: name it in the node's `parked_channels` ([configuration](../configuration.md)). Channels that another member of a MySQL group runs, and those with a host that begins with `//` and without a `source:` for the channel's name, count as parked by themselves (`mysql_replication_channel_parked`). A channel with an error of its own is not parked.
3. A planned stop: silence `alertname=MySQLReplicationIOThreadStopped` with the node's `replication_set` and `node`, and keep an eye on the purge headroom.

"""#),
("MySQLReplicationLagGrowing", #"""
# MySQLReplicationLagGrowing

## What it means

The replica is above the threshold of its replication set, in time or in bytes, and its lag has been growing for minutes. A configured
delay is not counted. Readers of this replica see old data, and it is unsuitable for a failover.

## Look at

- `mysql_replication_lag_seconds` with `mysql_replication_lag_method`: how it was measured.
- `mysql_replication_read_delta_bytes` (still at the source: network) against `mysql_replication_apply_delta_bytes` (applier).
- `mysql_replication_workers_busy`, `mysql_replication_stage_seconds` (MySQL): where the time is spent.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `SHOW ALL SLAVES STATUS\G` | `SHOW REPLICA STATUS\G` |
| the replica | `SHOW FULL PROCESSLIST` | `SHOW FULL PROCESSLIST` |
| the replica | `SELECT * FROM information_schema.INNODB_TRX\G` | `SELECT * FROM performance_schema.replication_applier_status_by_worker\G` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

The channel is `group_replication_applier` or `galera`: a member is behind its own cluster. Step 4 is not for it; the others are.

1. What is the applier doing? `system user` is the applier.

   ```sql
   -- MariaDB, the replica
   SELECT id, command, time, state, info FROM information_schema.PROCESSLIST WHERE user = 'system user';
   ```

   ```sql
   -- MySQL, the replica
   SELECT t.PROCESSLIST_ID, t.NAME, t.PROCESSLIST_STATE, t.PROCESSLIST_INFO, x.GTID, x.TIMER_WAIT / 1e12 AS seconds
     FROM performance_schema.threads t LEFT JOIN performance_schema.events_transactions_current x
       ON x.THREAD_ID = t.THREAD_ID AND x.STATE = 'ACTIVE'
     WHERE t.NAME LIKE 'thread/sql/replica_%';
   ```

2. "Waiting for table metadata lock": a session on the replica has read or locked the table in a transaction that is still open, and a statement that changes the table waits for it; everything else waits behind it. Find the session, and end it.

   ```sql
   -- MariaDB, the replica
   SELECT trx_mysql_thread_id AS id, trx_started, trx_query FROM information_schema.INNODB_TRX ORDER BY trx_started;
   SHOW FULL PROCESSLIST;
   ```

   ```sql
   -- MySQL, the replica
   SELECT l.OBJECT_SCHEMA, l.OBJECT_NAME, l.LOCK_TYPE, l.LOCK_STATUS, t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_TIME
     FROM performance_schema.metadata_locks l JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
     WHERE l.OBJECT_TYPE = 'TABLE' AND t.PROCESSLIST_ID <> CONNECTION_ID() ORDER BY t.PROCESSLIST_TIME DESC;
   ```

   ```sql
   -- the replica
   KILL <id>;
   ```

   MariaDB: an idle session (`Sleep`) with the oldest `trx_started` is the likeliest; the plugin `metadata_lock_info` shows which locks it holds.
3. One long transaction: find its table ([find the transaction](MySQLReplicationSQLThreadStopped.md#find-the-transaction)). A row event on a table without a primary key scans the table for each row: add a key.
4. Many short transactions: configure more workers, and stop and start the SQL thread.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>' SQL_THREAD;
   SET GLOBAL slave_parallel_threads = <workers>;
   SET GLOBAL slave_parallel_mode = optimistic;
   START SLAVE '<channel>' SQL_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   SET PERSIST replica_parallel_workers = <workers>;
   SET PERSIST replica_preserve_commit_order = ON;
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

   MariaDB: with several channels `STOP ALL SLAVES`; also in my.cnf.
5. The disk is the bottleneck: is a backup, an ALTER or a long SELECT running on the replica? End it. Temporarily, and only on a replica that can be rebuilt, this helps:

   ```sql
   -- the replica
   SET GLOBAL innodb_flush_log_at_trx_commit = 2;
   SET GLOBAL sync_binlog = 0;
   ```

   A crash of the machine then costs the replica its last transactions and its position: set both back to what they were (1) as soon as it has caught up.

6. Take the replica out of the load balancer while it is lagging.
7. The threshold is wrong for this set: change `thresholds: {lag: …, bytes: …}` in the exporter's configuration.

## A member of a cluster

The alert's channel is `group_replication_applier` or `galera`: it stands for what this member applies of what the others have committed, and has
no IO thread. What its applier does is seen as in step 1; `STOP REPLICA`, `START REPLICA` and `CHANGE …` are not for it.

- Galera: what holds the applier up, and what helps, is in [ClusterFlowControl](MySQLReplicationClusterFlowControl.md), steps 2 and 4. A node that
  asks for no flow control falls behind without limit: it is desynchronized, or `gcs.fc_limit` is high. Donors and desynchronized nodes fall
  behind on purpose; for those this alert does not fire, and LagHigh after half an hour.
- Group Replication: `performance_schema.replication_applier_status_by_worker` has the transactions of the channel. A change of
  `replica_parallel_workers` takes effect when the member joins again (`STOP GROUP_REPLICATION`, `START GROUP_REPLICATION`), which is for one member
  after the other, and not for the primary.

"""#),
("MySQLReplicationLagHigh", #"""
# MySQLReplicationLagHigh

## What it means

The replica has been above the threshold of its replication set for half an hour, in time or in bytes. The lag may be shrinking, but
has not come below the threshold in that time. A configured delay is not counted.

## Look at

- `mysql_replication_lag_seconds` with `mysql_replication_lag_method`: how it was measured.
- `mysql_replication_read_delta_bytes` (still at the source: network) against `mysql_replication_apply_delta_bytes` (applier).
- `mysql_replication_workers_busy`, `mysql_replication_stage_seconds` (MySQL): where the time is spent.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `SHOW ALL SLAVES STATUS\G` | `SHOW REPLICA STATUS\G` |
| the replica | `SHOW FULL PROCESSLIST` | `SHOW FULL PROCESSLIST` |
| the replica | `SELECT * FROM information_schema.INNODB_TRX\G` | `SELECT * FROM performance_schema.replication_applier_status_by_worker\G` |

## Do

1. The lag is shrinking (`deriv(mysql_replication_lag_seconds[30m])` is negative): wait.
2. Otherwise find out what holds the applier up: the steps are those of [LagGrowing](MySQLReplicationLagGrowing.md).
3. A replica that is never current has too little of something for what its source writes: workers, disk, or a primary key on a large table. Give it that, or give its readers another replica.

## A member of a cluster

The steps are those of [LagGrowing](MySQLReplicationLagGrowing.md#a-member-of-a-cluster). A Galera node whose state is `donor` or `desynced` waits for
the end of a backup or of a joiner's full copy, or somebody has forgotten `SET GLOBAL wsrep_desync = OFF`.

"""#),
("MySQLReplicationLagUnknown", #"""
# MySQLReplicationLagUnknown

## What it means

Both threads are running, but how late the replica is cannot be said. Either the server says that it is 0 s behind, although more than the
set's threshold in bytes is still to be read or applied, and the replica has not yet applied anything that the exporter has seen in the source's binary log: the usual
case is a large backlog over a slow network, just after the exporter was started. Or the server reports nothing (NULL). Nothing is known to be wrong; but if something
goes wrong, the alerts on lag will not fire.

## Look at

- `mysql_replication_read_delta_bytes` (still at the source), `mysql_replication_apply_delta_bytes`,
  `mysql_replication_missing_transactions`: these show the distance as long as the source answers.
- `mysql_replication_source_reported_lag_seconds` (absent: the server reports NULL).
- `mysql_replication_node_fact_missing` and `mysql_replication_up` of the node and of its source.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `SHOW ALL SLAVES STATUS\G` | `SHOW REPLICA STATUS\G` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. [BinlogMissing](MySQLReplicationBinlogMissing.md), [NodeFactMissing](MySQLReplicationNodeFactMissing.md) or [NodeDown](MySQLReplicationNodeDown.md)
   fires for this node or its source as well: go there, this is a consequence.
2. Does the distance shrink? What these answer is in bytes, and in bytes a second (negative: it shrinks).

   ```promql
   # Prometheus
   mysql_replication_read_delta_bytes{replication_set="<set>", node="<node>"}
   ```

   ```promql
   # Prometheus
   deriv(mysql_replication_read_delta_bytes{replication_set="<set>", node="<node>"}[10m])
   ```

   It shrinks: the alert resolves when the replica has applied what the source had when the exporter was started. The first number divided by
   the second, without its sign, is the time in seconds until everything has been read.
3. It shrinks too slowly, or grows: the network, or a busy source. If there is a processor to spare on both sides, have the connection compressed; the
   replica reads on from where it is.

   ```sql
   -- MariaDB, the replica
   SET GLOBAL slave_compressed_protocol = ON;
   STOP SLAVE '<channel>' IO_THREAD;
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_COMPRESSION_ALGORITHMS = 'zstd' FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

4. `read_delta_bytes` is small, and `apply_delta_bytes` is not and stays: what is the applier doing? The steps are those of
   [LagGrowing](MySQLReplicationLagGrowing.md#do).

"""#),
("MySQLReplicationNoUnfilteredReplica", #"""
# MySQLReplicationNoUnfilteredReplica

## What it means

Every replica of the set lacks some data, because of its own replication filters or the binary log filters of a source above it. None
of them can take over from the primary, and a backup of any of them is incomplete.

## Look at

- `mysql_replication_filters > 0`, `mysql_replication_binlog_filters > 0`: which filters exist, and where.

| on | MariaDB | MySQL |
|---|---|---|
| replica | `Replicate_*` in `SHOW ALL SLAVES STATUS\G` | `Replicate_*` in `SHOW REPLICA STATUS\G` |
| source | `Binlog_Do_DB`, `Binlog_Ignore_DB` in `SHOW BINLOG STATUS` | the same in `SHOW BINARY LOG STATUS` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. The filters are no longer needed: remove them, here and in my.cnf, and [rebuild the replica](README.md#rebuild-a-replica): what was filtered out is not replicated later. `<filter>` is the label `filter` of `mysql_replication_filters`.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   SET default_master_connection = '<channel>';
   SET GLOBAL replicate_<filter> = '';
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   CHANGE REPLICATION FILTER replicate_<filter> = () FOR CHANNEL '<channel>';
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

2. If they are needed, add a replica without filters, or exclude the set in the rule.

"""#),
("MySQLReplicationNoWritableNode", #"""
# MySQLReplicationNoWritableNode

## What it means

All nodes of the set that answer are read-only, the primary is down, or it cannot be determined which node takes the writes. Load
balancers that use the exporter send writes nowhere, and probes write nothing.

## Look at

- The exporter's `/nodes/<node>/primary`: the reason in one line; with `?format=json` everything the decision is based on.
- `mysql_replication_up`, `mysql_replication_node_read_only`, `mysql_replication_node_role` of the set.

| on | MariaDB | MySQL |
|---|---|---|
| each node | `SELECT @@read_only` | `SELECT @@read_only, @@super_read_only` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. A node is down: was it the primary? See [NodeDown](MySQLReplicationNodeDown.md). The set is a cluster: see
   [ClusterNoQuorum](MySQLReplicationClusterNoQuorum.md) or [ClusterSplit](MySQLReplicationClusterSplit.md), and do not open a member by hand.
2. The primary is read-only, because of `read_only = ON` in my.cnf after a restart, a switchover that stopped half-way, or a tool that fenced it. Make sure that no other node has been promoted meanwhile, and that this one has everything (`mysql_replication_missing_transactions` 0, no channel). Then open it, and only it:

   ```sql
   -- MariaDB, the primary
   SET GLOBAL read_only = OFF;
   ```

   ```sql
   -- MySQL, the primary
   SET PERSIST super_read_only = OFF;
   SET PERSIST read_only = OFF;
   ```

3. The reason names a node that has not answered since the exporter started: start that node, or remove it from the configuration if
   it is gone for good. Until then, name the primary: `POST /sets/<set>/writer?node=<node>` (needs `--web.enable-lifecycle`):
   `curl -X POST 'http://localhost:19104/sets/shop/writer?node=db1'`.
4. The reason names a source that is silent: a writable node that still has a channel counts as a replica. If it was promoted
   intentionally, and has applied everything that it received, remove the channel:

   ```sql
   -- MariaDB, the promoted node (promoted on purpose)
   STOP SLAVE '<channel>';
   RESET SLAVE '<channel>' ALL;
   ```

   ```sql
   -- MySQL, the promoted node (promoted on purpose)
   STOP REPLICA FOR CHANNEL '<channel>';
   RESET REPLICA ALL FOR CHANNEL '<channel>';
   ```

   Then remove its `source:` from the exporter's configuration.
5. The set intentionally replicates from outside, and one node has no channel: give that node `source: outside`.

"""#),
("MySQLReplicationNodeDown", #"""
# MySQLReplicationNodeDown

## What it means

The exporter has had no answer from this server for two minutes. The server may be dead or cut off, or it may refuse only the
exporter (if it has no connection left, [ConnectionLimit](MySQLReplicationConnectionLimit.md) fires instead). Everything else about it
is unknown, so no other alert about it can fire. If it was the primary, its replicas stop receiving: their alerts are a consequence,
and IOThreadStopped and SourceSilent stay silent until it answers again.

## Look at

- `mysql_replication_node_failure{node="…"}`: the reason. The server's error message is on the exporter's page and in its log.
- `mysql_replication_io_thread_running` of its replicas: if they still receive, the server is alive and only the exporter is cut off.
- `last_over_time(mysql_replication_node_writer{replication_set="…",node="…"}[15m])`: 1 if it was the primary.

| on | MariaDB | MySQL |
|---|---|---|
| the exporter's machine | `mariadb -h HOST -P PORT -u exporter -p -e 'SELECT 1'` | `mysql -h HOST -P PORT -u exporter -p -e 'SELECT 1'` |
| the server's machine | `journalctl -u mariadb -n 100` | `journalctl -u mysql -n 100` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. It is a member of a cluster (Galera, Group Replication): do not fail over by this page. The cluster makes another member the primary by itself, or
   [ClusterNoQuorum](MySQLReplicationClusterNoQuorum.md) fires. If the server refuses with *offline mode* (6400, 3032), it runs and has failed as a member: go on in
   [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md). Otherwise repair and start it, with steps 2 to 6.
2. `connect`, `timeout`: is the machine up, the disk full, the service running? Start it, and read its error log before anything else. If the message names a statement, the server is alive and hangs in that statement: first look for a full disk under the relay log.
3. `dns`, `tls`, `authentication`: the server is most likely healthy; a name, a certificate or a password has changed. Replication is not in danger, but is not being monitored.
4. `permission`: the account is not allowed to read the replication status. MariaDB: `GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO exporter`. MySQL: `GRANT REPLICATION CLIENT ON *.* TO exporter; GRANT SELECT ON performance_schema.* TO exporter`.
5. `query`, `protocol`: the address leads to something that does not behave like a server: a proxy, another service.
6. It is a replica: take it out of the load balancer if the balancer does not ask the exporter. Nothing else is urgent.
7. It was the primary, is no member of a cluster, and does not come back: [fail over](#fail-over).

### Fail over

1. Be sure that it is dead. If any replica still receives from it, it is alive: stop here.
2. **Fence it.** It must not take a write again: power the machine off or cut its network, and remove its address from the balancer. A stopped service is not enough, because something may start it. Put `read_only = ON` (MySQL: `super_read_only = ON`) into its my.cnf as soon as you can reach it.
3. Do not stop the replicas yet. A MariaDB replica that uses GTIDs throws its relay log away when both of its threads are stopped and started again, and with it everything that only the dead primary and this relay log had. A restart of the server does the same (on MySQL with `relay_log_recovery`), and so do `RESET` and `CHANGE`.
4. Pick the replica that has **received** the most, applied or not. Ask the replicas:

   ```sql
   -- MariaDB, each replica
   SHOW ALL SLAVES STATUS\G
   ```

   MariaDB: the highest `Gtid_IO_Pos` (compare the last number, domain by domain). Without GTIDs, on both: the highest
   `Master_Log_File` (MySQL: `Source_Log_File`) and in it `Read_Master_Log_Pos` (`Read_Source_Log_Pos`).

   ```sql
   -- MySQL, each replica
   SELECT RECEIVED_TRANSACTION_SET, @@GLOBAL.gtid_executed FROM performance_schema.replication_connection_status
     WHERE CHANNEL_NAME = '<channel>';
   ```

   MySQL: what a replica has received is both sets together. This one is right if nothing remains of what each of the others has:

   ```sql
   -- MySQL, the candidate
   SELECT GTID_SUBTRACT('<both sets of the other>', '<both sets of the candidate>') AS lacking;
   ```

   What the exporter saw last, before the primary died; the lowest number has the most:

   ```promql
   # Prometheus
   last_over_time(mysql_replication_unfetched_transactions{replication_set="<set>"}[15m])
   ```

5. The candidate must not have transactions of its own. This must be 0 or absent for it:

   ```promql
   # Prometheus
   max without (channel) (last_over_time(mysql_replication_errant_transactions{replication_set="<set>"}[15m]))
   ```

   It also needs a binary log with `log_slave_updates` (MySQL: `log_replica_updates`) and no filters. If the best candidate fails here, weigh lost transactions against a replica that is repaired afterwards; the others can only follow the one that has the most.

   MariaDB: its binary log must also reach back to where every other replica is, or those skip without an error what it no longer has.

   ```sql
   -- MariaDB, the candidate
   SHOW BINARY LOGS;
   SELECT BINLOG_GTID_POS('<its first file>', 4) AS begins_after;
   ```

   Compare it with `Gtid_Slave_Pos` of each of the others, by the rule of [BinlogMissing](MySQLReplicationBinlogMissing.md#what-the-replica-needs-was-purged), step 2. A replica that is further behind must
   first apply what it has received, or is [rebuilt](README.md#rebuild-a-replica) after the failover instead of step 8. MySQL refuses such a replica by itself (error 1236, 13114).
6. Let it apply everything that it has received. The answer must be 0; -1 or 1 is a timeout: wait again.

   ```sql
   -- MariaDB, the candidate (a thread is running)
   START SLAVE '<channel>' SQL_THREAD;
   STOP SLAVE '<channel>' IO_THREAD;
   SELECT MASTER_GTID_WAIT('<its Gtid_IO_Pos>', 600) AS waited;
   ```

   In this order: the SQL thread has to run before the IO thread is stopped. If both are stopped already, do not start them as they
   are. This has the relay log applied, from `Relay_Log_File` and `Relay_Log_Pos`:

   ```sql
   -- MariaDB, the candidate (both threads are stopped)
   CHANGE MASTER '<channel>' TO MASTER_USE_GTID = no, RELAY_LOG_FILE = '<its Relay_Log_File>', RELAY_LOG_POS = <its Relay_Log_Pos>;
   START SLAVE '<channel>' SQL_THREAD;
   SELECT MASTER_GTID_WAIT('<its Gtid_IO_Pos>', 600) AS waited;
   ```

   ```sql
   -- MySQL, the candidate
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   SELECT WAIT_FOR_EXECUTED_GTID_SET('<its RECEIVED_TRANSACTION_SET>', 600) AS waited;
   ```

   Without GTIDs: `SELECT MASTER_POS_WAIT('<Master_Log_File>', <Read_Master_Log_Pos>, 600, '<channel>')`, on MySQL `SOURCE_POS_WAIT` with the same arguments; the answer must be 0 or more.
7. Open it. From here on it is the primary.

   ```sql
   -- MariaDB, the candidate
   STOP SLAVE '<channel>';
   RESET SLAVE '<channel>' ALL;
   SET GLOBAL read_only = OFF;
   ```

   ```sql
   -- MySQL, the candidate
   STOP REPLICA FOR CHANNEL '<channel>';
   RESET REPLICA ALL FOR CHANNEL '<channel>';
   SET PERSIST super_read_only = OFF;
   SET PERSIST read_only = OFF;
   ```

   Also in its my.cnf, if `read_only` is there. Events of the scheduler are disabled on a replica: `SHOW EVENTS`, then `ALTER EVENT … ENABLE`.
8. Point every other replica at it. They continue from where they are, by GTID.

   ```sql
   -- MariaDB, the other replicas
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<new primary>', MASTER_PORT = <port>, MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the other replicas
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<new primary>', SOURCE_PORT = <port>, SOURCE_AUTO_POSITION = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   Error 1236 now: this replica has received more than the new primary, or the new primary's log begins too late for it, see [IOThreadStopped](MySQLReplicationIOThreadStopped.md). Without GTIDs there is no common position: [rebuild them](README.md#rebuild-a-replica) from the new primary.
9. If the set uses semi-synchronous replication, enable the source's side on the new primary. Send the applications there. Balancers that ask the exporter follow by themselves.
10. In the exporter's configuration, name the new primary as `source:` of the others, remove its own `source:`, and reload. Until then [WrongSource](MySQLReplicationWrongSource.md) fires.

### When the old primary comes back

1. Start it cut off from the applications, and close it before anything else:

   ```sql
   -- MariaDB, the old primary
   SET GLOBAL read_only = ON;
   SELECT @@GLOBAL.gtid_binlog_state;
   ```

   ```sql
   -- MySQL, the old primary
   SET PERSIST super_read_only = ON;
   SELECT @@GLOBAL.gtid_executed;
   ```

2. Does it have transactions that the new primary lacks? These were lost in the failover. MariaDB: for its own server id, in `gtid_binlog_state`, a higher number than in the new primary's. MySQL: the answer is not empty.

   ```sql
   -- MariaDB, the new primary
   SELECT @@GLOBAL.gtid_binlog_state;
   ```

   ```sql
   -- MySQL, the new primary
   SELECT GTID_SUBTRACT('<gtid_executed of the old primary>', @@GLOBAL.gtid_executed) AS lost;
   ```

   If so, keep a copy of its binary logs for the owners of the data, then [rebuild it](README.md#rebuild-a-replica).
3. If not, it can follow:

   ```sql
   -- MariaDB 10.10 and later, the old primary
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<new primary>', MASTER_PORT = <port>, MASTER_USER = '<replication user>',
     MASTER_PASSWORD = '<replication password>', MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the old primary
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<new primary>', SOURCE_PORT = <port>, SOURCE_USER = '<replication user>',
     SOURCE_PASSWORD = '<replication password>', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   MariaDB: the new primary's log must reach back to where the old primary is ([BinlogMissing](MySQLReplicationBinlogMissing.md#what-the-replica-needs-was-purged), step 2); if it begins later, the old primary may skip what is missing without an error.
   MariaDB before 10.10: leave `MASTER_DEMOTE_TO_SLAVE` out, and run `SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_binlog_pos` first.
4. Add `source:` to it in the exporter's configuration, and reload.

"""#),
("MySQLReplicationNodeFactMissing", #"""
# MySQLReplicationNodeFactMissing

## What it means

One of the exporter's statements is refused, is not answered in time, or gets an answer that cannot be used. The node counts as up, but
the series based on this fact are absent, and alerts on them cannot fire.

## Look at

- The labels `fact` and `reason` of the alert.
- The exporter's log: the statement, the server's answer and the missing privilege.
- `mysql_replication_node_info{node="…"}`: was the server upgraded?

| on | MariaDB | MySQL |
|---|---|---|
| the node | `SHOW GRANTS FOR <the exporter's account>` | `SHOW GRANTS FOR <the exporter's account>` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. `permission`: grant the missing privilege. The account replicates, so run this on the primary.

   ```sql
   -- MariaDB 10.5.9 and later, the primary
   GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO <the exporter's account>;
   ```

   ```sql
   -- MySQL, the primary
   GRANT REPLICATION CLIENT ON *.* TO <the exporter's account>;
   GRANT SELECT ON performance_schema.* TO <the exporter's account>;
   ```

   `REPLICATION CLIENT` is not enough on MariaDB. A granted privilege counts from the next connection on: end the exporter's.

   ```sql
   -- the node
   SELECT id FROM information_schema.PROCESSLIST WHERE user = 'exporter';
   KILL <id>;
   ```

2. `unsupported` does not raise this alert: the server version does not have the fact, or MySQL's Performance Schema is off, without which connected replicas are unknown (`performance_schema=ON`, needs a restart).
3. `no_table`: the table named by `heartbeat` or `checksums` does not exist. Is its name correct, and does a filter intentionally keep it from a replica? With `write: true` the exporter creates the heartbeat table itself, if its database exists and its account may `CREATE`; the checksum table is created by the first checksum run.
4. `timeout`: the statement waited for a lock, took too long, or hangs in the server. With `binlog_status` or `binlog_index`: is the disk of the binary log full? With `heartbeat` or `checksums`: which session has locked that table (`SHOW PROCESSLIST`)? With `checksum_summary` alone: the table has too many chunks to be added up in 2 s. The exporter tries again when the statement has ended.
5. Any other `error`: report it with the line from the log and the server's version.
6. The exporter retries a refused statement when it reconnects; the alert resolves five minutes after the last failure.

"""#),
("MySQLReplicationNotCrashSafe", #"""
# MySQLReplicationNotCrashSafe

## What it means

After a crash of the server or its machine, the stored position of this replica may be behind its data. It would then apply
transactions a second time, and stop with a duplicate key error or, worse, continue.

## Look at

- `mysql_replication_node_durable` of the node: all parts.
- `mysql_replication_gtid_enabled` of its channels.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `Using_Gtid` in `SHOW ALL SLAVES STATUS\G` | `Auto_Position` in `SHOW REPLICA STATUS\G`; `SELECT @@relay_log_recovery` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. MariaDB: use GTIDs for every channel, so that the position is stored within the same transaction. The server knows the GTID that belongs to its present position, if the channel has been running since MariaDB 10.

   ```sql
   -- MariaDB, the replica
   SELECT @@GLOBAL.gtid_slave_pos;
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   Do not do this if `gtid_slave_pos` is empty although the replica has applied something. With several sources that share a domain (`gtid_domain_id`), the replica would lose its position: give each source a domain of its own first.
2. MySQL with GTIDs (`gtid_mode = ON`): use auto-positioning, so that the replica asks for what it lacks.

   ```sql
   -- MySQL, the replica
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

3. MySQL without GTIDs: `relay_log_recovery = ON` in my.cnf, and a restart. In either case, before 8.3 also `relay_log_info_repository = TABLE`.
4. Until then: after a crash, do not trust this replica until its data has been compared.

"""#),
("MySQLReplicationPurgeHeadroomLow", #"""
# MySQLReplicationPurgeHeadroomLow

## What it means

The replica reads from the oldest part of the binary log its source still has, and the source purges. When the file is gone, the
replica cannot continue and must be rebuilt. This is the last chance to prevent that cheaply.

## Look at

- `mysql_replication_purge_headroom_bytes`, `mysql_replication_read_delta_bytes` of the channel; `mysql_replication_binlog_files` of the source.
- `mysql_replication_io_thread_running`: is the replica reading at all?

| on | MariaDB | MySQL |
|---|---|---|
| the source | `SHOW BINARY LOGS` | `SHOW BINARY LOGS` |
| the source | `SELECT @@expire_logs_days, @@max_binlog_size` | `SELECT @@binlog_expire_logs_seconds, @@binlog_expire_logs_auto_purge` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Stop purging on the source now, disable jobs that run `PURGE BINARY LOGS`, and watch the source's disk.

   ```sql
   -- MariaDB 10.6 and later, the source
   SET GLOBAL binlog_expire_logs_seconds = 0;
   ```

   ```sql
   -- MySQL, the source
   SET PERSIST binlog_expire_logs_auto_purge = OFF;
   ```

   MariaDB before 10.6: `expire_logs_days = 0`. MariaDB from 11.4 also purges by `max_binlog_total_size`. MySQL before 8.0.29: `binlog_expire_logs_seconds = 0`. `SET GLOBAL` alone is gone after a restart: MariaDB needs it in my.cnf too.
2. Get the replica reading: the IO thread alone is enough, if the replica's disk has room for the relay log.

   ```sql
   -- MariaDB, the replica
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

   If it stops again, see [IOThreadStopped](MySQLReplicationIOThreadStopped.md).
3. When `mysql_replication_read_delta_bytes` is small, restore the expiry, with more time than before:

   ```sql
   -- MariaDB 10.6 and later, the source
   SET GLOBAL binlog_expire_logs_seconds = <seconds>;
   ```

   ```sql
   -- MySQL, the source
   SET PERSIST binlog_expire_logs_seconds = <seconds>;
   SET PERSIST binlog_expire_logs_auto_purge = ON;
   ```

"""#),
("MySQLReplicationSQLThreadStopped", #"""
# MySQLReplicationSQLThreadStopped

## What it means

The replica receives transactions but does not apply them. Critical: a transaction failed, and the thread stays stopped until it is
repaired. Warning: the thread has been stopped, without an error, for a quarter of an hour.

## Look at

- `mysql_replication_sql_errno` of the channel; the exporter's page has the server's error message, of the worker that failed.
- `mysql_replication_errant_transactions`: was there a write on the replica?
- `mysql_replication_relay_log_bytes`: how fast the disk is filling.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `Last_SQL_Error` in `SHOW ALL SLAVES STATUS\G` | `Last_SQL_Error` in `SHOW REPLICA STATUS\G` |
| the replica | the error log | `SELECT * FROM performance_schema.replication_applier_status_by_worker\G` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

By the error number:

- 1062, 1032: [a row differs](#a-row-differs-1062-1032)
- 1950: [a write on the replica is in the way](#a-write-on-the-replica-is-in-the-way-1950)
- 1146, 1050, 1396, 1677: [a table or an account differs](#a-table-or-an-account-differs-1146-1050-1396-1677)
- 1594, 1872 (MySQL 8: 13121, 13124): [the relay log is broken](#the-relay-log-is-broken-1594-1872-13121-13124)
- 1205, 1213: a lock wait that outlasted all retries: end the session that holds the lock, then start the thread
- 1021, 1114, 3, 28: disk or table full: make room, then start the thread
- 0: [stopped by hand](#stopped-by-hand)

Do not [skip](#skip-one-transaction) a transaction just to clear the alert: the replica stays wrong, and the next error is only a matter of time.

### Find the transaction

1. Where it stands in the source's binary log:

   ```sql
   -- MariaDB, the replica
   SHOW ALL SLAVES STATUS\G
   ```

   ```sql
   -- MySQL, the replica
   SHOW REPLICA STATUS FOR CHANNEL '<channel>'\G
   SELECT APPLYING_TRANSACTION, LAST_ERROR_MESSAGE FROM performance_schema.replication_applier_status_by_worker
     WHERE CHANNEL_NAME = '<channel>' AND LAST_ERROR_NUMBER <> 0\G
   ```

   The file is `Relay_Master_Log_File` (MySQL: `Relay_Source_Log_File`), the position `Exec_Master_Log_Pos` (`Exec_Source_Log_Pos`).
2. What it does. It is the first transaction that this prints (MySQL with several workers: the one with the GTID above):

   ```sh
   # MariaDB, the machine of the source
   mariadb-binlog --loose-skip-gtid-strict-mode --base64-output=decode-rows --verbose --start-position=<position> <file> | head --lines=100
   ```

   ```sh
   # MySQL, the machine of the source
   mysqlbinlog --base64-output=decode-rows --verbose --start-position=<position> <file> | head --lines=100
   ```

   Of a row that was changed, `### WHERE` has the values as the source had them before, `### SET` as they are afterwards; `@1` is the first column. A statement (`binlog_format` STATEMENT or MIXED) is printed as such, and has no rows. The files are in the source's data directory, or where `log_bin_basename` says.

### A row differs: 1062, 1032

1062: the row that is to be inserted exists already. 1032: the row that is to be changed or deleted does not exist, or has other values.

1. [Find the transaction](#find-the-transaction), and look at the row on source and replica.
2. Make the replica's row what the source's was before this transaction, without logging the change. `super_read_only` (MySQL) has to be off for it. If the replica has replicas of its own, do the same on those.

   1062: remove the row.

   ```sql
   -- the replica (1062)
   SET SESSION sql_log_bin = 0;
   DELETE FROM <table> WHERE <key>;
   ```

   1032: add the row, with the values after `### WHERE`. If it exists with other values, `REPLACE` changes it.

   ```sql
   -- the replica (1032)
   SET SESSION sql_log_bin = 0;
   REPLACE INTO <table> VALUES (<values>);
   ```

3. Start the thread:

   ```sql
   -- MariaDB, the replica
   START SLAVE '<channel>' SQL_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

4. The next error of this kind: there are more such rows. Find out who wrote on the replica, compare all tables ([checksum](../checksums.md)), and rebuild the replica if many differ.

### A write on the replica is in the way: 1950

MariaDB with `gtid_strict_mode`: the replica was written to, in the source's domain. That took the next sequence number, and the source's transaction with this number, or a lower one, is refused.

1. See what was written: the entry of `gtid_binlog_state` with the replica's own server id, and its transactions in the replica's binary log.

   ```sql
   -- MariaDB, the replica
   SET GLOBAL read_only = ON;
   SELECT @@GLOBAL.gtid_binlog_state, @@server_id;
   SHOW BINARY LOGS;
   ```

   ```sh
   # MariaDB, the machine of the replica
   mariadb-binlog --loose-skip-gtid-strict-mode --base64-output=decode-rows --verbose <file> | grep --after-context=30 "server id <server id> "
   ```

   Without `--loose-skip-gtid-strict-mode`, `mariadb-binlog` ends at the first sequence number that is out of order, and what follows an errant transaction usually is.
2. Undo it on the replica, with `SET SESSION sql_log_bin = 0`. If the data is wanted, write it on the primary.
3. The replica has replicas of its own: they have got the write as well. Wait until they have applied everything, undo it on them too, and give them the replica's position, all before the next step.

   ```sql
   -- MariaDB, the replica
   SELECT @@GLOBAL.gtid_slave_pos;
   ```

   ```sql
   -- MariaDB, a replica of the replica (with replicas)
   STOP SLAVE '<channel>';
   RESET MASTER;
   SET GLOBAL gtid_slave_pos = '<gtid_slave_pos of the replica>';
   SET GLOBAL gtid_binlog_state = '<gtid_slave_pos of the replica>';
   ```

4. Remove the transaction from the replica's binary log. `RESET MASTER` deletes all binary logs of the replica; what it has applied is in `gtid_slave_pos` and stays.

   ```sql
   -- MariaDB, the replica
   STOP ALL SLAVES;
   SELECT @@GLOBAL.gtid_slave_pos INTO @position;
   RESET MASTER;
   SET GLOBAL gtid_binlog_state = @position;
   START ALL SLAVES;
   ```

   Without `gtid_binlog_state`, the new log would claim to begin at the very start: a replica that is behind would be served from it, and skip what is missing without an error. Set it from a variable: the server hangs in `= @@GLOBAL.gtid_slave_pos`.

   If `Using_Gtid` is `Current_Pos`, the replica would take its own transaction for its position: run `CHANGE MASTER '<channel>' TO MASTER_USE_GTID = slave_pos` before it starts.
5. Start the replicas of the replica:

   ```sql
   -- MariaDB, a replica of the replica (with replicas)
   START SLAVE '<channel>';
   ```

### A table or an account differs: 1146, 1050, 1396, 1677

Statements that change tables and accounts are replicated like all others, and fail where the replica has been changed by hand. Do everything with `SET SESSION sql_log_bin = 0`, and on MySQL with `super_read_only` off meanwhile.

1. 1146, the table does not exist on the replica: take its definition from `SHOW CREATE TABLE` on the source. This is enough if the table had no rows before this transaction; otherwise [rebuild the replica](README.md#rebuild-a-replica).

   ```sql
   -- the replica (1146)
   SET SESSION sql_log_bin = 0;
   <statement of SHOW CREATE TABLE>;
   ```

2. 1050, the table exists already: move it out of the way, and look at its content later. (MariaDB raises this only with `slave_ddl_exec_mode = STRICT`; by default it replaces the table.)

   ```sql
   -- the replica (1050)
   SET SESSION sql_log_bin = 0;
   RENAME TABLE <table> TO <another name>;
   ```

3. 1396, `CREATE USER` failed because the account exists, or `DROP USER` because it does not: make it what the statement expects.

   ```sql
   -- the replica (1396, CREATE USER)
   SET SESSION sql_log_bin = 0;
   DROP USER <account>;
   ```

   ```sql
   -- the replica (1396, DROP USER)
   SET SESSION sql_log_bin = 0;
   CREATE USER <account>;
   ```

4. 1677, a column has another type: give it the source's type (`SHOW CREATE TABLE` on both).

   ```sql
   -- the replica (1677)
   SET SESSION sql_log_bin = 0;
   ALTER TABLE <table> MODIFY <column> <the source's type>;
   ```

5. Start the thread:

   ```sql
   -- MariaDB, the replica
   START SLAVE '<channel>' SQL_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

### The relay log is broken: 1594, 1872, 13121, 13124

Usually after a crash of the replica's machine. The source still has what was in it, so fetch it again; if it does not, see [BinlogMissing](MySQLReplicationBinlogMissing.md).

1. Write down `Relay_Master_Log_File` and `Exec_Master_Log_Pos` (MySQL: `Relay_Source_Log_File`, `Exec_Source_Log_Pos`): up to there the replica has applied.
2. With GTIDs:

   ```sql
   -- MariaDB, the replica (with GTIDs)
   STOP SLAVE '<channel>';
   RESET SLAVE '<channel>';
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica (with GTIDs)
   STOP REPLICA FOR CHANNEL '<channel>';
   RESET REPLICA FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

3. Without GTIDs, from the position that you wrote down. (`RESET` would lose it.)

   ```sql
   -- MariaDB, the replica (without GTIDs)
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_LOG_FILE = '<file>', MASTER_LOG_POS = <position>;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica (without GTIDs)
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE = '<file>', SOURCE_LOG_POS = <position> FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

4. Look for the cause (disk, memory), and see [NotCrashSafe](MySQLReplicationNotCrashSafe.md).

### Stopped by hand

1. Ask your colleagues: a backup, a schema change or a repair may be running. Then start it:

   ```sql
   -- MariaDB, the replica
   START SLAVE '<channel>' SQL_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

### Skip one transaction

The whole transaction is left out, not only the row that failed. Afterwards compare the data ([checksum](../checksums.md)), or rebuild the replica.

1. MariaDB:

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   SET default_master_connection = '<channel>';
   SET GLOBAL sql_slave_skip_counter = 1;
   START SLAVE '<channel>';
   ```

   With parallel replication and several domains the server refuses this. There, `SET GLOBAL gtid_slave_pos` to the present value, with the skipped transaction's number in its domain.
2. MySQL, with the GTID from `APPLYING_TRANSACTION`:

   ```sql
   -- MySQL, the replica
   STOP REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   SET GTID_NEXT = '<gtid>';
   BEGIN;
   COMMIT;
   SET GTID_NEXT = 'AUTOMATIC';
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

   MySQL without GTIDs: `SET GLOBAL sql_replica_skip_counter = 1` before the thread is started.

## A member of a cluster

An applier error puts a member of Group Replication out of its group: [ClusterMemberOutside](MySQLReplicationClusterMemberOutside.md) fires
instead, and names the error. With the channel `group_replication_applier`, this alert is about a member that is joining and cannot apply what it is
given, or about a group without quorum: the steps are those of [ClusterJoinStuck](MySQLReplicationClusterJoinStuck.md) and
[ClusterNoQuorum](MySQLReplicationClusterNoQuorum.md). `START REPLICA` is not for this channel.

"""#),
("MySQLReplicationSemiSyncDegraded", #"""
# MySQLReplicationSemiSyncDegraded

## What it means

Semi-synchronous replication is enabled, but commits were not acknowledged in time, and the node fell back to asynchronous
replication, or did so in the last five minutes: transactions committed like that may exist nowhere else. Each fallback also blocked
the applications for the whole timeout.

## Look at

- `mysql_replication_semi_sync_source_clients`: are there semi-synchronous replicas at all?
- `mysql_replication_semi_sync_replica_active` and `mysql_replication_io_thread_running` of the replicas.
- `increase(mysql_replication_semi_sync_source_unacknowledged_transactions_total[1h])`

| on | MariaDB | MySQL |
|---|---|---|
| the source | `SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%'` | `SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%'` |
| the source | `SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync%'` | `SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. No clients: a replica is down, its IO thread is stopped, or semi-synchronous replication is disabled on it. It registers only when it connects, so restart its IO thread:

   ```sql
   -- MariaDB, the replica
   SET GLOBAL rpl_semi_sync_slave_enabled = ON;
   STOP SLAVE '<channel>' IO_THREAD;
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   SET PERSIST rpl_semi_sync_replica_enabled = ON;
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

   MariaDB: also in my.cnf. "Unknown system variable" (MySQL): `INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'`.
2. MySQL: fewer clients than `rpl_semi_sync_source_wait_for_replica_count`, which is 1 by default: bring back the replica that is missing, or lower the number.
3. There are enough clients, but the node still falls back: their disks or the network are slow. Compare the timeout with the round trip; a replica with `sync_relay_log=1` on a slow disk acknowledges slowly.
4. The node returns to semi-synchronous replication by itself, once a replica has acknowledged everything. Until then, do not fail over without checking what is missing.
5. The replica stays away for long, and each commit after a return waits for the whole timeout: switch it off on purpose. Commits are not protected then, as they are not now.

   ```sql
   -- MariaDB, the source
   SET GLOBAL rpl_semi_sync_master_enabled = OFF;
   ```

   ```sql
   -- MySQL, the source
   SET PERSIST rpl_semi_sync_source_enabled = OFF;
   ```

6. The wait point decides what a crash costs. `AFTER_SYNC` (MySQL's default): nobody sees a transaction before a replica has it. `AFTER_COMMIT` (MariaDB's default): other sessions see it before, and after a failover it may be gone. Set `rpl_semi_sync_master_wait_point` (MySQL: `rpl_semi_sync_source_wait_point`) to `AFTER_SYNC` unless there is a reason not to. A source that crashed while it waited has such transactions in its binary log after its restart, and the new primary may lack them: see [when the old primary comes back](MySQLReplicationNodeDown.md#when-the-old-primary-comes-back).

"""#),
("MySQLReplicationSentinelFailing", #"""
# MySQLReplicationSentinelFailing

## What it means

At regular intervals the exporter inserts a row on the primary, updates it and deletes it, and checks whether this arrives on every
replica. It does not arrive on this replica in time, although both threads are running and no lag of more than a second is
reported. (If the primary does not even accept the row, [MySQLReplicationSentinelNotSent](MySQLReplicationSentinelNotSent.md) fires.)

## Look at

- `mysql_replication_sentinel_success` by operation: if the insert arrives but the update does not, suspect a filter or a trigger; if
  nothing arrives, suspect a filter, a replica that follows a different primary than the one being written, or a relay log that is not
  applied.
- `mysql_replication_sentinel_last_success_timestamp_seconds`: when it last worked. `mysql_replication_filters` and
  `mysql_replication_binlog_filters`: what is filtered out on the way.

| on | MariaDB | MySQL |
|---|---|---|
| replica | `SELECT * FROM replication_probe.sentinel` (use the configured table) | the same |
| replica | `SHOW ALL SLAVES STATUS\G`: Replicate_* and Exec_Master_Log_Pos | `SHOW REPLICA STATUS\G` |
| primary | `SHOW MASTER STATUS`: Binlog_Do_DB, Binlog_Ignore_DB | `SHOW BINARY LOG STATUS` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. A filter excludes the sentinel's database: if that is intended, move the table to a database that is replicated; if not, fix the filter, here and in my.cnf. What it has excluded until now is not replicated later. `<filter>` is the label `filter` of `mysql_replication_filters`.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   SET default_master_connection = '<channel>';
   SET GLOBAL replicate_<filter> = '';
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   CHANGE REPLICATION FILTER replicate_<filter> = () FOR CHANNEL '<channel>';
   START REPLICA SQL_THREAD FOR CHANNEL '<channel>';
   ```

2. Otherwise compare positions: does Exec_Master_Log_Pos (Exec_Source_Log_Pos) advance while the primary is being written? If not, restart the applier; if it does and the row does not arrive, the data differs: run a checksum.

"""#),
("MySQLReplicationSentinelNotSent", #"""
# MySQLReplicationSentinelNotSent

## What it means

A `sentinel` is configured and exactly one node takes the writes, but for several minutes no run has been able to write its row on the
primary: `mysql_replication_probe_working{probe="sentinel"}` is 0. It is also 0 from the exporter's first scrape on if the sentinel has
never worked, and after a restart of the exporter. Meanwhile it is not tested whether changes arrive on the replicas.

## Look at

- The exporter's log: a message that begins with "probe" names the node, the statement and the server's error message.
- `mysql_replication_sentinel_last_success_timestamp_seconds`: when it last worked; absent if no run has succeeded since the exporter
  started.

| on | MariaDB | MySQL |
|---|---|---|
| primary | `SHOW GRANTS FOR <the exporter's account>` | the same |
| primary | `SHOW CREATE TABLE replication_probe.sentinel` (use the configured table) | the same |
| primary | `SHOW FULL PROCESSLIST` (which sessions hold locks, which wait) | `SELECT * FROM sys.innodb_lock_waits\G` |
| primary's machine | `df -h`, the server's error log | `df -h`, the server's error log |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Write a row by hand into a table the applications use. If that hangs or fails, this is an outage of the primary, not of the sentinel.
2. If it works, the exporter's account lacks a privilege, or the database of its table does not exist. `mysql-replication-exporter grants --config.file …` prints what it needs:

   ```sql
   -- the primary (the database or a privilege is missing)
   CREATE DATABASE IF NOT EXISTS replication_probe;
   GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON replication_probe.* TO <the exporter's account>;
   ```

3. If the log says that the exporter does not know the primary although one node is writable, see `/topology.json` for the reason, usually a source that is silent or not configured.

"""#),
("MySQLReplicationSeveralWritableNodes", #"""
# MySQLReplicationSeveralWritableNodes

## What it means

Two nodes accept writes, and neither is only a replica of the other (two writable nodes that replicate from each other count as well). If
applications write to both, the data diverges, and no tool can merge it afterwards. Replicas of the primary on which `read_only` is off
are not counted, nor are the sources of one replica (multi-source replication) that are named in its `source:` or have no transactions in
common.

The previous primary remains the primary if that can be determined; otherwise load balancers send writes nowhere.

## Look at

- The exporter's `/nodes/<node>/primary?format=json`: which nodes are in conflict (`conflicts`), which of them remains the primary (`writes_on`), and why.
- `mysql_replication_node_role`, `mysql_replication_gtid_executed_transactions_total` (MySQL), `mysql_replication_gtid_sequence_numbers_total` (MariaDB): which of them receives writes?

| on | MariaDB | MySQL |
|---|---|---|
| each node | `SELECT @@read_only, @@hostname` | `SELECT @@read_only, @@super_read_only, @@hostname` |
| each node | `SHOW PROCESSLIST` | `SHOW PROCESSLIST` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Which of them do the applications write to? Twice, some seconds apart: its position moves. The primary is the one that the others replicate from and the applications connect to.

   ```sql
   -- MariaDB, each node
   SHOW MASTER STATUS;
   SHOW PROCESSLIST;
   ```

   ```sql
   -- MySQL, each node
   SHOW BINARY LOG STATUS;
   SHOW PROCESSLIST;
   ```

2. A pair with a [`failover:`](../load-balancing.md#the-failover-answer) of which both nodes are writable on purpose: step 7. Otherwise close the other one immediately. Transactions that are open there fail when they commit, with error 1290. On MariaDB, accounts with `READ_ONLY ADMIN` can still write; with `super_read_only` on MySQL nobody can.

   ```sql
   -- MariaDB, the node that is not the primary
   SET GLOBAL read_only = ON;
   SET GLOBAL event_scheduler = OFF;
   ```

   ```sql
   -- MySQL, the node that is not the primary
   SET PERSIST super_read_only = ON;
   ```

   If this hangs, it waits for a session with `LOCK TABLES` or a commit in progress: `KILL` that, from a second connection. Then end the
   applications' sessions, so that they connect to the primary:

   ```sql
   -- the node that is not the primary
   SELECT id, user, host, db, command, time FROM information_schema.PROCESSLIST
     WHERE user NOT IN ('system user', 'event_scheduler') AND id <> CONNECTION_ID();
   ```

   ```sql
   -- the node that is not the primary
   KILL <id>;
   ```

3. Set `read_only = ON` (MySQL: `super_read_only = ON`) in my.cnf of all nodes, so that only a failover makes a node writable.
4. What was written on it? It is not to replicate before this is decided: [ErrantTransactions](MySQLReplicationErrantTransactions.md) has the statements.
5. If nothing was, or it has been undone there, make it a replica: [when the old primary comes back](MySQLReplicationNodeDown.md#when-the-old-primary-comes-back). Otherwise [rebuild it](README.md#rebuild-a-replica).
6. If it cannot be determined which node is the primary, name it: `POST /sets/<set>/writer?node=<node>` (needs `--web.enable-lifecycle`):
   `curl -X POST 'http://localhost:19104/sets/shop/writer?node=db1'`. Then set `read_only` on the other node: only this resolves the
   alert, because until then both take writes.
   Your decision holds until the named node is seen read-only or restarted, or another node becomes writable.
7. If the set is supposed to have several writers, exclude it in your copy of the rule: `mysql_replication_set_rivals{replication_set!="…"} > 1`. `check` still reports it as critical: for a pair with `failover:`, run `failover-check` instead.

"""#),
("MySQLReplicationSourceSilent", #"""
# MySQLReplicationSourceSilent

## What it means

The IO thread counts as running, but nothing has arrived from the source: the source is frozen, or a firewall drops the packets of the
connection. `Seconds_Behind` may keep showing 0. It is known by either of two signs; `topology` and the page say which:

- "… and its binary log has gone on": for at least 10 s the exporter has seen more in the source's binary log than the replica has
  received, and what the replica has received has not changed in that time. Each megabyte of what first lacked adds two seconds, because
  an event arrives as a whole: until then nothing shows that a large one is on its way.
- otherwise: nothing for more than two heartbeat periods, although an idle source sends a heartbeat in each. At the servers' defaults
  that is a minute or more. It is the only sign if the source has nothing new.

If the source does not answer the exporter either, this alert does not fire, or resolves: [NodeDown](MySQLReplicationNodeDown.md) fires for the
source, two minutes after it has fallen silent, and that is the page to follow. [IOThreadStopped](MySQLReplicationIOThreadStopped.md) waits for
the source as well: it fires for a replica that is still not connected once the source answers again.

A replica whose relay log has reached `relay_log_space_limit` reads nothing because of its own SQL thread: `topology` and the page say so,
and this alert does not fire.

When the server notices by itself, its IO thread connects again. The alert keeps firing for up to three minutes while it does, until
[IOThreadStopped](MySQLReplicationIOThreadStopped.md) fires.

A full disk or locked tables on the replica look the same while the IO thread cannot write; then the source is not to blame.
With MariaDB's `replicate_events_marked_for_skip=FILTER_ON_MASTER`, the source does not send what is marked: a log that goes on then
shows nothing, missing heartbeats leave the check `transfer` absent, and the alert does not fire.

## Look at

- `mysql_replication_source_silent_seconds` of all replicas of that source: if all are affected, the problem is the source; if one, its connection.
- `mysql_replication_up` of the source.

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `Slave_received_heartbeats`, `Slave_heartbeat_period` in `SHOW ALL SLAVES STATUS\G` | `SELECT * FROM performance_schema.replication_connection_status\G` |
| the source | `SHOW PROCESSLIST` (Binlog Dump) | `SHOW PROCESSLIST` (Binlog Dump) |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. Can you log in to the source? If it hangs: disk (`dmesg`, `iostat -x 1`), a stopped or swapping machine, a full file system. If it is the primary, it is failing: prepare a [failover](MySQLReplicationNodeDown.md#fail-over).
2. It answers: restart the IO thread of the affected replica.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>' IO_THREAD;
   START SLAVE '<channel>' IO_THREAD;
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA IO_THREAD FOR CHANNEL '<channel>';
   START REPLICA IO_THREAD FOR CHANNEL '<channel>';
   ```

   If that helps, look for a firewall or load balancer that drops idle connections.
3. After `slave_net_timeout` (MySQL: `replica_net_timeout`) the replica notices by itself. To notice a source that is frozen or idle earlier, set a short heartbeat period. The replica keeps its position.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HEARTBEAT_PERIOD = 5;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 5 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

"""#),
("MySQLReplicationWrongSource", #"""
# MySQLReplicationWrongSource

## What it means

The configuration names an intended source for this channel, but the replica replicates from another server, or the channel does not
exist. Writes on the intended source may not arrive here.

## Look at

- `mysql_replication_source_info{node="…"}`: the actual source; `source_node` is empty for a server that is not configured.
- The exporter's page: the source that it has, and the one that the configuration names.
- `changes(mysql_replication_node_writer{replication_set="…"}[1h])`: has there been a failover?

| on | MariaDB | MySQL |
|---|---|---|
| the replica | `SHOW ALL SLAVES STATUS\G` | `SHOW REPLICA STATUS\G` |

## Do

[How to read the blocks; older MySQL; RDS and other services](README.md).

1. There was a planned switchover: correct `source:` in the exporter's configuration and reload it.
2. The replica was left behind by a failover, or was pointed elsewhere: check that it has no [errant transactions](MySQLReplicationErrantTransactions.md), then point it at the intended source.

   ```sql
   -- MariaDB, the replica
   STOP SLAVE '<channel>';
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<source host>', MASTER_PORT = <source port>, MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<source host>', SOURCE_PORT = <source port>, SOURCE_AUTO_POSITION = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

   MariaDB: the intended source's log must reach back to where the replica is ([BinlogMissing](MySQLReplicationBinlogMissing.md#what-the-replica-needs-was-purged), step 2); if it begins later, the replica may skip what is missing without an error.
   Without GTIDs, the same position has other coordinates in another server's log: rebuild the replica.
   Error 1236: this replica has what the intended source lacks ([IOThreadStopped](MySQLReplicationIOThreadStopped.md#1236-the-replica-has-more-than-the-source)).
3. The replica was detached: its source's host is empty or begins with `//`. A channel for which `source:` names a node by the channel's name has to replicate; if it is meant to stay detached, name it in the node's `parked_channels`.
4. The channel is gone, after `RESET REPLICA ALL` (MariaDB: `RESET SLAVE ALL`). Find out whether it should still be a replica, and whether it has been written to since. If not, it continues from where it was:

   ```sql
   -- MariaDB, the replica (the channel is gone)
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<source host>', MASTER_PORT = <source port>, MASTER_USER = '<replication user>',
     MASTER_PASSWORD = '<replication password>', MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   ```sql
   -- MySQL, the replica (the channel is gone)
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<source host>', SOURCE_PORT = <source port>, SOURCE_USER = '<replication user>',
     SOURCE_PASSWORD = '<replication password>', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

"""#),
("README", #"""
# Runbooks

One page per alert: what it means, what to look at, what to do. First open the exporter's page (`http://EXPORTER:19104/`) or run
`mysql-replication-exporter topology`: both say in words what is wrong, with the server's own error message.

- The first line of a block says on which server to run it. Use the vendor's client, as an administrator.
- `<…>` is to be replaced. `<channel>` is the alert's label `channel`: on MySQL the channel, on MariaDB the connection name. Where the
  label is empty, leave it empty: `'<channel>'` becomes `''`, the default channel.
- The `CHANGE` statements here reset a heartbeat period that you have shortened, unless you add it to them: MariaDB sets it back to half
  of `slave_net_timeout` in each `CHANGE MASTER` without `MASTER_HEARTBEAT_PERIOD`, MySQL in each `CHANGE REPLICATION SOURCE TO` that names a host or port without
  `SOURCE_HEARTBEAT_PERIOD`.
- MySQL blocks are for 8.4 and 9; [older releases](#mysql-57-and-80) and [managed services](#managed-services) have other names.
- An `sh` block runs in the server's data directory, where binary logs, relay logs and `auto.cnf` are, as root or as the server's user.
- Percona Server has MySQL's statements.
- **A member of a Galera or Group Replication cluster**: members do not replicate from each other through channels. For what is wrong with the
  cluster, the pages whose names begin with `MySQLReplicationCluster` are the right ones; all others are about channels into the cluster and out of it.
  Do not run `RESET MASTER`, `RESET BINARY LOGS AND GTIDS`, the steps of a failover, or changes with `sql_log_bin = 0` from those on a member.
- `scripts/check-runbooks.py` executes every block on MariaDB 10.11, MariaDB 11.8 (without Galera) and MySQL 9.7, except where it says "not tried": it
  brings real servers into the situation, waits for the alert, runs the steps as printed, and waits until the alert is gone.

## Rebuild a replica

The last resort of many pages: everything that the replica has is replaced by a copy of another server. That server must not be one that
lacks something itself.

1. If the replica has transactions that exist nowhere else ([ErrantTransactions](MySQLReplicationErrantTransactions.md)), copy its data
   directory before you overwrite it.
2. MySQL 8.0.17 and later, with InnoDB tables only: clone. Both servers need the plugin, and the donor an account for it.

   ```sql
   -- MySQL, the donor
   INSTALL PLUGIN clone SONAME 'mysql_clone.so';
   CREATE USER cloner@'<replica host>' IDENTIFIED BY '<password>';
   GRANT BACKUP_ADMIN ON *.* TO cloner@'<replica host>';
   ```

   On a donor with `super_read_only = ON`, switch it off for `INSTALL PLUGIN`, and on again afterwards; otherwise error 1290, and 3862 later.
   `CREATE USER` replicates, so run it on the primary if the donor is a replica. Error 1125: the plugin is installed already. Cloning
   ends with a restart of the replica, or with its shutdown (error 3707) where nothing restarts it: start it then.

   ```sql
   -- MySQL, the replica that is rebuilt
   STOP REPLICA FOR CHANNEL '<channel>';
   SET GLOBAL super_read_only = OFF;
   INSTALL PLUGIN clone SONAME 'mysql_clone.so';
   SET GLOBAL clone_valid_donor_list = '<donor host>:<donor port>';
   CLONE INSTANCE FROM cloner@'<donor host>':<donor port> IDENTIFIED BY '<password>';
   ```

3. MySQL: replicate again. The clone has the donor's GTIDs, so auto-positioning finds the rest.

   ```sql
   -- MySQL, the rebuilt replica
   STOP REPLICA FOR CHANNEL '<channel>';
   CHANGE REPLICATION SOURCE TO SOURCE_HOST = '<source host>', SOURCE_PORT = <source port>, SOURCE_USER = '<replication user>',
     SOURCE_PASSWORD = '<replication password>', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '<channel>';
   START REPLICA FOR CHANNEL '<channel>';
   ```

4. MariaDB: load a dump of the source, or of another replica with `--dump-slave=1` instead of `--master-data=1`. For much data,
   `mariadb-backup` does the same faster.

   ```sh
   # MariaDB, the machine of the source
   mariadb-dump --all-databases --single-transaction --gtid --master-data=1 --routines --events --triggers >/tmp/<dump>
   ```

5. MariaDB: load it. The dump sets `gtid_slave_pos`, and changes the default channel; for a named one, dump with `--master-data=2`, and run the `SET GLOBAL gtid_slave_pos` at its beginning yourself. `RESET MASTER` first, because the replica's old binary log would no longer match.

   ```sql
   -- MariaDB, the replica that is rebuilt
   STOP SLAVE '<channel>';
   RESET MASTER;
   ```

   ```sh
   # MariaDB, the machine of the replica
   mariadb --init-command='SET SESSION sql_log_bin = 0' </tmp/<dump>
   ```

   ```sql
   -- MariaDB, the rebuilt replica
   FLUSH LOCAL PRIVILEGES;
   SELECT @@GLOBAL.gtid_slave_pos INTO @position;
   SET GLOBAL gtid_binlog_state = @position;
   CHANGE MASTER '<channel>' TO MASTER_HOST = '<source host>', MASTER_PORT = <source port>, MASTER_USER = '<replication user>',
     MASTER_PASSWORD = '<replication password>', MASTER_USE_GTID = slave_pos;
   START SLAVE '<channel>';
   ```

   `FLUSH PRIVILEGES` without `LOCAL` would be logged, as a transaction of the replica's own. Without `gtid_binlog_state`, the new log would claim to begin at the very start: a replica that is behind would be served from it, and skip what is missing without an error.
   Without `log_bin`, leave out `RESET MASTER` and `gtid_binlog_state`. A copy by `mariadb-backup` has no binary log either: set both
   `gtid_slave_pos` and `gtid_binlog_state` to the position in its `xtrabackup_binlog_info` (from 11.1 `mariadb_backup_binlog_info`; by the
   manual, not tried).
6. Wait until the replica has caught up before it gets traffic: `mysql_replication_missing_transactions` is 0.

## MySQL 5.7 and 8.0

By the vendor's manual; not tried. The old names work in every release before 8.4.

| in the runbooks | before | was called |
|---|---|---|
| `SHOW REPLICA STATUS`, `SHOW REPLICAS` | 8.0.22 | `SHOW SLAVE STATUS`, `SHOW SLAVE HOSTS`; columns with `Master` and `Slave` |
| `START`, `STOP`, `RESET REPLICA` | 8.0.22 | `START`, `STOP`, `RESET SLAVE`; also with `FOR CHANNEL` |
| `CHANGE REPLICATION SOURCE TO SOURCE_…` | 8.0.23 | `CHANGE MASTER TO MASTER_…`; also with `FOR CHANNEL`. 5.7 has no `GET_MASTER_PUBLIC_KEY` and does not need it |
| `SOURCE_POS_WAIT()`, variables with `replica` | 8.0.26 | `MASTER_POS_WAIT()`, the same variables with `slave` |
| `rpl_semi_sync_source_…`, `rpl_semi_sync_replica_…` | 8.0.26 | `rpl_semi_sync_master_…`, `rpl_semi_sync_slave_…` |
| `SHOW BINARY LOG STATUS`, `RESET BINARY LOGS AND GTIDS` | 8.2 | `SHOW MASTER STATUS`, `RESET MASTER` |
| `binlog_expire_logs_seconds`, `SET PERSIST` | 8.0 | `expire_logs_days`; `SET GLOBAL`, and the same in my.cnf |
| `APPLYING_TRANSACTION` in `replication_applier_status_by_worker` | 8.0 | `LAST_SEEN_TRANSACTION` |
| `CLONE` | 8.0.17 | a backup, or `mysqldump --all-databases --single-transaction --master-data=1` |
| errors 13114, 13117, 13121, 13124 | 8.0 | 1236, 1593, 1594, 1872 |

## Managed services

By the vendors' documentation; not tried. The administrator has neither `SUPER` nor a shell: call the vendor's procedures. A replica that
the service itself made is replaced, not repaired: delete it and create another one.

| instead of | Amazon RDS and Aurora (RDS for MySQL 8.4 and Aurora 3: `source` for `master`) | Azure Database for MySQL (replication from outside) | Google Cloud SQL |
|---|---|---|---|
| `START`, `STOP REPLICA` | `CALL mysql.rds_start_replication`, `CALL mysql.rds_stop_replication` | `CALL mysql.az_replication_start`, `…_stop` | `gcloud sql instances patch REPLICA --enable-database-replication`, `--no-enable-database-replication` |
| `CHANGE REPLICATION SOURCE TO` | `CALL mysql.rds_set_external_master_with_auto_position(…)`, `CALL mysql.rds_set_external_master(…)` | `CALL mysql.az_replication_change_master(…)` | create the replica again |
| `RESET REPLICA ALL` | `CALL mysql.rds_reset_external_master` | `CALL mysql.az_replication_remove_master` | `gcloud sql instances promote-replica REPLICA` |
| skipping a transaction | `CALL mysql.rds_skip_transaction_with_gtid('<gtid>')`; without GTIDs `CALL mysql.rds_skip_repl_error` | `CALL mysql.az_replication_skip_counter` | `CALL mysql.skipReplicationError()`, for an external source only |
| 1236 after the failover of a Multi-AZ source | `CALL mysql.rds_next_master_log(<number of the file>)` | – | – |
| `SET GLOBAL binlog_expire_logs_seconds` | `CALL mysql.rds_set_configuration('binlog retention hours', 72)` | the server parameter | `--retained-transaction-log-days` |
| `SET GLOBAL read_only` | the parameter group; a replica is opened by promoting it (`aws rds promote-read-replica`) | `az mysql flexible-server replica stop-replication` | `promote-replica` |
| `KILL` | `CALL mysql.rds_kill(<id>)` | `CALL mysql.az_kill(<id>)` | `KILL` |
| `SHOW ALL SLAVES STATUS` (RDS for MariaDB 10.5 and later) | `CALL mysql.rds_replica_status` | – | – |

With several channels on RDS for MySQL: `CALL mysql.rds_start_replication_for_channel('<channel>')`, and the same for the others.

"""#),
    ]

    static let metrics = #"""
# Metrics

<!-- Written by `RECORD=1 swift test --filter DocumentationTests`; do not edit. -->

The tables leave out the common labels: `replication_set`, `node`, and for a replication stream `channel` ("" for
the default channel). A one-hot family has a series for every value of its last label, exactly one of which is 1.
A value that is not known is absent.

● that version's replies gave the metric a value in at least one situation in `Tests/Fixtures` (which also says
where the replies of MySQL 5.7, 8.0 and 8.4 come from); ○ the exporter asks for it, but none of these situations
gave it a value; empty: that version does not report it. On servers that do not report the time of the last
arrival, `source_silent_seconds` needs two rounds, and a recording is only one; the checksum metrics need a
checksum table, and those of clusters a member of one; the recorded servers have neither.

## Node

| metric | type | labels | meaning | mariadb-10.11 | mariadb-11.8 | mysql-5.7 | mysql-8.0.20 | mysql-8.0.36 | mysql-8.4 | mysql-9.7 |
|---|---|---|---|---|---|---|---|---|---|---|
| `mysql_replication_up` | gauge |  | Whether the node answered in this scrape and reported its identity and replication status. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_fact_missing` | gauge | fact, reason | A fact that could not be read, and why (permission, unsupported, timeout, error); the other facts are unaffected. | ● | ● | ○ | ○ | ○ | ○ | ● |
| `mysql_replication_node_failure` | gauge | reason | Why the node is not up; absent while it is. connection_limit: the server is alive but refuses another connection. offline_mode: it admits administrators only, as a member that was expelled from its group. configuration: a password or certificate file of the exporter's cannot be read. unsupported: a proxy or another product answers, not a server. | ● | ● | ○ | ○ | ○ | ○ | ● |
| `mysql_replication_node_info` | info | address, hostname, server_id, server_uuid, flavor, version, managed_service | The node's identity as the server reports it. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_role` | one-hot | role | The node's place in the topology. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_read_only` | gauge |  | Whether ordinary accounts cannot write, because of read_only, super_read_only, innodb_read_only or offline_mode. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_super_read_only` | gauge |  | Whether super_read_only is on (MySQL). |  |  | ● | ● | ● | ● | ● |
| `mysql_replication_node_writer` | gauge |  | Whether the node takes the set's writes, as load balancers and probes see it; absent while that is not known. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_start_time_seconds` | gauge |  | When the server started, in epoch seconds by its own clock. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_clock_offset_seconds` | gauge |  | The server's clock minus the exporter's, accurate to half the round trip. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_collect_duration_seconds` | gauge |  | How long it took to query the node in this scrape. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_round_trips` | gauge |  | Round trips to the node in this scrape, not counting those of the log-in. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_connects_total` | counter | result | Attempts to connect to the node and to log in, without those of the probes. A connection is made anew when it was lost, and once a minute while the account lacks a privilege. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_node_connected_replicas` | gauge |  | Replicas connected to the node, configured here or not. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_unserved_replicas` | gauge |  | Replicas of the node that never get what it replicates itself, since it does not write that to its binary log (log_replica_updates, log_slave_updates); absent without a binary log. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_node_durable` | gauge | part | Whether this part of the node's state survives a crash of the server or the machine. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_binlog_enabled` | gauge |  | Whether the node writes a binary log. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_binlog_file_number` | gauge |  | Number of the binary log file that the node is writing. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_binlog_position_bytes` | gauge |  | Position in the binary log file that the node is writing. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_binlog_files` | gauge |  | Number of binary log files on the node. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_binlog_size_bytes` | gauge |  | Total size of the binary log files on the node. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_binlog_retention_seconds` | gauge |  | For how long Amazon RDS or Aurora keeps binary logs (binlog retention hours); absent if they may be purged at any time. |  |  |  |  |  |  |  |
| `mysql_replication_binlog_filters` | gauge | filter | Number of databases in a filter on what the node writes to its binary log. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_gtid_executed_transactions_total` | counter |  | Transactions in gtid_executed. It begins anew when that is reset. |  |  | ● | ● | ● | ● | ● |
| `mysql_replication_gtid_sequence_numbers_total` | counter |  | The last sequence numbers of what the node has executed, added up over all domains. They may have gaps, and fall where a position is replaced, so this is no count of transactions. | ● | ● |  |  |  |  |  |
| `mysql_replication_gtid_transactions` | gauge |  | Deprecated, and gone in the next release: gtid_executed_transactions_total (MySQL) or gtid_sequence_numbers_total (MariaDB) as a gauge. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_semi_sync_source_enabled` | gauge |  | Whether the node is configured to wait for acknowledgements from semi-synchronous replicas. | ● | ● | ● | ○ | ● | ○ | ● |
| `mysql_replication_semi_sync_source_active` | gauge |  | Whether the node is actually waiting for acknowledgements; 0 while enabled means it has fallen back to asynchronous replication. | ● | ● | ● | ○ | ● | ○ | ● |
| `mysql_replication_semi_sync_source_clients` | gauge |  | Semi-synchronous replicas connected to the node. | ● | ● | ● | ○ | ● | ○ | ● |
| `mysql_replication_semi_sync_source_unacknowledged_transactions_total` | counter |  | Commits that were not acknowledged by a replica in time. | ● | ● | ● | ○ | ● | ○ | ● |
| `mysql_replication_semi_sync_replica_active` | gauge |  | Whether the node acknowledges transactions as a semi-synchronous replica. | ● | ● | ● | ○ | ● | ○ | ● |
| `mysql_replication_checksum_differences` | gauge | database, table | Chunks of a table in which the replica's rows differ from the source's, according to the last checksum run. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_checksum_pending_chunks` | gauge | database, table | Chunks of a table for which the source's result has not arrived yet, so it is not known whether they differ. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_checksum_tables` | gauge |  | Tables with checksum results; above 1000 tables, not all of them have checksum_differences. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_checksum_last_run_timestamp_seconds` | gauge |  | When the newest checksum result was written, by the source's clock. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_checksum_age_seconds` | gauge |  | Time since the checksum results were read from the node; they are read again when they change, at most once a minute. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_heartbeat_age_seconds` | gauge |  | Time since the newest heartbeat in the node's table was written; on the primary it shows whether the writer is working. |  |  |  |  |  |  |  |
| `mysql_replication_node_total_lag_seconds` | gauge |  | How late the node's data is: the lags of all hops up to where the set's writes are taken, a lag that is only observed by the most that it can be. Load balancers compare max_lag with it; absent while it is not known. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_cluster_info` | info | kind, cluster_name, member | The cluster of a member, and what the member is called in views. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_member_state` | one-hot | state | The member's own state, by its own word. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_ready` | gauge |  | Whether the member executes statements. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_quorum` | gauge |  | Whether the member is part of a majority, by its own word, which may be outdated. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_in_component` | gauge |  | Whether the member operates with the view that counts, as the views of all members show it. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_primary` | gauge |  | Whether the member is a primary, by its own word; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_view_number` | gauge |  | The number of the member's view; members with different numbers see different clusters. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_view_size` | gauge |  | Number of members in the member's view, joiners included. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_view_members` | gauge | state | Number of members in the member's view, by the state that it shows; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_apply_queue_transactions` | gauge |  | Transactions received from the cluster and not applied yet. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_certify_queue_transactions` | gauge |  | Transactions that wait for certification; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_conflicts_total` | counter | cause | Transactions of this member that were rolled back because another member had changed the same rows. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_flow_control_seconds_total` | counter |  | Time for which flow control has held back writes; Galera only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_flow_control_requested` | gauge |  | Whether this member asks the others to hold back writes; Galera only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_history_transactions` | gauge |  | Write sets that the member keeps for joiners: one that lacks more gets a full copy of the data; Galera only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_clone_stage` | one-hot | stage | The stage of the copy of all data that a joiner is being given; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_clone_copied_bytes` | gauge |  | How much of it has arrived, over all stages; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_cluster_clone_estimated_bytes` | gauge |  | How much it is estimated to be, over all stages; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_failover_active` | gauge |  | Whether the failover answer sends requests to the node; absent while nothing is asking for it. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |

## Channel

| metric | type | labels | meaning | mariadb-10.11 | mariadb-11.8 | mysql-5.7 | mysql-8.0.20 | mysql-8.0.36 | mysql-8.4 | mysql-9.7 |
|---|---|---|---|---|---|---|---|---|---|---|
| `mysql_replication_source_info` | info | source_host, source_port, source_server_id, source_uuid, source_node | The server the channel replicates from; source_node is empty if that server is not configured. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_io_thread_running` | gauge |  | Whether the IO thread is connected to the source; a thread that is still connecting is not running. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_sql_thread_running` | gauge |  | Whether the SQL (applier) thread is running. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_io_thread_state` | one-hot | state | State of the IO thread. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_channel_parked` | gauge |  | Whether the channel is stopped on purpose: its host is empty or begins with // and no source is configured by the channel's name, parked_channels names it, or another member of the node's group runs it. It has no lag, deltas and checks then. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_lag_seconds` | gauge |  | How far the replica is behind, by the best method available; absent when it cannot be known. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_lag_error_seconds` | gauge |  | The most by which lag_seconds can be wrong, by what was seen of the source's binary log; absent when that is unknown. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_lag_known` | gauge |  | Whether there is an estimate of the lag. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_lag_method` | one-hot | method | The method used for lag_seconds. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_source_reported_lag_seconds` | gauge |  | Seconds_Behind_Source (Seconds_Behind_Master) as the server reports it; absent when it is NULL. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_seconds_behind_source` | gauge |  | Deprecated, and gone in the next release: source_reported_lag_seconds under its former name. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_read_delta_bytes` | gauge |  | Bytes from what the replica has read to the end of its source's binary log, across files. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_apply_delta_bytes` | gauge |  | Bytes from what the replica has applied to the end of its source's binary log, across files. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_relay_log_bytes` | gauge |  | Total size of the channel's relay log files. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_read_file_number` | gauge |  | Number of the source's binary log file that the replica is reading. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_read_position_bytes` | gauge |  | Position the replica has read up to in that file. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_exec_file_number` | gauge |  | Number of the source's binary log file that the replica is applying. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_exec_position_bytes` | gauge |  | Position the replica has applied up to in that file. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_missing_transactions` | gauge |  | Transactions the source has and the replica has not applied, by GTID; on MariaDB the difference of the sequence numbers, which may have gaps. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_unfetched_transactions` | gauge |  | Transactions the source has and the replica has not received, by GTID; on MariaDB the difference of the sequence numbers, which may have gaps. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_unapplied_transactions` | gauge |  | Transactions the replica has received but not yet applied, by GTID; on MariaDB the difference of the sequence numbers, which may have gaps. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_errant_transactions` | gauge |  | Transactions the replica has and no node above it has, nor the writer; on MariaDB at least this many: one of each server in each domain. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_domain_missing_transactions` | gauge | domain | By how many sequence numbers the source is ahead in a replication domain (MariaDB). | ● | ● |  |  |  |  |  |
| `mysql_replication_purge_headroom_bytes` | gauge |  | Bytes of binary log the source still has before the first byte the replica needs next. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_source_silent_seconds` | gauge |  | Time since anything, an event or a heartbeat, last arrived from the source; absent until that is known. | ○ | ○ | ● | ● | ● | ● | ● |
| `mysql_replication_stage_seconds` | gauge | stage | Time spent in a stage: transport and queue for the last received transaction, relay_wait and apply for the last applied one (MySQL 8). |  |  |  | ● | ● | ● | ● |
| `mysql_replication_io_errno` | gauge |  | Error number of the IO thread's last error; 0 for none. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_sql_errno` | gauge |  | Error number of the SQL thread's last error; 0 for none. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_last_error_timestamp_seconds` | gauge | thread | When the thread's current error was raised (MySQL). |  |  | ○ | ○ | ○ | ○ | ● |
| `mysql_replication_configured_delay_seconds` | gauge |  | By how much the replica is deliberately delayed. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_remaining_delay_seconds` | gauge |  | How long the next event will still be held back; absent when none is held back. | ● | ● | ○ | ○ | ○ | ○ | ● |
| `mysql_replication_filters` | gauge | filter | Number of entries in a replication filter of the replica. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_gtid_enabled` | gauge |  | Whether the channel tracks its position by GTID. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_source_tls` | gauge |  | Whether the connection to the source is configured to use TLS. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_workers` | gauge |  | Applier workers of the channel; MariaDB shares them between channels. | ● | ● |  | ● | ● | ● | ● |
| `mysql_replication_workers_busy` | gauge |  | Applier workers that are currently applying a transaction (MySQL 8). |  |  |  | ● | ● | ● | ● |
| `mysql_replication_worker_running` | gauge | worker | Whether an applier worker is running (MySQL 8). |  |  |  | ● | ● | ● | ● |
| `mysql_replication_worker_busy` | gauge | worker | Whether an applier worker is applying a transaction (MySQL 8). |  |  |  | ● | ● | ● | ● |
| `mysql_replication_worker_applying_seconds` | gauge | worker | Time since the transaction a worker is applying was committed on the source; absent when idle (MySQL 8). |  |  |  | ○ | ○ | ○ | ○ |
| `mysql_replication_worker_errno` | gauge | worker | Error number of an applier worker's last error; 0 for none (MySQL 8). |  |  |  | ● | ● | ● | ● |
| `mysql_replication_retried_transactions_total` | counter |  | Transactions the applier had to retry. | ● | ● | ○ | ● | ● | ● | ● |
| `mysql_replication_heartbeats_received_total` | counter |  | Heartbeats received from the source. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_check` | gauge | check | Result of each of the five checks: 1 passed, 0 failed; absent when it cannot be known. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_sentinel_success` | gauge | operation | Whether an operation of the sentinel's last run arrived at the replica in time. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_sentinel_propagation_seconds` | gauge | operation | Time from the primary's confirmation of an operation until it was seen on the replica, accurate to one eighth; absent if it was not seen. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_sentinel_last_success_timestamp_seconds` | gauge |  | When all operations of a sentinel run last succeeded, in epoch seconds by the exporter's clock. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |

## Replication set

| metric | type | labels | meaning | mariadb-10.11 | mariadb-11.8 | mysql-5.7 | mysql-8.0.20 | mysql-8.0.36 | mysql-8.4 | mysql-9.7 |
|---|---|---|---|---|---|---|---|---|---|---|
| `mysql_replication_set_nodes` | gauge |  | Number of configured nodes. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_nodes_up` | gauge |  | Number of nodes that are up. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_writable_nodes` | gauge |  | Number of nodes that are up and not read-only. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_unfiltered_replicas` | gauge |  | Number of replicas from which no replication filter holds anything back; Amazon RDS's own filters do not count. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_crash_safe_replicas` | gauge |  | Number of replicas whose replication position survives a crash. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_unknown_sources` | gauge |  | Number of channels whose source is not a configured node. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_cycles` | gauge |  | Number of rings of nodes that replicate from each other. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_duplicate_server_ids` | gauge |  | Number of server ids that more than one node has. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_duplicate_server_uuids` | gauge |  | Number of server UUIDs that more than one server has (MySQL); a server that is configured twice does not count. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_writers` | gauge |  | Number of nodes that take the set's writes; absent while that is not known, and if the writes are taken outside the set. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_writer_known` | gauge |  | Whether it is known which nodes take the set's writes. | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_rivals` | gauge |  | Number of nodes that take writes at the same time and must not: neither is only a replica of the other (two that replicate from each other count as well). | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_lag_threshold_seconds` | gauge |  | Lag above which a replica of the set fails the check 'lag' (thresholds.lag). | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_apply_delta_threshold_bytes` | gauge |  | Byte delta above which a replica of the set fails the check 'lag' (thresholds.bytes). | ● | ● | ● | ● | ● | ● | ● |
| `mysql_replication_set_cluster_components` | gauge | cluster_name | Number of groups of members that operate with the same view: 1 in a healthy cluster, 0 without quorum, more in a split. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_confirmed` | gauge | cluster_name | Whether the component may be acted on: more than half of its members have answered with its view, now or in a round since which some have in each, and nothing shows that it was made of a minority; absent without a component. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_members` | gauge | cluster_name | Number of configured nodes that belong to the cluster. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_members_missing` | gauge | cluster_name | Number of configured nodes of the cluster that are not in its component. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_unknown_members` | gauge | cluster_name | Number of members of the component that are not configured. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_failures_tolerated` | gauge | cluster_name | Number of members that the component can lose at once and keep its quorum; absent without a component. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_primaries_agreed` | gauge | cluster_name | Whether the members of the component name the same primaries; Group Replication only. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_set_cluster_multi_writer` | gauge | cluster_name | Whether several members take writes at the same time, as intended. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |
| `mysql_replication_probe_working` | gauge | probe | Whether a configured probe is working: fresh heartbeats are seen, or the primary accepts the sentinel's row; 0 until it has worked once. | ○ | ○ | ○ | ○ | ○ | ○ | ○ |

## Exporter

| metric | type | labels | meaning |
|---|---|---|---|
| `mysql_replication_exporter_build_info` | info | version, revision, swift, libmariadb | Version of the exporter, and what it was built with. |
| `mysql_replication_exporter_scrape_duration_seconds` | gauge |  | Time from the start of this scrape until the nodes' answers had been compared. |
| `mysql_replication_exporter_config_last_reload_successful` | gauge |  | Whether the last attempt to load the configuration succeeded. |
| `mysql_replication_exporter_config_last_reload_success_timestamp_seconds` | gauge |  | When the configuration was last loaded. |
| `mysql_replication_exporter_http_requests_total` | counter | route, code | HTTP requests answered. |
| `process_cpu_seconds_total` | counter |  | Total user and system CPU time spent. |
| `process_resident_memory_bytes` | gauge |  | Resident memory size. |
| `process_virtual_memory_bytes` | gauge |  | Virtual memory size. |
| `process_start_time_seconds` | gauge |  | When the process started, in epoch seconds. |
| `process_open_fds` | gauge |  | Number of open file descriptors. |
| `process_max_fds` | gauge |  | Maximum number of open file descriptors. |
| `process_threads` | gauge |  | Number of operating system threads. |

"""#
}
