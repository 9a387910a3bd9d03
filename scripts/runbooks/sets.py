"""Situations of a replication set: which node is the primary, who follows whom, how far behind."""

import time

from runbooks.applier import stop_applier
from runbooks.cases import case, common, end, session
from runbooks.receiver import change, first_file, serves
from runbooks.relay import Relay


@case("NodeDown: fail over", wiring=("primary", "--replicas", "3"))
def fail_over(bench):
    promote(bench, "a thread is running")


@case("NodeDown: fail over to a replica whose threads are stopped", wiring=("primary", "--replicas", "3"), flavor="mariadb")
def fail_over_to_stopped(bench):
    promote(bench, "both threads are stopped")


def promote(bench, note):
    common(bench)
    bench.arrives()
    # db4 receives nothing more; db2 receives, and applies nothing; db3 has everything but one transaction.
    bench.sql("db4", "STOP SLAVE IO_THREAD;" if bench.flavor == "mariadb" else "STOP REPLICA IO_THREAD;")
    bench.write("db1", "not on db4")
    bench.until("db3 has it", lambda: "not on db4" in bench.sql("db3", "SELECT note FROM sandbox.entries;"))
    bench.sql("db3", "STOP SLAVE IO_THREAD;" if bench.flavor == "mariadb" else "STOP REPLICA IO_THREAD;")
    stop_applier(bench, "db2")
    bench.write("db1", "only received by db2")
    bench.until("db2 has received it", lambda: any(
        b"only received by db2" in path.read_bytes() for path in (bench.folder / "db2/data").glob("relay*.0*")))
    bench.until("the exporter has seen it", lambda: bench.query(
        'mysql_replication_unapplied_transactions{node="db2"} == 1 and on () mysql_replication_unfetched_transactions{node="db3"} == 1'))
    bench.fault("kill db1")
    bench.fires("NodeDown", node="db1")
    bench.fires("NoWritableNode")

    def received(node):
        if bench.flavor == "mariadb":
            return bench.column(node, "Gtid_IO_Pos")
        return ",".join(filter(None, (bench.column(node, "Retrieved_Gtid_Set"), bench.column(node, "Executed_Gtid_Set"))))

    if note == "both threads are stopped":
        bench.sql("db2", "STOP SLAVE;")
    replicas = ["db2", "db3", "db4"]
    if bench.flavor == "mariadb" and not all(serves(bench, "db2", other) for other in ("db3", "db4")):
        raise AssertionError("the candidate is said not to serve the others")
    printed = bench.do("NodeDown", "Fail over", steps=[4, 5], roles={"each replica": replicas, "the candidate": "db2"}, values={
        "its first file": lambda: first_file(bench, "db2"), "both sets of the other": received("db3"), "both sets of the candidate": received("db2")})
    answers = [one for one in printed if isinstance(one, list)]
    unfetched = {one["metric"]["node"]: float(one["value"][1]) for one in answers[0]}
    if not unfetched["db2"] < unfetched["db3"] < unfetched["db4"]:
        raise AssertionError(f"by Prometheus, these lack the fewest transactions: {unfetched}")
    roles = {"the candidate": "db2", "the other replicas": ["db3", "db4"], "the old primary": "db1", "the new primary": "db2"}
    values = {"its Gtid_IO_Pos": received("db2"), "its RECEIVED_TRANSACTION_SET": received("db2"),
              "new primary": "127.0.0.1", "port": bench.nodes["db2"][0],
              "its Relay_Log_File": bench.column("db2", "Relay_Log_File"), "its Relay_Log_Pos": bench.column("db2", "Relay_Log_Pos")}
    printed = bench.do("NodeDown", "Fail over", steps=[6], note=note, roles=roles, values=values)
    if printed[0].split("\n")[1] != "0":
        raise AssertionError(f"waiting ended with {printed[0]}")
    bench.do("NodeDown", "Fail over", steps=[7, 8], roles=roles, values=values)
    bench.arrives("db2", ["db3", "db4"])
    if "only received by db2" not in bench.sql("db4", "SELECT note FROM sandbox.entries;"):
        raise AssertionError("what only the relay log had is lost")
    address = f'address: "127.0.0.1:{bench.nodes["db2"][0]}"'
    bench.reload(address + ", source: db1", address)
    for node in ("db3", "db4"):
        address = f'address: "127.0.0.1:{bench.nodes[node][0]}"'
        bench.reload(address + ", source: db1", address + ", source: db2")
    bench.resolves("NoWritableNode")
    bench.resolves("WrongSource")

    bench.fault("start db1")
    come_back(bench, roles, values)


