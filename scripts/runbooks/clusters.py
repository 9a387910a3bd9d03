"""Situations of Group Replication and Galera."""

import os
import pathlib
import signal
import subprocess
import time

from runbooks.cases import case, common

GROUP = {"wiring": ("group", "--members", "3"), "flavor": "mysql"}
GALERA = {"wiring": ("galera", "--members", "3"), "flavor": "mariadb"}
CONFLICT = "sandbox.conflicts (id, note) VALUES (5, 'first')"


def members(bench):
    common(bench)
    bench.roles = {
        "the member outside": "db3", "the machine of the member outside": "db3", "a member of the group": "db1", "the donor": "db1",
        "the primary": "db1"}
    bench.values = {
        "gtid_executed of the group": lambda: bench.value("db1", "@@GLOBAL.gtid_executed"), "member host": "127.0.0.1",
        "donor host": "127.0.0.1", "donor port": bench.nodes["db1"][0], "password": "cloning"}


def healed(bench, primary="db1"):
    for alert in ("ClusterNoQuorum", "ClusterSplit", "ClusterMemberOutside", "NodeDown", "NoWritableNode"):
        bench.resolves(alert)
    bench.arrives(primary)


def failed(bench):
    """A row differs on db3, so that it cannot apply a change of it."""
    members(bench)
    bench.sql("db1", f"INSERT INTO {CONFLICT};")
    bench.until("db3 has the row", lambda: "first" in bench.sql("db3", "SELECT note FROM sandbox.conflicts;"))
    if bench.flavor == "mariadb":
        bench.sql("db3", "SET SESSION wsrep_on = OFF; SET SESSION sql_log_bin = 0; DELETE FROM sandbox.conflicts WHERE id = 5;")
    else:
        bench.sql("db3", "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0; "
                  "DELETE FROM sandbox.conflicts WHERE id = 5; SET GLOBAL super_read_only = ON;")
    bench.sql("db1", "UPDATE sandbox.conflicts SET note = 'changed' WHERE id = 5;")


@case("ClusterMemberOutside: an inconsistent Galera node", **GALERA)
def inconsistent(bench):
    failed(bench)
    bench.fires("ClusterMemberOutside", node="db3")
    bench.do("ClusterMemberOutside", steps=[1])
    bench.fault("stop db3")
    bench.fault("start db3")
    healed(bench)
    if "changed" not in bench.sql("db3", "SELECT note FROM sandbox.conflicts;"):
        raise AssertionError("db3 does not have the others' row")


@case("ClusterMemberOutside: a Galera node is cut off for a while", **GALERA)
def cut_off(bench):
    members(bench)
    bench.sql("db3", "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1';")
    bench.fires("ClusterMemberOutside", node="db3")
    bench.do("ClusterMemberOutside", steps=[1])
    bench.sql("db3", "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0';")
    bench.resolves("ClusterMemberOutside", node="db3")
    bench.do("ClusterMemberOutside", steps=[6], note="it is back")
    healed(bench)
    bench.arrives("db3")


@case("ClusterMemberOutside: a member has left", **GROUP)
def left(bench):
    members(bench)
    bench.sql("db3", "STOP GROUP_REPLICATION;")
    bench.fires("ClusterMemberOutside", node="db3")
    printed = bench.do("ClusterMemberOutside", steps=[1, 2, 3])
    if printed[-1].split("\n")[1].strip():
        raise AssertionError(f"db3 is said to have transactions of its own: {printed[-1]}")
    bench.do("ClusterMemberOutside", steps=[5, 7])
    healed(bench)


@case("ClusterMemberOutside: an applier error", **GROUP)
def applier_error(bench):
    failed(bench)
    # It is in offline_mode, which refuses the exporter too.
    bench.fires("NodeDown", node="db3")
    printed = bench.do("ClusterMemberOutside", steps=[1, 2])
    if "1032" not in printed[-1]:
        raise AssertionError(f"the error is not in what the step prints: {printed[-1]}")
    bench.do("ClusterMemberOutside", steps=[4, 5], note="the row is corrected",
             values={"statements that correct it": f"INSERT INTO {CONFLICT}"})
    healed(bench)
    if "changed" not in bench.sql("db3", "SELECT note FROM sandbox.conflicts;"):
        raise AssertionError("db3 does not have the others' row")


