#!/usr/bin/env python3
"""Pictures of the dashboards in the situations that they are for, with real servers; see render-dashboards.py for how they are drawn.

    scripts/dashboard-pictures.py build/pictures
    scripts/dashboard-pictures.py --only ring --only 'set of 300' build/pictures

The alerts fire without their waiting times. The fleets of 300 nodes are the three real ones many times over, of which one set is the real one.
"""

import argparse
import http.server
import importlib.util
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
from runbooks import bench  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PROBES = [
    "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}",
    "sentinel: {table: replication_probe.sentinel, interval: 1s}",
    "checksums: {table: replication_probe.checksums}",
]
TABLES = """
CREATE DATABASE replication_probe;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON replication_probe.* TO exporter@127.0.0.1;
CREATE TABLE replication_probe.checksums (
    db CHAR(64) NOT NULL, tbl CHAR(64) NOT NULL, chunk INT NOT NULL, chunk_time FLOAT, chunk_index VARCHAR(200),
    lower_boundary TEXT, upper_boundary TEXT, this_crc CHAR(40) NOT NULL, this_cnt INT NOT NULL, master_crc CHAR(40),
    master_cnt INT, ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (db, tbl, chunk), KEY (ts, db, tbl));
INSERT INTO replication_probe.checksums (db, tbl, chunk, this_crc, this_cnt, master_crc, master_cnt)
    VALUES ('shop', 'orders', 1, 'a', 7, 'a', 7), ('shop', 'items', 1, 'b', 7, 'c', 7);
"""

SET, BIG = 'replication_set="demo"', 'replication_set="big"'

renderer = importlib.util.spec_from_file_location("renderer", HERE / "render-dashboards.py")
module = importlib.util.module_from_spec(renderer)
renderer.loader.exec_module(module)


class Studio:
    def __init__(self, arguments):
        self.arguments = arguments
        self.failed = False
        self.pages = []

    def servers(self, wiring, options=(), configuration=(), software=None):
        programs = {"sandbox": self.arguments.sandbox, "exporter": self.arguments.exporter}
        return bench.Bench(programs, software or self.arguments.software, wiring, options, list(configuration), {}, lambda text: None)

    def wants(self, *names):
        return not self.arguments.only or any(name in self.arguments.only for name in names)

    def take(self, name, port, seconds, names=(), **variables):
        if not self.wants(name):
            return
        if isinstance(port, Crowd):
            port = port.prometheus
        chosen = {key: [value] for key, value in variables.items()}
        findings, remarks, pages = module.draw(
            f"http://127.0.0.1:{port}", self.arguments.folder / name.replace(" ", "-"), seconds, chosen, names)
        print(f"==> {name}")
        print("\n".join(remarks + [f"FAILED: {finding}" for finding in findings]), flush=True)
        self.failed = self.failed or bool(findings)
        self.pages += pages


class Crowd:
    """A Prometheus that sees a hundred sets of three nodes and a set of three hundred, made of the real set."""

    def __init__(self, servers):
        self.exporter = servers.exporter
        self.still = None
        farm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                try:
                    body = farm.page().encode()
                    self.send_response(200)
                    self.send_header("Content-Type", "text/plain; version=0.0.4")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # Either side has ended, or Prometheus no longer waits: a failed scrape.

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.prometheus = bench.free_port()
        folder = servers.own / "crowd"
        folder.mkdir()
        text = (servers.own / "prometheus.yml").read_text()
        for old, new in ((f"127.0.0.1:{self.exporter}", f"127.0.0.1:{self.server.server_address[1]}"), ("1s", "15s"),
                         ("[rules.yml, alerts.yml]", "[../rules.yml, ../alerts.yml]")):
            text = text.replace(old, new)
        (folder / "prometheus.yml").write_text(text)
        with (folder / "log").open("w") as log:
            servers.processes.append(subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.prometheus}"], stdout=log, stderr=log))

    def now(self):
        return bench.urllib.request.urlopen(f"http://127.0.0.1:{self.exporter}/metrics", timeout=10).read().decode()

    def keep(self):
        """From now on, all but one of the sets, and all but two of the large set's nodes, stay as the real ones are now."""
        self.still = self.copies(self.now())

    def copies(self, text):
        series = [line for line in text.splitlines() if "replication_set=" in line and not line.startswith("#")]
        a_set = "\n".join(series)
        a_node = "\n".join(line for line in series if f'{SET},node="db3"' in line)
        return "\n".join([a_set.replace(SET, f'replication_set="shop-{index:03}"') for index in range(2, 101)]
                         + [a_node.replace(f'{SET},node="db3"', f'{BIG},node="db{index}"') for index in range(3, 301)])

    def page(self):
        series = [line for line in self.now().splitlines() if not line.startswith("#")]
        large = [re.sub(r"^(mysql_replication_set_nodes(?:_up)?\{.*\}) (\d+)$", lambda m: f"{m.group(1)} {int(m.group(2)) + 297}", line)
                 for line in series if SET in line and f'{SET},node="db3"' not in line]
        text = "\n".join(series)
        real = text.replace(SET, 'replication_set="shop-001"')
        return "\n".join([real, "\n".join(large).replace(SET, BIG), self.still or self.copies(text), ""])


