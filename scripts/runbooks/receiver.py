"""Situations in which the IO thread has stopped, or its source lacks what it needs."""

import os
import re
import shutil

from runbooks.applier import start
from runbooks.cases import case, common, unlogged


def change(bench, node, options, channel=""):
    """CHANGE MASTER with options in MariaDB's words."""
    if bench.flavor == "mysql":
        options = options.replace("MASTER_", "SOURCE_")
        bench.sql(node, f"STOP REPLICA FOR CHANNEL '{channel}'; "
                  f"CHANGE REPLICATION SOURCE TO {options} FOR CHANNEL '{channel}';")
    else:
        bench.sql(node, f"STOP SLAVE '{channel}'; CHANGE MASTER '{channel}' TO {options};")
    bench.sql(node, start(bench, channel))


def healed(bench):
    bench.resolves("IOThreadStopped", node="db3")
    bench.arrives()


@case("IOThreadStopped: 2003, wrong port")
def wrong_port(bench):
    common(bench)
    change(bench, "db3", "MASTER_PORT = 1")
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.do("IOThreadStopped", "The source cannot be reached")
    healed(bench)


@case("IOThreadStopped: 1045, wrong password")
def wrong_password(bench):
    common(bench)
    change(bench, "db3", "MASTER_PASSWORD = 'wrong'")
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.do("IOThreadStopped", "The log-in is refused")
    healed(bench)


@case("IOThreadStopped: 1045 in a named channel", wiring=("multi-source", "--sources", "2"))
def wrong_password_in_channel(bench):
    common(bench, "db3", "db2", "db2")
    change(bench, "db3", "MASTER_PASSWORD = 'wrong'", "db2")
    bench.fires("IOThreadStopped", node="db3", channel="db2", severity="critical")
    bench.do("IOThreadStopped", "The log-in is refused")
    bench.resolves("IOThreadStopped", node="db3")
    bench.arrives("db2", ["db3"])


@case("IOThreadStopped: 2061, no key of the source", flavor="mysql")
def no_public_key(bench):
    common(bench)
    # The source knows the password of an account that has logged in before, until it forgets it.
    bench.sql("db1", "FLUSH PRIVILEGES;")
    change(bench, "db3", "MASTER_SSL = 0, GET_SOURCE_PUBLIC_KEY = 0")
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.do("IOThreadStopped", "The log-in is refused", steps=[4], note="2061")
    healed(bench)


@case("IOThreadStopped: stopped by hand in a named channel", wiring=("multi-source", "--sources", "2"))
def stopped_by_hand(bench):
    common(bench, replica="db3", source="db2", channel="db2")
    bench.sql("db3", "STOP SLAVE 'db2' IO_THREAD;" if bench.flavor == "mariadb"
              else "STOP REPLICA IO_THREAD FOR CHANNEL 'db2';")
    bench.fires("IOThreadStopped", node="db3", channel="db2", severity="warning")
    bench.do("IOThreadStopped", "Stopped by hand")
    bench.resolves("IOThreadStopped", node="db3")
    bench.arrives("db2", ["db3"])


def lose_the_end(bench):
    """The source comes back from an older copy of its data, without its last transactions, which its replicas have."""
    bench.arrives()
    bench.fault("stop db1")
    data = bench.folder / "db1/data"
    kept = bench.own / "kept"
    shutil.copytree(data, kept, symlinks=True)
    owner = data.stat()
    bench.fault("start db1")
    for number in range(3):
        bench.write("db1", f"lost {number}")
    for node in ("db2", "db3"):
        bench.until(f"{node} has what is lost", lambda n=node: bench.value(
            n, "COUNT(*) FROM sandbox.entries WHERE note LIKE 'lost%'") == "3")
    bench.fault("kill db1")
    shutil.rmtree(data)
    shutil.copytree(kept, data, symlinks=True)
    for path in [data, *data.rglob("*")]:
        shutil.chown(path, owner.st_uid, owner.st_gid)
    bench.fault("start db1")


