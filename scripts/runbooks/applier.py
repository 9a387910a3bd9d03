"""Situations in which the SQL thread has stopped."""

from runbooks.cases import case, common, unlogged


def start(bench, channel=""):
    return (f"START SLAVE '{channel}';" if bench.flavor == "mariadb" else f"START REPLICA FOR CHANNEL '{channel}';")


def stop_applier(bench, node, channel=""):
    bench.sql(node, f"STOP SLAVE '{channel}' SQL_THREAD;" if bench.flavor == "mariadb"
              else f"STOP REPLICA SQL_THREAD FOR CHANNEL '{channel}';")


def find(bench, node, expected):
    """Follows "Find the transaction"; the row that is expected has to be in what it prints."""
    printed = bench.do("SQLThreadStopped", "Find the transaction", values={
        "position": bench.column(node, "Exec_Master_Log_Pos"), "file": bench.column(node, "Relay_Master_Log_File")})
    if expected not in printed[-1]:
        raise AssertionError(f"the transaction that was found does not contain {expected!r}:\n{printed[-1]}")


def healed(bench, **labels):
    bench.resolves("SQLThreadStopped", **labels)
    bench.arrives()


@case("SQLThreadStopped: 1062, duplicate key")
def duplicate_key(bench):
    common(bench)
    bench.fault("break-sql db3")
    bench.fires("SQLThreadStopped", node="db3", severity="critical")
    find(bench, "db3", "from db1")
    key = bench.value("db3", "MAX(id) FROM sandbox.conflicts")
    bench.do("SQLThreadStopped", "A row differs", note="1062",
             values={"table": "sandbox.conflicts", "key": f"id = {key}"})
    healed(bench, node="db3")


@case("SQLThreadStopped: 1062 in a named channel", wiring=("multi-source", "--sources", "2"))
def duplicate_key_in_channel(bench):
    common(bench, replica="db3", source="db2", channel="db2")
    unlogged(bench, "db3", "INSERT INTO sandbox.conflicts (id, note) VALUES (77, 'own')")
    bench.sql("db2", "INSERT INTO sandbox.conflicts (id, note) VALUES (77, 'from db2');")
    bench.fires("SQLThreadStopped", node="db3", channel="db2")
    find(bench, "db3", "from db2")
    bench.do("SQLThreadStopped", "A row differs", note="1062", values={"table": "sandbox.conflicts", "key": "id = 77"})
    bench.resolves("SQLThreadStopped", node="db3")
    bench.arrives("db2", ["db3"])
    bench.arrives("db1", ["db3"])


@case("SQLThreadStopped: 1032, missing row")
def missing_row(bench):
    common(bench)
    bench.sql("db1", "INSERT INTO sandbox.conflicts (id, note) VALUES (50, 'before');")
    bench.arrives()
    unlogged(bench, "db3", "DELETE FROM sandbox.conflicts WHERE id = 50")
    # As a statement it would find nothing to change, and say nothing.
    bench.sql("db1", "SET SESSION binlog_format = ROW; UPDATE sandbox.conflicts SET note = 'after' WHERE id = 50;")
    bench.fires("SQLThreadStopped", node="db3")
    find(bench, "db3", "after")
    bench.do("SQLThreadStopped", "A row differs", note="1032",
             values={"table": "sandbox.conflicts", "values": "50, 'before'"})
    healed(bench, node="db3")
    if bench.value("db3", "note FROM sandbox.conflicts WHERE id = 50") != "after":
        raise AssertionError("the replica's row is not the source's")


