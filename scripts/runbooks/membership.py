"""Situations of clusters that work, and in which something about the members is not as it should be."""

import re
import subprocess

from runbooks.cases import case, end, session

GROUP = {"wiring": ("group", "--members", "3"), "flavor": "mysql"}
GALERA = {"wiring": ("galera", "--members", "3"), "flavor": "mariadb"}


@case("ClusterNotReady: a Galera node refuses queries", **GALERA)
def refusing(bench):
    bench.sql("db2", "SET GLOBAL wsrep_reject_queries = 'ALL';")
    bench.fires("ClusterNotReady", node="db2")
    if "ALL" not in bench.do("ClusterNotReady", steps=[1], roles={"the node": "db2"})[0]:
        raise AssertionError("the step does not show that queries are refused")
    bench.do("ClusterNotReady", steps=[2], roles={"the node": "db2"})
    bench.resolves("ClusterNotReady")


@case("ClusterFlowControl: a lock holds a node's applier", **GALERA)
def held(bench):
    bench.sql("db3", "SET GLOBAL wsrep_provider_options = 'gcs.fc_limit=2';")
    client, number = session(bench, "db3", "LOCK TABLES sandbox.entries READ")
    writer = subprocess.Popen(
        ["mariadb", "--no-defaults", "--user=root", f"--socket={bench.nodes['db1'][1]}"], stdin=subprocess.PIPE, text=True)
    try:
        writer.stdin.write("INSERT INTO sandbox.entries (note) VALUES ('held');\n" * 20)
        writer.stdin.close()
        alert = bench.fires("ClusterFlowControl")
        if "Asked for by: db3." not in alert["annotations"]["description"]:
            raise AssertionError(f"the alert does not name the node: {alert['annotations']['description']}")
        roles = {"each node": list(bench.nodes), "the slow node": "db3"}
        printed = bench.do("ClusterFlowControl", steps=[1, 2], note="a session holds a lock", roles=roles,
                           values={"id of the session": number})
        if "metadata lock" not in printed[3]:
            raise AssertionError(f"the step does not show that the applier waits for a lock: {printed[3]}")
        if writer.wait(60):
            raise AssertionError("what was held back is not committed")
    finally:
        writer.kill()
        end(client)
    bench.do("ClusterFlowControl", steps=[3, 4, 5], note="its queue is empty", roles=roles, values={"number": 4})
    bench.resolves("ClusterFlowControl")


def lost(bench):
    bench.fault("kill db3")
    bench.fires("ClusterNoTolerance")
    bench.do("ClusterNoTolerance", roles={"a member that is left": "db1"})
    bench.fault("start db3")
    if bench.flavor == "mysql":
        bench.sql("db3", "START GROUP_REPLICATION;")
    bench.resolves("ClusterNoTolerance")
    bench.resolves("NodeDown")


@case("ClusterNoTolerance: a member of a group is gone", **GROUP)
def lost_from_group(bench):
    lost(bench)


@case("ClusterNoTolerance: a Galera node is gone", **GALERA)
def lost_from_galera(bench):
    lost(bench)


@case("ClusterMemberMissing: a member without the plugin", **GROUP)
def without_plugin(bench):
    bench.sql("db3", "STOP GROUP_REPLICATION; SET GLOBAL super_read_only = OFF; UNINSTALL PLUGIN group_replication; "
              "SET GLOBAL super_read_only = ON;")
    bench.fires("ClusterMemberMissing")
    roles = {"the node": "db3"}
    if "ACTIVE" in bench.do("ClusterMemberMissing", steps=[1], roles=roles)[0]:
        raise AssertionError("the step shows a plugin that is not there")
    bench.do("ClusterMemberMissing", steps=[2], note="the plugin is not loaded", roles=roles)
    bench.do("ClusterMemberMissing", steps=[2], note="the plugin is loaded", roles=roles)
    bench.resolves("ClusterMemberMissing")
    bench.resolves("ClusterMemberOutside")


def unknown(bench):
    line = re.search(r"(?m)^ *- *\{name: db3,.*\n", bench.configuration.read_text()).group(0)
    kept = re.search(r"(?m)^ *- *\{name: db2,.*\n", bench.configuration.read_text()).group(0)
    bench.reload(line, "")
    bench.fires("ClusterUnknownMembers")
    if str(bench.nodes["db3"][0]) not in bench.do("ClusterUnknownMembers", steps=[1], roles={"a member": "db1"})[0]:
        raise AssertionError("the step does not show the member that is not configured")
    bench.reload(kept, kept + line)
    bench.resolves("ClusterUnknownMembers")


@case("ClusterUnknownMembers: a member of a group is not configured", **GROUP)
def unknown_in_group(bench):
    unknown(bench)


@case("ClusterUnknownMembers: a Galera node is not configured", **GALERA)
def unknown_in_galera(bench):
    unknown(bench)


@case("ClusterJoinStuck: no donor lets the member in", **GROUP)
def stuck(bench):
    bench.sql("db1", "CREATE USER recovery@'127.0.0.1' IDENTIFIED BY 'recovering'; "
              "GRANT REPLICATION SLAVE, BACKUP_ADMIN ON *.* TO recovery@'127.0.0.1';")
    bench.sql("db3", "STOP GROUP_REPLICATION; CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = 'wrong' "
              "FOR CHANNEL 'group_replication_recovery';")
    bench.write("db1", "what the joiner lacks")
    bench.sql("db3", "START GROUP_REPLICATION;")
    bench.fires("ClusterJoinStuck", node="db3")
    if "1045" not in bench.do("ClusterJoinStuck", steps=[1], roles={"the joiner": "db3"})[0]:
        raise AssertionError("the step does not show why no donor lets it in")
    bench.do("ClusterJoinStuck", steps=[2], roles={"the joiner": "db3"},
             values={"recovery user": "recovery", "recovery password": "recovering"})
    bench.resolves("ClusterJoinStuck")
    bench.until("db3 has the row", lambda: "lacks" in bench.sql("db3", "SELECT note FROM sandbox.entries;"))


@case("ClusterPrimariesDisagree: its statements, in a group that agrees", **GROUP)
def agreeing(bench):
    primary = bench.value("db2", "@@server_uuid")
    printed = bench.do("ClusterPrimariesDisagree", roles={
        "each member": list(bench.nodes), "the member that differs": "db3", "a member": "db1"},
        values={"MEMBER_ID of the new primary": primary})
    if "switched" not in printed[-1]:
        raise AssertionError(f"the primary is not switched: {printed[-1]}")
    bench.resolves("ClusterPrimariesDisagree")