def come_back(bench, roles, values):
    """The old primary db1 becomes a replica of db2."""
    gtids = lambda: bench.value("db1", "@@GLOBAL.gtid_executed")
    printed = bench.do("NodeDown", "When the old primary comes back", roles=roles, values={
        **values, "gtid_executed of the old primary": gtids})
    if bench.flavor == "mysql" and printed[1].split("\n")[1].strip():
        raise AssertionError(f"the old primary is said to have more: {printed[1]}")
    address = f'address: "127.0.0.1:{bench.nodes["db1"][0]}"'
    bench.reload(address, address + ", source: db2")
    for alert in ("NodeDown", "SeveralWritableNodes", "NoWritableNode", "WrongSource", "ErrantTransactions"):
        bench.resolves(alert)
    bench.arrives("db2")


@case("SeveralWritableNodes: a detached replica takes writes")
def several_writable(bench):
    common(bench)
    if bench.flavor == "mariadb":
        bench.sql("db2", "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = OFF;")
    else:
        bench.sql("db2", "STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF;")
    bench.fires("SeveralWritableNodes")
    application, number = session(bench, "db2", "BEGIN")
    try:
        bench.do("SeveralWritableNodes", steps=[1, 2], values={"id": number},
                 roles={"each node": ["db1", "db2"], "the node that is not the primary": "db2"})
    finally:
        end(application)
    bench.resolves("SeveralWritableNodes")
    roles = {"the old primary": "db2", "the new primary": "db1"}
    bench.do("NodeDown", "When the old primary comes back", steps=[2, 3], roles=roles, values={
        "gtid_executed of the old primary": lambda: bench.value("db2", "@@GLOBAL.gtid_executed"),
        "new primary": "127.0.0.1", "port": bench.nodes["db1"][0]})
    bench.resolves("WrongSource")
    bench.arrives()


@case("NoWritableNode: the primary is read-only")
def none_writable(bench):
    common(bench)
    bench.sql("db1", "SET GLOBAL read_only = ON;" if bench.flavor == "mariadb" else "SET GLOBAL super_read_only = ON;")
    bench.fires("NoWritableNode")
    bench.do("NoWritableNode", steps=[2])
    bench.resolves("NoWritableNode")
    bench.arrives()


@case("NoWritableNode: a promoted node still has its channel")
def promoted_with_channel(bench):
    common(bench)
    bench.fault("kill db1")
    bench.sql("db2", "SET GLOBAL read_only = OFF;")
    bench.fires("NoWritableNode")
    bench.do("NoWritableNode", steps=[4], roles={"the promoted node": "db2"}, note="promoted on purpose")
    bench.resolves("NoWritableNode")


@case("ErrantTransactions: a write on the replica")
def errant(bench):
    common(bench)
    notes = ["errant first"]
    bench.write("db3", notes[0])
    if bench.flavor == "mariadb":
        # The source's next transaction gets the same number, so that the log is out of order before the second write.
        bench.arrives()
        notes.append("errant again")
        bench.write("db3", notes[1])
    bench.fires("ErrantTransactions", node="db3")
    executed = bench.value("db1", "@@GLOBAL.gtid_executed") if bench.flavor == "mysql" else ""
    values = {"gtid_executed of the primary": executed, "file": "binlog.000001", "server id": 3,
              "errant": lambda: bench.value("db3", f"GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{executed}')"),
              "one errant GTID": lambda: bench.value("db3", f"GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{executed}')"),
              "statements that undo it": "DELETE FROM sandbox.entries WHERE note LIKE 'errant%'"}
    printed = bench.do("ErrantTransactions", steps=[1, 2, 3], values=values)
    for note in notes:
        if note not in printed[-1]:
            raise AssertionError(f"the write {note!r} is not in what the step prints:\n{printed[-1]}")
    if bench.flavor == "mysql":
        bench.sql("db3", "SET GLOBAL super_read_only = OFF;")
    bench.do("ErrantTransactions", steps=[4, 5, 6], note="Using_Gtid: Slave_Pos", values=values)
    bench.resolves("ErrantTransactions", node="db3")
    bench.arrives()