def three(studio):
    with studio.servers(["primary", "--replicas", "2"], ["--write-load", "20"], PROBES) as servers:
        servers.sql("db1", TABLES)
        crowd = Crowd(servers) if studio.wants("300 nodes", "set of 300", "dead primary among 300") else None
        time.sleep(60)
        if crowd:
            crowd.keep()
        studio.take("healthy", servers.prometheus, 60)
        servers.fault("stop-sql db2")
        time.sleep(45)
        studio.take("stopped applier", servers.prometheus, 120)
        studio.take("300 nodes", crowd, 120, ["fleet", "exporter"])
        studio.take("set of 300", crowd, 120, ["replication-set", "channel"], replication_set="big")
        servers.fault("start-sql db2")
        servers.fault("write db3")
        time.sleep(30)
        studio.take("errant transaction", servers.prometheus, 120)
        servers.fault("kill db1")
        time.sleep(30)
        studio.take("dead primary", servers.prometheus, 120)
        studio.take("dead primary among 300", crowd, 120, ["fleet"])


def one(studio):
    with studio.servers(["primary", "--replicas", "1"]) as servers:
        text = servers.configuration.read_text()
        servers.reload(text, "\n".join(line for line in text.splitlines() if "name: db2" not in line) + "\n")
        time.sleep(20)
        studio.take("one node", servers.prometheus, 15)


def ring(studio):
    with studio.servers(["chain", "--servers", "3"], ["--write-load", "5"]) as servers:
        port = servers.nodes["db3"][0]
        servers.sql("db1", f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'replicator', "
                           f"MASTER_PASSWORD = '{bench.PASSWORD}', MASTER_USE_GTID = slave_pos; START SLAVE;")
        for node in servers.nodes:
            servers.sql(node, "SET GLOBAL read_only = OFF")
        time.sleep(40)
        studio.take("ring", servers.prometheus, 45)


def several_sources(studio):
    with studio.servers(["multi-source"], ["--write-load", "5"]) as servers:
        time.sleep(40)
        studio.take("several sources", servers.prometheus, 45)


def mysql(studio):
    with studio.servers(["primary", "--replicas", "2"], ["--write-load", "20"], software="mysql-9") as servers:
        time.sleep(40)
        studio.take("mysql", servers.prometheus, 45)


SITUATIONS = [
    (three, ("healthy", "stopped applier", "300 nodes", "set of 300", "errant transaction", "dead primary", "dead primary among 300")),
    (one, ("one node",)), (ring, ("ring",)), (several_sources, ("several sources",)), (mysql, ("mysql",))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("--exporter", metavar="PROGRAM", default=".build/debug/mysql-replication-exporter")
    parser.add_argument("--sandbox", metavar="PROGRAM", default=".build/debug/replication-sandbox")
    parser.add_argument("--software", default="mariadb")
    parser.add_argument("--only", metavar="SITUATION", action="append", default=[],
                        help="one of: " + ", ".join(name for _, names in SITUATIONS for name in names))
    studio = Studio(parser.parse_args())
    # So that what was started ends as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for act, names in SITUATIONS:
        if studio.wants(*names):
            act(studio)
    for page in studio.pages:
        module.photograph(*page)
    sys.exit(1 if studio.failed else 0)


if __name__ == "__main__":
    main()