@case("ClusterMemberOutside: transactions of its own", **GROUP)
def own_transactions(bench):
    members(bench)
    bench.sql("db3", "STOP GROUP_REPLICATION; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF;")
    bench.write("db3", "own")
    bench.fires("ClusterMemberOutside", node="db3")
    printed = bench.do("ClusterMemberOutside", steps=[1, 2, 3])
    if not printed[-1].split("\n")[1].strip():
        raise AssertionError("db3 is said to have no transactions of its own")
    refused = bench.client("db3", "START GROUP_REPLICATION;")
    if "3092" not in refused.stderr or "MY-011526" not in bench.do("ClusterMemberOutside", steps=[2])[0]:
        raise AssertionError(f"the group does not refuse db3: {refused.stderr}")
    copy(bench)
    healed(bench)
    if "own" in bench.sql("db3", "SELECT note FROM sandbox.entries;").split():
        raise AssertionError("db3 still has the row of its own")


def copy(bench):
    """Gives db3 the data of db1, and has it join."""
    *others, last = bench.chosen("ClusterMemberOutside", "Give a member a copy of the data")
    bench.do("ClusterMemberOutside", "Give a member a copy of the data", roles={last.role: []})
    bench.say(f"    {last.place} on db3")
    done = bench.client("db3", last.filled(bench.values))
    if done.returncode and "3707" not in done.stderr:
        raise AssertionError(f"cloning: {done.stderr}")
    bench.until("db3 has shut down after cloning", lambda: bench.client("db3", "DO 0").returncode)
    bench.fault("stop db3")
    bench.fault("start db3")
    bench.do("ClusterMemberOutside", steps=[5])


def hanging(bench):
    members(bench)
    bench.arrives()
    for node in ("db2", "db3"):
        bench.fault(f"freeze {node}")
    bench.fires("ClusterNoQuorum")
    for node in ("db2", "db3"):
        bench.fault(f"thaw {node}")
    healed(bench)


@case("ClusterNoQuorum: members of a group hang", **GROUP)
def hanging_group(bench):
    hanging(bench)


@case("ClusterNoQuorum: Galera nodes hang", **GALERA)
def hanging_galera(bench):
    hanging(bench)


@case("ClusterNoQuorum: Galera nodes crash, and are started at the same time", **GALERA)
def started_again(bench):
    members(bench)
    bench.arrives()
    crashed = ("db2", "db3")
    commands = [bench.command(node) for node in crashed]
    for node in crashed:
        bench.fault(f"kill {node}")
    bench.fires("ClusterNoQuorum")
    servers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    try:
        healed(bench)
    finally:
        for server in servers:
            server.kill()
            server.wait(60)


def gone(bench):
    """Two of three members are gone for good, and later come as new ones."""
    members(bench)
    bench.arrives()
    for node in ("db2", "db3"):
        bench.fault(f"kill {node}")
    bench.fires("ClusterNoQuorum")
    address = ""
    if bench.flavor == "mysql":
        address = bench.value("db1", "@@GLOBAL.group_replication_local_address")
    bench.do("ClusterNoQuorum", steps=[3], roles={"each member that is left": "db1", "one member that is left": "db1"},
             values={"local addresses of the members that are left": address})
    bench.resolves("ClusterNoQuorum")
    bench.resolves("NoWritableNode")
    bench.write("db1", "written by the one that is left")
    for node in ("db2", "db3"):
        bench.fault(f"start {node}")
        if bench.flavor == "mysql":
            bench.do("ClusterNoQuorum", steps=[3], note="started again", roles={
                "each member that is left": [], "one member that is left": [], "each other member": node})
    healed(bench)


@case("ClusterNoQuorum: members of a group are gone", **GROUP)
def gone_group(bench):
    gone(bench)


@case("ClusterNoQuorum: Galera nodes are gone", **GALERA)
def gone_galera(bench):
    gone(bench)