@case("SQLThreadStopped: skip one transaction in a named channel", wiring=("multi-source", "--sources", "2"))
def skip(bench):
    common(bench, replica="db3", source="db2", channel="db2")
    unlogged(bench, "db3", "INSERT INTO sandbox.conflicts (id, note) VALUES (78, 'own')")
    bench.sql("db2", "INSERT INTO sandbox.conflicts (id, note) VALUES (78, 'from db2');")
    bench.fires("SQLThreadStopped", node="db3", channel="db2")
    gtid = "" if bench.flavor == "mariadb" else bench.value(
        "db3", "APPLYING_TRANSACTION FROM performance_schema.replication_applier_status_by_worker "
        "WHERE LAST_ERROR_NUMBER <> 0")
    bench.do("SQLThreadStopped", "Skip one transaction", values={"gtid": gtid})
    bench.resolves("SQLThreadStopped", node="db3")
    bench.arrives("db2", ["db3"])


@case("SQLThreadStopped: 1950, a write on the replica", options=("--gtid-strict",), flavor="mariadb")
def out_of_order(bench):
    common(bench)
    bench.write("db3", "errant")
    bench.write("db1", "next")
    bench.fires("SQLThreadStopped", node="db3")
    printed = bench.do("SQLThreadStopped", "A write on the replica is in the way", steps=[1],
                       values={"file": "binlog.000001", "server id": 3})
    if "errant" not in printed[-1]:
        raise AssertionError(f"the write is not in what the step prints:\n{printed[-1]}")
    unlogged(bench, "db3", "DELETE FROM sandbox.entries WHERE note = 'errant'")
    bench.do("SQLThreadStopped", "A write on the replica is in the way", steps=[4])
    healed(bench, node="db3")
    bench.resolves("ErrantTransactions", node="db3")


@case("SQLThreadStopped: 1950, a write on an intermediate", wiring=("chain", "--servers", "3"), options=("--gtid-strict",),
      flavor="mariadb")
def out_of_order_above(bench):
    common(bench, replica="db2")
    bench.write("db2", "errant")
    bench.write("db1", "next")
    bench.fires("SQLThreadStopped", node="db2")
    # From here on the position of db2 stays, because its applier has stopped.
    position = bench.value("db2", "@@GLOBAL.gtid_slave_pos")
    bench.until("db3 has it too", lambda: "errant" in bench.sql("db3", "SELECT note FROM sandbox.entries;"))
    for node in ("db2", "db3"):
        unlogged(bench, node, "DELETE FROM sandbox.entries WHERE note = 'errant'")
    bench.do("SQLThreadStopped", "A write on the replica is in the way", steps=[3, 4, 5], note="with replicas",
             roles={"a replica of the replica": "db3"},
             values={"gtid_slave_pos of the replica": position})
    healed(bench, node="db2")
    for alert in ("ErrantTransactions", "IOThreadStopped", "BinlogMissing"):
        bench.resolves(alert)


def table_differs(bench, note, **values):
    bench.fires("SQLThreadStopped", node="db3")
    bench.do("SQLThreadStopped", "A table or an account differs", note=note,
             values={key.replace("_", " "): value for key, value in values.items()})
    healed(bench, node="db3")


@case("SQLThreadStopped: 1146, missing table")
def missing_table(bench):
    common(bench)
    bench.sql("db1", "CREATE TABLE sandbox.orders (id INT PRIMARY KEY, note VARCHAR(20));")
    bench.arrives()
    unlogged(bench, "db3", "DROP TABLE sandbox.orders")
    bench.sql("db1", "INSERT INTO sandbox.orders VALUES (1, 'first');")
    statement = bench.value("db1", "1; SHOW CREATE TABLE sandbox.orders") and bench.sql(
        "db1", "SHOW CREATE TABLE sandbox.orders;").split("\n")[1].split("\t")[1].replace("\\n", "\n")
    table_differs(bench, "1146", **{
        "statement of SHOW CREATE TABLE": statement.replace("`orders`", "`sandbox`.`orders`", 1)})