@case("ErrantTransactions: 1236 with Using_Gtid: Current_Pos", flavor="mariadb")
def errant_current_pos(bench):
    common(bench)
    bench.sql("db3", "STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = current_pos; START SLAVE;")
    bench.arrives()
    bench.sql("db3", "STOP SLAVE;")
    bench.write("db3", "errant")
    for _ in range(3):
        bench.write()
    bench.sql("db3", "START SLAVE;")
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.say("    " + bench.column("db3", "Last_IO_Error"))
    bench.do("ErrantTransactions", steps=[4, 6], note="Using_Gtid: Current_Pos",
             values={"statements that undo it": "DELETE FROM sandbox.entries WHERE note = 'errant'"})
    for alert in ("IOThreadStopped", "ErrantTransactions"):
        bench.resolves(alert, node="db3")
    bench.arrives()


@case("WrongSource: a replica follows another replica")
def wrong_source(bench):
    common(bench)
    change(bench, "db3", f"MASTER_HOST = '127.0.0.1', MASTER_PORT = {bench.nodes['db2'][0]}")
    bench.fires("WrongSource", node="db3")
    bench.do("WrongSource", steps=[2])
    bench.resolves("WrongSource", node="db3")
    bench.arrives()


@case("WrongSource: the channel is gone")
def channel_gone(bench):
    common(bench)
    bench.sql("db3", "STOP SLAVE; RESET SLAVE ALL;" if bench.flavor == "mariadb" else "STOP REPLICA; RESET REPLICA ALL;")
    bench.fires("WrongSource", node="db3")
    bench.do("WrongSource", steps=[4], note="the channel is gone")
    bench.resolves("WrongSource", node="db3")
    bench.arrives()


@case("NotCrashSafe: without GTIDs", options=("--no-gtid",), flavor="mariadb")
def not_crash_safe_mariadb(bench):
    common(bench)
    bench.arrives()
    bench.fires("NotCrashSafe", node="db3")
    bench.do("NotCrashSafe")
    bench.resolves("NotCrashSafe", node="db3")
    bench.arrives()


@case("NotCrashSafe: without auto-positioning", options=("--server-option=--relay-log-recovery=OFF",), flavor="mysql")
def not_crash_safe_mysql(bench):
    common(bench)
    bench.sql("db3", "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0; START REPLICA;")
    bench.fires("NotCrashSafe", node="db3")
    bench.do("NotCrashSafe")
    bench.resolves("NotCrashSafe", node="db3")
    bench.arrives()


@case("ChangesNotLogged: an intermediate without log_slave_updates", options=("--server-option=--log-slave-updates=0",))
def changes_not_logged(bench):
    common(bench)
    change(bench, "db3", f"MASTER_HOST = '127.0.0.1', MASTER_PORT = {bench.nodes['db2'][0]}")
    bench.fires("ChangesNotLogged", node="db2")
    bench.do("ChangesNotLogged", roles={"the replica of the node": "db3"})
    bench.resolves("ChangesNotLogged", node="db2")
    bench.resolves("WrongSource", node="db3")
    bench.arrives()


@case("SemiSyncDegraded: no semi-synchronous replica")
def semi_sync(bench):
    common(bench)
    if bench.flavor == "mariadb":
        bench.sql("db1", "SET GLOBAL rpl_semi_sync_master_timeout = 200; SET GLOBAL rpl_semi_sync_master_enabled = ON;")
    else:
        bench.sql("db1", "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';"
                  "SET GLOBAL rpl_semi_sync_source_timeout = 200; SET GLOBAL rpl_semi_sync_source_enabled = ON;")
        bench.sql("db3", "SET sql_log_bin = 0; INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so';")
        # The exporter looks for it once a minute, and when it connects.
        for number in bench.sql("db1", "SELECT id FROM information_schema.PROCESSLIST WHERE user = 'exporter';").split()[1:]:
            bench.sql("db1", f"KILL {number};")
    bench.write()
    bench.fires("SemiSyncDegraded", node="db1")
    bench.do("SemiSyncDegraded", steps=[1])
    bench.arrives()
    bench.resolves("SemiSyncDegraded", node="db1")
    bench.sql("db3", "STOP SLAVE IO_THREAD;" if bench.flavor == "mariadb" else "STOP REPLICA IO_THREAD;")
    bench.write()
    bench.fires("SemiSyncDegraded", node="db1")
    bench.do("SemiSyncDegraded", steps=[5])
    bench.resolves("SemiSyncDegraded", node="db1")