@case("ClusterNoQuorum: no member of a group is left", **GROUP)
def none_left_group(bench):
    members(bench)
    bench.arrives()
    for node in bench.nodes:
        bench.fault(f"kill {node}")
    bench.fires("NodeDown", node="db1")
    for node in bench.nodes:
        bench.fault(f"start {node}")
    bench.fires("NoWritableNode")
    bench.do("ClusterNoQuorum", "No member is left", roles={
        "each member": list(bench.nodes), "the member with the most": "db2", "each other member": ["db1", "db3"]})
    healed(bench, "db2")


@case("ClusterNoQuorum: no Galera node is left", **GALERA)
def none_left_galera(bench):
    members(bench)
    bench.arrives()
    commands = {node: bench.command(node) for node in bench.nodes}
    for node in bench.nodes:
        bench.fault(f"kill {node}")
    bench.fires("NodeDown", node="db1")
    server = None
    try:
        for node, command in commands.items():
            bench.wrap(node, "mariadbd", [*command], "2>&1 | grep -a 'Recovered position'")
            bench.wrap(node, "galera_new_cluster", [*command, "--wsrep-new-cluster"], ">/dev/null 2>&1 & echo $! >started")
        printed = bench.do("ClusterNoQuorum", "No member is left", steps=[1, 2], roles={
            "the machine of each member": list(bench.nodes), "the machine of the member with the most": "db2"})
        if not all("Recovered position" in each and "seqno:   -1" in each for each in printed[:3]):
            raise AssertionError(f"the positions are not in what the step prints: {printed}")
        server = int((bench.folder / "db2/data/started").read_text())
        bench.until("db2 is started", lambda: "Primary" in bench.client("db2", "SHOW STATUS LIKE 'wsrep_cluster_status';").stdout)
        for node in ("db1", "db3"):
            bench.fault(f"start {node}")
        healed(bench, "db2")
    finally:
        if server:
            os.kill(server, signal.SIGKILL)


@case("ClusterSplit: a second bootstrap of a group", **GROUP)
def split_group(bench):
    members(bench)
    bench.sql("db3", "STOP GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION; "
              "SET GLOBAL group_replication_bootstrap_group = OFF; SET GLOBAL offline_mode = OFF;")
    split(bench)
    bench.fault("stop db3")
    bench.fault("start db3")
    copy(bench)
    reunited(bench)


@case("ClusterSplit: pc.bootstrap on a Galera node that is cut off", **GALERA)
def split_galera(bench):
    members(bench)
    bench.sql("db3", "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1';")
    bench.fires("ClusterMemberOutside", node="db3")
    bench.sql("db3", "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES';")
    bench.until("db3 is a cluster of its own", lambda: not bench.client("db3", "SELECT 1 FROM sandbox.entries;").returncode)
    split(bench)
    bench.fault("stop db3")
    bench.do("ClusterMemberOutside", "Give a member a copy of the data")
    bench.fault("start db3")
    reunited(bench)


def split(bench):
    bench.write("db3", "on the smaller part")
    bench.write("db1", "on the larger part")
    bench.fires("ClusterSplit")
    saved = pathlib.Path(f"/tmp/runbooks-{bench.exporter}.sql")
    # In any time zone.
    yesterday = time.strftime("%F %T", time.gmtime(time.time() - 86400))
    try:
        bench.do("ClusterSplit", steps=[2, 3],
                 roles={"each member that goes": "db3", "the machine of one member that goes": "db3"},
                 values={"time of the split": yesterday, "files": newest(bench, "db3"), "saved": saved.name})
        if "on the smaller part" not in saved.read_text(encoding="utf-8", errors="replace"):
            raise AssertionError("what was written on the part that goes is not in what the step saves")
    finally:
        saved.unlink(missing_ok=True)


def newest(bench, node):
    return bench.sql(node, "SHOW BINARY LOGS;").strip().split("\n")[-1].split("\t")[0]


def reunited(bench):
    healed(bench)
    found = bench.sql("db3", "SELECT note FROM sandbox.entries;")
    if "on the smaller part" in found or "on the larger part" not in found:
        raise AssertionError(f"db3 does not have the data of the part that stays: {found}")
