"""Situations of the exporter's account, its probes, and of filters."""

from runbooks.cases import case, common, end, session

ACCOUNT = "exporter@127.0.0.1"
HEARTBEAT = "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}"
SENTINEL = "sentinel: {table: replication_probe.sentinel, interval: 1s}"


def account(bench):
    common(bench)
    bench.values["the exporter's account"] = ACCOUNT


def connections(bench, node):
    return bench.sql(node, "SELECT id FROM information_schema.PROCESSLIST WHERE user = 'exporter';").split()[1:]


@case("ConnectionLimit: another program uses the account")
def connection_limit(bench):
    account(bench)
    password = (bench.folder / "exporter.password").read_text().strip()
    bench.sql("db1", f"ALTER USER {ACCOUNT} WITH MAX_USER_CONNECTIONS 1;")
    others = ["--user=exporter", f"--password={password}", "--protocol=tcp", "--host=127.0.0.1", f"--port={bench.nodes['db3'][0]}"]

    def occupied():
        # Until it comes before the exporter, whose connection is ended for it.
        for number in connections(bench, "db3"):
            bench.client("db3", f"KILL {number};")
        client, number = session(bench, "db3", "DO 0", others)
        if number:
            return client
        end(client)
        return None

    client = bench.until("another session has the only connection", occupied)
    try:
        bench.fires("ConnectionLimit", node="db3")
        bench.do("ConnectionLimit", values={"number": 20})
        bench.resolves("ConnectionLimit", node="db3")
    finally:
        end(client)
    bench.arrives()


@case("NodeFactMissing: a privilege is missing")
def fact_missing(bench):
    account(bench)
    bench.sql("db1", f"REVOKE {'BINLOG MONITOR ON *.*' if bench.flavor == 'mariadb' else 'SELECT ON performance_schema.*'} "
              f"FROM {ACCOUNT};")
    for number in connections(bench, "db1"):
        bench.client("db1", f"KILL {number};")
    bench.fires("NodeFactMissing", node="db1")
    bench.do("NodeFactMissing", roles={"the node": "db1"}, values={"id": lambda: connections(bench, "db1")[0]})
    bench.resolves("NodeFactMissing", node="db1")


@case("HeartbeatMissing: a lock", configuration=(HEARTBEAT,))
def heartbeat_locked(bench):
    account(bench)
    allow(bench)
    bench.until("heartbeats are written", lambda: bench.query('mysql_replication_probe_working{probe="heartbeat"} == 1'))
    client, number = session(bench, "db1", "FLUSH TABLES WITH READ LOCK")
    try:
        bench.fires("HeartbeatMissing")
        bench.do("HeartbeatMissing", steps=[1], note="a session holds a lock", values={"id": number})
        bench.resolves("HeartbeatMissing")
    finally:
        end(client)
    bench.arrives()


def allow(bench):
    """What a probe needs. A table that was missing is looked for again after a minute, or in the next connection."""
    bench.sql("db1", "CREATE DATABASE replication_probe; "
              f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON replication_probe.* TO {ACCOUNT};")
    for node in bench.nodes:
        bench.until("the probe has made its table", lambda n=node: "replication_probe" in bench.sql(
            n, "SELECT table_schema FROM information_schema.TABLES WHERE table_schema = 'replication_probe';"))
        for number in connections(bench, node):
            bench.client(node, f"KILL {number};")


@case("HeartbeatMissing: no database", configuration=(HEARTBEAT,))
def heartbeat_without_database(bench):
    account(bench)
    bench.fires("HeartbeatMissing")
    bench.do("HeartbeatMissing", steps=[2], note="the database or a privilege is missing")
    bench.resolves("HeartbeatMissing")


@case("SentinelNotSent: no database", configuration=(SENTINEL,))
def sentinel_without_database(bench):
    account(bench)
    bench.fires("SentinelNotSent")
    bench.do("SentinelNotSent", note="the database or a privilege is missing")
    bench.resolves("SentinelNotSent")


def ignore(bench, node, tables):
    bench.values["filter"] = "wild_ignore_table"
    if bench.flavor == "mariadb":
        bench.sql(node, f"STOP SLAVE; SET GLOBAL replicate_wild_ignore_table = '{tables}'; START SLAVE;")
    else:
        bench.sql(node, "STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER REPLICATE_WILD_IGNORE_TABLE = "
                  f"('{tables}'); START REPLICA SQL_THREAD;")


@case("SentinelFailing: a filter", configuration=(SENTINEL,))
def sentinel_filtered(bench):
    account(bench)
    allow(bench)
    bench.until("the sentinel arrives", lambda: len(bench.query(
        'min without (operation) (mysql_replication_sentinel_success) == 1')) == 2)
    ignore(bench, "db3", "replication_probe.%")
    bench.fires("SentinelFailing", node="db3")
    bench.do("SentinelFailing")
    bench.resolves("SentinelFailing", node="db3")


@case("NoUnfilteredReplica: filters on all replicas")
def filtered(bench):
    common(bench)
    for node in ("db2", "db3"):
        ignore(bench, node, "archive.%")
    bench.fires("NoUnfilteredReplica")
    bench.do("NoUnfilteredReplica")
    bench.resolves("NoUnfilteredReplica")
    bench.arrives()
