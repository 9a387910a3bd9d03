"""Situations of the exporter itself, and of what is known of a replica."""

import contextlib
import pathlib
import signal
import subprocess
import urllib.error

from runbooks.cases import case, common
from runbooks.receiver import change
from runbooks.relay import Relay

FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def exporter(bench):
    common(bench)
    bench.roles |= {"the exporter's machine": "exporter", "the machine of Prometheus": "Prometheus"}
    bench.values |= {
        "configuration": bench.configuration, "configuration of Prometheus": bench.watched,
        "exporter": f"127.0.0.1:{bench.exporter}", "prometheus": f"127.0.0.1:{bench.prometheus}",
        "process id of the exporter": lambda: bench.exporting.pid}


def wrong(bench, runbook):
    """A block that has to print what is wrong, and to fail."""
    found = []
    for block in bench.chosen(runbook, note="prints what is wrong"):
        if block.note:
            done = bench.sh("exporter", block.filled(bench.values))
            found.append(f"{done.returncode} {done.stdout} {done.stderr}")
            block.executed_on.add(bench.software)
    bench.say(f"    {found}")
    if not found or found[0].startswith("0 ") or "nods" not in found[0]:
        raise AssertionError(f"the wrong key is not in what the step prints: {found}")


@case("ConfigReloadFailed: a wrong key")
def reload_failed(bench):
    exporter(bench)
    with contextlib.suppress(urllib.error.HTTPError):
        bench.reload("nodes:", "nods:")
    bench.fires("ConfigReloadFailed")
    wrong(bench, "ConfigReloadFailed")
    bench.configuration.write_text(bench.configuration.read_text().replace("nods:", "nodes:"))
    bench.do("ConfigReloadFailed")
    bench.resolves("ConfigReloadFailed")


@case("ExporterDown: it does not start with its configuration")
def does_not_start(bench):
    exporter(bench)
    bench.stop_exporter()
    bench.configuration.write_text(bench.configuration.read_text().replace("nodes:", "nods:"))
    bench.start_exporter()
    bench.fires("ExporterDown")
    wrong(bench, "ExporterDown")
    bench.stop_exporter()
    bench.configuration.write_text(bench.configuration.read_text().replace("nods:", "nodes:"))
    bench.start_exporter()
    bench.until("the exporter answers", lambda: not bench.sh(
        "exporter", f"curl -s http://127.0.0.1:{bench.exporter}/-/healthy").returncode)
    bench.do("ExporterDown", steps=[3])
    bench.resolves("ExporterDown")


@case("ExporterDown: it hangs")
def hangs(bench):
    exporter(bench)
    bench.exporting.send_signal(signal.SIGSTOP)
    bench.fires("ExporterDown")
    [block] = bench.chosen("ExporterDown", steps=[3])
    done = bench.sh("exporter", block.filled(bench.values))
    if done.returncode != 28:
        raise AssertionError(f"the step does not show that it hangs: {done}")
    bench.stop_exporter()
    bench.start_exporter()
    bench.resolves("ExporterDown")


@case("ExporterAbsent: another program answers at the port")
def wrong_target(bench):
    exporter(bench)
    text = bench.watched.read_text()
    bench.watched.write_text(text.replace(f":{bench.exporter}", f":{bench.prometheus}"))
    bench.reload_prometheus()
    bench.fires("ExporterAbsent")
    bench.watched.write_text(text)
    bench.do("ExporterAbsent")
    bench.resolves("ExporterAbsent")


@case("ExporterSlow: a node hangs, and its timeout is long", scrapes=10)
def slow(bench):
    exporter(bench)
    bench.reload("timeout: 2s", "timeout: 9s")
    bench.fault("freeze db3")
    bench.fires("ExporterSlow")
    bench.do("ExporterSlow", steps=[1])
    bench.configuration.write_text(bench.configuration.read_text().replace("timeout: 9s", "timeout: 1s"))
    bench.do("ExporterSlow", steps=[2])
    bench.resolves("ExporterSlow")
    bench.fault("thaw db3")
    bench.resolves("NodeDown")


@case("ClockSkew: the clock of a replica's machine")
def clock(bench):
    common(bench)
    command = bench.command("db3")
    data = bench.folder / "db3/data"
    (data / "libfaketime.so").write_bytes(FAKETIME.read_bytes())
    ahead = data / "clock"
    ahead.write_text("+300\n")
    for path in (data / "libfaketime.so", ahead):
        path.chmod(0o755)
    inside = f"/{data.relative_to(bench.root())}" if bench.root() else str(data)
    program = command.index(next(word for word in command if word.startswith("/usr/sbin/")))
    faked = [*command[:program], "env", f"LD_PRELOAD={inside}/libfaketime.so", f"FAKETIME_TIMESTAMP_FILE={inside}/clock",
             "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1", *command[program:]]
    bench.fault("stop db3")
    with (bench.own / "db3.log").open("w") as log:
        server = subprocess.Popen(faked, stdout=log, stderr=log)
    try:
        bench.until("db3 is started", lambda: not bench.client("db3", "DO 0").returncode)
        bench.fires("ClockSkew", node="db3")
        offset = bench.query('mysql_replication_node_clock_offset_seconds{node="db3"}')
        bench.say(f"    offset: {offset[0]['value'][1]}")
        # The clock is right again.
        ahead.write_text("+0\n")
        bench.resolves("ClockSkew", node="db3")
        bench.do("ClockSkew")
        bench.arrives()
        bench.resolves("IOThreadStopped")
    finally:
        server.kill()
        server.wait(60)