@case("SQLThreadStopped: 1050, table exists")
def existing_table(bench):
    common(bench)
    if bench.flavor == "mariadb":
        bench.sql("db3", "SET GLOBAL slave_ddl_exec_mode = STRICT;")
    unlogged(bench, "db3", "CREATE TABLE sandbox.orders (id INT PRIMARY KEY)")
    bench.sql("db1", "CREATE TABLE sandbox.orders (id INT PRIMARY KEY, note VARCHAR(20));")
    table_differs(bench, "1050", table="sandbox.orders", another_name="sandbox.orders_kept")


@case("SQLThreadStopped: 1396, CREATE USER")
def existing_account(bench):
    common(bench)
    unlogged(bench, "db3", "CREATE USER app@localhost")
    bench.sql("db1", "CREATE USER app@localhost;")
    table_differs(bench, "1396, CREATE USER", account="app@localhost")


@case("SQLThreadStopped: 1396, DROP USER")
def missing_account(bench):
    common(bench)
    for node in ("db1", "db2"):
        unlogged(bench, node, "CREATE USER app@localhost")
    bench.sql("db1", "DROP USER app@localhost;")
    table_differs(bench, "1396, DROP USER", account="app@localhost")


@case("SQLThreadStopped: 1677, column type")
def column_type(bench):
    common(bench)
    bench.sql("db1", "CREATE TABLE sandbox.orders (id INT PRIMARY KEY, note VARCHAR(20));")
    bench.arrives()
    unlogged(bench, "db3", "ALTER TABLE sandbox.orders MODIFY note INT")
    bench.sql("db1", "INSERT INTO sandbox.orders VALUES (1, 'first');")
    table_differs(bench, "1677", table="sandbox.orders", column="note", **{"the source's type": "VARCHAR(20)"})


def broken_relay_log(bench, note, source="db1", channel=""):
    common(bench, "db3", source, channel)
    stop_applier(bench, "db3", channel)
    for number in range(5):
        bench.write(source, f"in the relay log {number}")
    bench.until("the relay log has them", lambda: any(
        b"in the relay log 4" in path.read_bytes() for path in (bench.folder / "db3/data").glob("relay*.0*")))
    for path in (bench.folder / "db3/data").glob("relay*.0*"):
        data = path.read_bytes()
        if b"in the relay log 1" in data:
            with path.open("r+b") as file:
                file.seek(data.index(b"in the relay log 1") - 30)
                file.write(b"\xff" * 40)
    bench.sql("db3", start(bench, channel))
    bench.fires("SQLThreadStopped", node="db3", channel=channel)
    bench.say("    " + bench.column("db3", "Last_SQL_Errno") + " " + bench.column("db3", "Last_SQL_Error"))
    bench.do("SQLThreadStopped", "The relay log is broken", note=note, values={
        "file": bench.column("db3", "Relay_Master_Log_File"), "position": bench.column("db3", "Exec_Master_Log_Pos")})
    bench.resolves("SQLThreadStopped", node="db3")
    bench.arrives(source, ["db3"])
    found = bench.value("db3", "COUNT(*) FROM sandbox.entries WHERE note LIKE 'in the relay log%'")
    if found != "5":
        raise AssertionError(f"of five rows in the relay log, {found} have arrived")


@case("SQLThreadStopped: broken relay log")
def broken_relay_log_with_gtids(bench):
    broken_relay_log(bench, "with GTIDs")


@case("SQLThreadStopped: broken relay log of a named channel", wiring=("multi-source", "--sources", "2"))
def broken_relay_log_of_channel(bench):
    broken_relay_log(bench, "with GTIDs", "db2", "db2")


@case("SQLThreadStopped: broken relay log, without GTIDs", options=("--no-gtid",))
def broken_relay_log_without_gtids(bench):
    broken_relay_log(bench, "without GTIDs")


@case("SQLThreadStopped: stopped by hand")
def stopped_by_hand(bench):
    common(bench)
    stop_applier(bench, "db3")
    bench.fires("SQLThreadStopped", node="db3", severity="warning")
    bench.do("SQLThreadStopped", "Stopped by hand")
    healed(bench, node="db3")