def crash_unsynced(bench):
    """The source crashes; the end of its binary log was not on disk yet, but its replicas have it."""
    bench.arrives()
    status = bench.sql("db1", "SHOW MASTER STATUS;" if bench.flavor == "mariadb" else "SHOW BINARY LOG STATUS;")
    file, position = status.split("\n")[1].split("\t")[:2]
    for number in range(3):
        bench.write("db1", f"unsynced {number}")
    for node in ("db2", "db3"):
        bench.until(f"{node} has the rest", lambda n=node: bench.value(
            n, "COUNT(*) FROM sandbox.entries WHERE note LIKE 'unsynced%'") == "3")
    bench.fault("kill db1")
    os.truncate(bench.folder / "db1/data" / file, int(position))
    bench.fault("start db1")


@case("IOThreadStopped: 1236, position > file size", options=("--no-gtid",))
def beyond_the_end(bench):
    common(bench)
    crash_unsynced(bench)
    bench.until("the source has refused", lambda: bench.column("db3", "Last_IO_Errno") in ("1236", "13114"))
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.fires("BinlogMissing", node="db3")
    bench.say("    " + bench.column("db3", "Last_IO_Error"))
    files = [line.split("\t")[0] for line in bench.sql("db1", "SHOW BINARY LOGS;").split("\n")[1:] if line]
    file = bench.column("db3", "Master_Log_File")
    values = {"Master_Log_File": file, "Read_Master_Log_Pos": bench.column("db3", "Read_Master_Log_Pos"),
              "next file": files[files.index(file) + 1]}
    for node in ("db2", "db3"):
        bench.do("IOThreadStopped", "1236: position > file size", roles={"the replica": node}, values=values)
    bench.resolves("BinlogMissing", node="db3")
    healed(bench)


@case("IOThreadStopped: 1236, the source has lost transactions", options=("--gtid-strict",), flavor="mariadb")
def diverged_mariadb(bench):
    common(bench)
    lose_the_end(bench)
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.say("    " + bench.column("db3", "Last_IO_Error"))
    bench.fires("BinlogMissing", node="db3")
    bench.do("IOThreadStopped", "1236: the replica has more", steps=[1])
    common_position = bench.value("db1", "BINLOG_GTID_POS('binlog.000002', 4)")
    for node in ("db2", "db3"):
        unlogged(bench, node, "DELETE FROM sandbox.entries WHERE note LIKE 'lost%'")
        printed = bench.do("IOThreadStopped", "1236: the replica has more", steps=[4],
                           roles={"the replica": node, "the machine of the replica": node},
                           values={"files": "binlog.000001", "last position that both have": common_position})
        if "lost 2" not in printed[0]:
            raise AssertionError("the lost transactions are not in what the step prints")
    healed(bench)
    bench.resolves("BinlogMissing", node="db3")


@case("IOThreadStopped: 13114, the replica has more GTIDs than the source", flavor="mysql")
def diverged_mysql(bench):
    common(bench)
    lose_the_end(bench)
    bench.fires("IOThreadStopped", node="db3", severity="critical")
    bench.say("    " + bench.column("db3", "Last_IO_Error"))
    source = bench.value("db1", "@@GLOBAL.gtid_executed")
    printed = bench.do("IOThreadStopped", "1236: the replica has more", steps=[1],
                       values={"gtid_executed of the source": source})
    additional = printed[-1].split("\n")[1].replace("\\n", "")
    bench.do("IOThreadStopped", "1236: the replica has more", steps=[3],
             values={"additional": additional, "files": "binlog.000001", "dump": f"runbooks-{bench.exporter}.sql"})
    bench.sql("db2", start(bench))
    healed(bench)
    if bench.value("db1", "COUNT(*) FROM sandbox.entries WHERE note LIKE 'lost%'") != "3":
        raise AssertionError("the source does not have the lost rows")