@case("IOThreadFlapping: the network ends the connection")
def flapping(bench):
    common(bench)
    with Relay(bench.nodes["db1"][0]) as relay:
        change(bench, "db3", f"MASTER_HOST = '127.0.0.1', MASTER_PORT = {relay.port}, MASTER_HEARTBEAT_PERIOD = 1")
        bench.arrives()
        with relay.flapping(2):
            bench.fires("IOThreadFlapping", node="db3")
            printed = bench.do("IOThreadFlapping", steps=[1])
            if bench.flavor == "mariadb":
                printed = [(bench.folder / "db3/server.log").read_text(errors="replace")]
            if not any(text in "".join(printed) for text in ("Lost connection", "error connecting", "Error connecting")):
                raise AssertionError(f"no error of the network is in what the step says to read: {printed}")
        for alert in ("IOThreadFlapping", "IOThreadStopped"):
            bench.resolves(alert, node="db3")
        bench.do("IOThreadFlapping", steps=[4])
        bench.arrives()


@case("IOThreadFlapping: a clone with the same server id", flavor="mariadb")
def flapping_clone(bench):
    common(bench)
    bench.sql("db3", "STOP SLAVE; SET GLOBAL server_id = 2; START SLAVE;")
    bench.until("a connection is lost again and again", lambda: bench.alert("IOThreadFlapping"), 120)
    bench.until("the log has the reason", lambda: any(
        "same server_uuid/server_id" in (bench.folder / f"{node}/server.log").read_text(errors="replace")
        for node in ("db2", "db3")))
    bench.do("DuplicateServerIDs", roles={"the clone": "db3"}, values={"new id": 3})
    bench.sql("db2", "START SLAVE;")
    for alert in ("DuplicateServerIDs", "IOThreadFlapping", "IOThreadStopped"):
        bench.resolves(alert)
    bench.arrives()


@case("LagUnknown: a backlog comes over a slow network", configuration=("thresholds: {bytes: 1kB}",))
def lag_unknown(bench):
    common(bench)
    bench.values["node"] = "db3"
    with Relay(bench.nodes["db1"][0]) as relay:
        change(bench, "db3", f"MASTER_HOST = '127.0.0.1', MASTER_PORT = {relay.port}, MASTER_HEARTBEAT_PERIOD = 5")
        bench.arrives()
        bench.sql("db3", "STOP SLAVE IO_THREAD;" if bench.flavor == "mariadb" else "STOP REPLICA IO_THREAD;")
        for _ in range(40):
            bench.sql("db1", "SET SESSION binlog_format = ROW; INSERT INTO sandbox.entries (note) WITH RECURSIVE n AS "
                      "(SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT REPEAT('x', 250) FROM n;")
        # What an exporter that starts now sees first is the end of the backlog.
        bench.stop_exporter()
        bench.start_exporter()
        # Seconds pass until something arrives, but fewer than two heartbeats take. MySQL counts from then on.
        relay.slow(10_000)
        bench.sql("db3", "START SLAVE IO_THREAD;" if bench.flavor == "mariadb" else "START REPLICA IO_THREAD;")
        bench.fires("LagUnknown", node="db3")
        bench.do("LagUnknown", steps=[2, 3])
        bench.resolves("LagUnknown", node="db3")
        bench.arrives()


def install_checksums(bench):
    """What the command `checksum` needs of the exporter's account here."""
    grants = ("SLAVE MONITOR, BINLOG MONITOR, BINLOG ADMIN, SELECT" if bench.flavor == "mariadb"
              else "REPLICATION CLIENT, SESSION_VARIABLES_ADMIN, SELECT")
    bench.sql("db1", f"GRANT {grants} ON *.* TO exporter@127.0.0.1; CREATE DATABASE percona; "
              "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON percona.* TO exporter@127.0.0.1;")


@case("ChecksumDifferences: rows differ", configuration=("checksums: {}",))
def checksums(bench):
    exporter(bench)
    bench.values |= {
        "tables": "sandbox.conflicts", "table": "sandbox.conflicts", "rows of the chunk": "id > 0",
        "statements that correct it": "DELETE FROM sandbox.conflicts WHERE id = 60; "
                                      "UPDATE sandbox.conflicts SET note = 'same' WHERE id = 61"}
    install_checksums(bench)
    bench.sql("db1", "INSERT INTO sandbox.conflicts (id, note) VALUES (61, 'same'), (62, 'same');")
    bench.arrives()
    bench.sql("db3", "SET GLOBAL super_read_only = OFF;" if bench.flavor == "mysql" else "DO 0;")
    bench.sql("db3", "SET SESSION sql_log_bin = 0; INSERT INTO sandbox.conflicts (id, note) VALUES (60, 'extra'); "
              "UPDATE sandbox.conflicts SET note = 'other' WHERE id = 61;")
    done = bench.sh("exporter", f"mysql-replication-exporter checksum demo --config.file {bench.configuration}")
    if done.returncode != 2:
        raise AssertionError(f"the run does not find the difference: {done}")
    bench.fires("ChecksumDifferences", node="db3")
    printed = bench.do("ChecksumDifferences", note="the rows are known")
    bench.say(f"    {printed}")
    bench.resolves("ChecksumDifferences", node="db3")
    bench.arrives()
