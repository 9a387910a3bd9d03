"""The situations: each makes one on real servers, waits for the alert, follows the runbook, and sees the alert go."""

import dataclasses
import subprocess
import typing

ALL = []
PRIMARY = ("primary", "--replicas", "2")
# Its root has no Galera.
WITHOUT_CLUSTERS = {"mariadb-11.8"}


@dataclasses.dataclass
class Case:
    name: str
    act: typing.Callable
    wiring: tuple
    options: tuple
    configuration: tuple
    flavor: str
    scrapes: int

    @property
    def is_cluster(self):
        return self.wiring[0] in ("group", "galera")


def case(name, wiring=PRIMARY, options=(), configuration=(), flavor="", scrapes=1):
    """Registers a situation under "Runbook: what is wrong"; with a flavor, only for that. Scrapes are so many seconds apart."""

    def register(act):
        ALL.append(Case(name, act, wiring, options, configuration, flavor, scrapes))
        return act

    return register


def common(bench, replica="db3", source="db1", channel=""):
    """The roles and placeholders that most runbooks share."""
    bench.channel = channel
    bench.roles = {
        "the replica": replica, "the source": source, "the primary": source, "the machine of the replica": replica,
        "the machine of the source": source}
    bench.values = {
        "set": "demo", "source host": "127.0.0.1", "source port": bench.nodes[source][0], "replication user": "replicator",
        "replication password": "runbooks", "replica host": "127.0.0.1"}


def unlogged(bench, node, statement):
    """Changes data on one node only."""
    bench.sql(node, f"SET SESSION sql_log_bin = 0; {statement};")


def session(bench, node, statement, login=("--user=root",)):
    """A client that has run a statement and stays connected; returns it and the number of its session."""
    client = subprocess.Popen(
        ["mariadb", "--no-defaults", *login, f"--socket={bench.nodes[node][1]}", "--unbuffered"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    client.stdin.write(f"{statement}; SELECT CONNECTION_ID();\n")
    client.stdin.flush()
    client.stdout.readline()
    return client, client.stdout.readline().strip()


def end(client):
    client.kill()
    client.wait()