def purge(bench):
    """db1 no longer has what db3 needs, db2 does."""
    bench.fault("lose-binlog db3")
    bench.fires("IOThreadStopped", node="db3")
    bench.fires("BinlogMissing", node="db3")
    bench.say("    " + bench.column("db3", "Last_IO_Error"))


def first_file(bench, node):
    return bench.sql(node, "SHOW BINARY LOGS;").split("\n")[1].split("\t")[0]


def by_domain(gtids):
    """The highest number of each domain."""
    numbers = {}
    for domain, number in re.findall(r"\b(\d+)-\d+-(\d+)\b", gtids):
        numbers[domain] = max(numbers.get(domain, 0), int(number))
    return numbers


def serves(bench, node, replica="db3"):
    """Whether a MariaDB server still has all that the replica needs, by the rule of BinlogMissing's step 2."""
    position, begins_after, events = bench.do(
        "BinlogMissing", "What the replica needs was purged", steps=[2],
        roles={"the replica": replica, "another server": node}, values={"its first file": lambda: first_file(bench, node)})
    position = by_domain(position)
    begins_after = by_domain(begins_after.split("begins_after\n")[1])
    if any(number > position.get(domain, 0) for domain, number in begins_after.items()):
        return False
    seen = set()
    for domain, server, number in re.findall(r"GTID (\d+)-(\d+)-(\d+)", events):
        if domain not in begins_after and domain not in seen:
            seen.add(domain)
            if int(number) > position.get(domain, 0) + 1 or server == bench.value(node, "@@server_id"):
                return False
    # A domain that is nowhere in the log proves nothing.
    return set(position) <= set(begins_after) | seen


@case("BinlogMissing: the log of another server was reset", flavor="mariadb")
def another_was_reset(bench):
    common(bench)
    purge(bench)
    bench.arrives(replicas=["db2"])
    bench.sql("db2", "STOP ALL SLAVES; RESET MASTER;")
    if serves(bench, "db2"):
        raise AssertionError("db2 is said to have everything, and its log is empty")
    bench.sql("db2", "START ALL SLAVES;")
    bench.arrives(replicas=["db2"])
    if bench.value("db2", f"BINLOG_GTID_POS('{first_file(bench, 'db2')}', 4)"):
        raise AssertionError("a log that was reset begins after something")
    if serves(bench, "db2"):
        raise AssertionError("db2 is said to have everything, and its log was reset")
    # As ErrantTransactions has it done: then the server refuses the replica as well.
    bench.do("ErrantTransactions", steps=[6], note="Using_Gtid: Slave_Pos", roles={"the replica": "db2"})
    bench.arrives(replicas=["db2"])
    if serves(bench, "db2"):
        raise AssertionError("db2 is said to have everything, and its log begins later")
    bench.do("BinlogMissing", "What the replica needs was purged", steps=[3],
             values={"another server": "127.0.0.1", "its port": bench.nodes["db2"][0]})
    bench.until("db2 refuses db3", lambda: bench.column("db3", "Last_IO_Errno") == "1236")
    bench.say("    " + bench.column("db3", "Last_IO_Error"))
    rebuild_mariadb(bench)
    if not serves(bench, "db3", "db2"):
        raise AssertionError("db3 was rebuilt, db2 has all that it has, and is said to need more")


@case("BinlogMissing: another server has it")
def another_has_it(bench):
    common(bench)
    purge(bench)
    bench.roles["another server"] = "db2"
    if bench.flavor == "mariadb" and not serves(bench, "db2"):
        raise AssertionError("db2 is said to lack something")
    has = lambda: bench.value("db3", "CONCAT_WS(',', NULLIF(RECEIVED_TRANSACTION_SET, ''), NULLIF(@@GLOBAL.gtid_executed, ''))"
                              " FROM performance_schema.replication_connection_status")
    printed = bench.do("BinlogMissing", "What the replica needs was purged", steps=[2],
                       values={"its first file": lambda: first_file(bench, "db2"), "what the replica has": has})
    if bench.flavor == "mysql" and printed[-1].split("\n")[-2].strip() not in ("", "lacking"):
        raise AssertionError(f"db2 is said to lack something: {printed[-1]}")
    bench.do("BinlogMissing", "What the replica needs was purged", steps=[3, 6],
             values={"another server": "127.0.0.1", "its port": bench.nodes["db2"][0]})
    bench.arrives()
    bench.fires("WrongSource", node="db3")
    bench.do("BinlogMissing", "What the replica needs was purged", steps=[3],
             values={"another server": "127.0.0.1", "its port": bench.nodes["db1"][0]})
    for alert in ("BinlogMissing", "WrongSource"):
        bench.resolves(alert, node="db3")
    healed(bench)