def lag(bench, alert):
    """A reader on the replica keeps a statement that changes the table waiting, and everything behind it."""
    common(bench)
    reader, reader_id = session(bench, "db3", "BEGIN; DO (SELECT COUNT(*) FROM sandbox.entries)")
    try:
        bench.sql("db1", "ALTER TABLE sandbox.entries ADD COLUMN further INT;")
        bench.write()
        # Also grows in bytes.
        bench.until(f"{alert} fires", lambda: bench.write() or bench.alert(alert, node="db3"))
        bench.fires(alert, node="db3")
        if alert == "ByteDeltaGrowing":
            bench.do(alert)
        printed = bench.do("LagGrowing", steps=[1, 2], values={"id": reader_id})
        if "metadata lock" not in printed[0]:
            raise AssertionError(f"the applier's state is not in what the step prints: {printed[0]}")
        if reader_id not in printed[1]:
            raise AssertionError(f"the reader {reader_id} is not in what the step prints: {printed[1]}")
        bench.resolves(alert, node="db3")
        bench.do("LagGrowing", steps=[4, 5], values={"workers": 2})
        bench.arrives()
    finally:
        end(reader)


@case("LagGrowing: a reader holds a metadata lock", configuration=("thresholds: {lag: 2s}",))
def lag_growing(bench):
    lag(bench, "LagGrowing")


@case("LagHigh: a reader holds a metadata lock", configuration=("thresholds: {lag: 2s}",))
def lag_high(bench):
    lag(bench, "LagHigh")


@case("ByteDeltaGrowing: a reader holds a metadata lock", configuration=("thresholds: {bytes: 1kB}",))
def byte_delta_growing(bench):
    lag(bench, "ByteDeltaGrowing")


@case("DuplicateServerIDs: a clone")
def duplicate_ids(bench):
    common(bench)
    stop, begin = ("STOP SLAVE;", "START SLAVE;") if bench.flavor == "mariadb" else ("STOP REPLICA;", "START REPLICA;")
    bench.sql("db3", f"{stop} SET GLOBAL server_id = 2; {begin}")
    bench.fires("DuplicateServerIDs")
    bench.do("DuplicateServerIDs", roles={"the clone": "db3"}, values={"new id": 3})
    bench.resolves("DuplicateServerIDs")
    bench.sql("db2", begin)
    bench.arrives()
    bench.resolves("IOThreadStopped")


@case("DuplicateServerUUIDs: a copied auto.cnf", flavor="mysql")
def duplicate_uuids(bench):
    common(bench)
    bench.fault("stop db3")
    (bench.folder / "db3/data/auto.cnf").write_bytes((bench.folder / "db2/data/auto.cnf").read_bytes())
    bench.fault("start db3")
    bench.fires("DuplicateServerUUIDs")
    bench.fault("stop db3")
    bench.do("DuplicateServerUUIDs", roles={"the machine of the copy": "db3"})
    bench.fault("start db3")
    bench.resolves("DuplicateServerUUIDs")
    bench.sql("db2", "START REPLICA;")
    bench.arrives()


@case("SourceSilent: a firewall drops the connection")
def silent(bench):
    common(bench)
    with Relay(bench.nodes["db1"][0]) as relay:
        change(bench, "db3", f"MASTER_HOST = '127.0.0.1', MASTER_PORT = {relay.port}, MASTER_HEARTBEAT_PERIOD = 1")
        bench.arrives()
        relay.cut()
        bench.fires("SourceSilent", node="db3")
        bench.do("SourceSilent", steps=[2])
        bench.resolves("SourceSilent", node="db3")
        bench.do("SourceSilent", steps=[3])
        bench.arrives()


@case("SourceSilent: the source hangs, which NodeDown says")
def source_hangs(bench):
    common(bench)
    change(bench, "db3", "MASTER_HEARTBEAT_PERIOD = 1")
    bench.arrives()
    bench.fault("freeze db1")
    bench.fires("NodeDown", node="db1")
    bench.until("nothing arrives", lambda: bench.query('mysql_replication_check{check="transfer", node="db3"} == 0'))
    for _ in range(20):
        time.sleep(0.2)
        for alert in ("SourceSilent", "IOThreadStopped"):
            if bench.alert(alert, severity="critical"):
                raise AssertionError(f"{alert} fires, although NodeDown does")
    bench.fault("thaw db1")
    bench.resolves("NodeDown", node="db1")
    bench.arrives()