@case("BinlogMissing: rebuild")
def rebuild(bench):
    common(bench)
    purge(bench)
    bench.roles |= {"the donor": "db1", "the replica that is rebuilt": "db3", "the rebuilt replica": "db3"}
    bench.values |= {"password": "cloning", "donor host": "127.0.0.1", "donor port": bench.nodes["db1"][0],
                     "dump": f"runbooks-{bench.exporter}.sql"}
    if bench.flavor == "mysql":
        bench.do("README", "Rebuild a replica", steps=[2], roles={"the replica that is rebuilt": []})
        done = bench.client("db3", "")
        for block in bench.chosen("README", "Rebuild a replica", [2]):
            if block.role == "the replica that is rebuilt":
                done = bench.client("db3", block.filled({"channel": "", **bench.values}))
                block.executed_on.add(bench.software)
        if done.returncode and "3707" not in done.stderr:
            raise AssertionError(f"cloning: {done.stderr}")
        bench.until("db3 has shut down after cloning", lambda: bench.client("db3", "DO 0").returncode)
        # Waits for its end.
        bench.fault("stop db3")
        bench.fault("start db3")
        bench.do("README", "Rebuild a replica", steps=[3])
    else:
        bench.do("README", "Rebuild a replica")
    rebuilt(bench)


def rebuild_mariadb(bench):
    bench.roles |= {"the replica that is rebuilt": "db3", "the rebuilt replica": "db3"}
    bench.values["dump"] = f"runbooks-{bench.exporter}.sql"
    bench.do("README", "Rebuild a replica")
    rebuilt(bench)


def rebuilt(bench):
    bench.resolves("BinlogMissing", node="db3")
    healed(bench)
    bench.resolves("ErrantTransactions", node="db3")
    if bench.flavor == "mariadb" and not bench.value("db3", f"BINLOG_GTID_POS('{first_file(bench, 'db3')}', 4)"):
        raise AssertionError("the log of the rebuilt replica claims to begin at the start")
    own = bench.value("db3", "@@server_id")
    if bench.flavor == "mariadb" and f"-{own}-" in bench.value("db3", "@@GLOBAL.gtid_binlog_state"):
        raise AssertionError("the rebuilt replica has a transaction of its own")
    if "never read by db3" not in bench.sql("db3", "SELECT note FROM sandbox.entries;"):
        raise AssertionError("the rebuilt replica lacks the row")


@case("PurgeHeadroomLow: a stopped replica", configuration=())
def purge_headroom(bench):
    common(bench)
    bench.fault("rotate db1")
    bench.fault("purge db1")
    bench.sql("db3", "STOP SLAVE IO_THREAD;" if bench.flavor == "mariadb" else "STOP REPLICA IO_THREAD;")
    for _ in range(30):
        bench.sql("db1", "INSERT INTO sandbox.entries (note) SELECT REPEAT('x', 200) FROM sandbox.entries LIMIT 50;")
        bench.write()
    bench.fires("PurgeHeadroomLow", node="db3")
    bench.do("PurgeHeadroomLow", steps=[1, 2])
    bench.resolves("PurgeHeadroomLow", node="db3")
    bench.do("PurgeHeadroomLow", steps=[3], values={"seconds": 604800})
    healed(bench)
