"""A sandbox of real servers, the exporter, and a Prometheus with the project's alerts, for one situation."""

import json
import os
import pathlib
import queue
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from runbooks import document

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "runbooks"
# All deadlines are so many times longer.
PATIENCE = 1


class Failure(Exception):
    """The servers, or the text of a runbook, did not do what the situation expects."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def accelerated(rules):
    """The rules without waiting: no `for`, and minutes are seconds."""
    rules = re.sub(r"(?m)^( +for:) .*$", r"\1 0s", rules)
    return re.sub(
        r"\[(\d+)m(:\d+s)?\]", lambda match: f"[{max(int(match.group(1)), 6)}s{':1s' if match.group(2) else ''}]", rules)


class Bench:
    """Use it in a `with` statement: everything ends with it."""

    def __init__(self, programs, software, wiring, options, configuration, runbooks, say, scrapes=1):
        self.programs, self.software, self.say = programs, software, say
        self.arguments = [*wiring, "--software", software, *options]
        self.extra, self.runbooks = configuration, runbooks
        self.has_channels = wiring[0] not in ("group", "galera")
        # Seconds from one scrape to the next.
        self.scrapes = scrapes
        self.nodes, self.processes = {}, []
        self.roles, self.values, self.channel = {}, {}, ""

    # Life

    def __enter__(self):
        try:
            self.start_servers()
            self.start_watching()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()

    def start_servers(self):
        # Ends with this process, however that ends.
        command = [self.programs["sandbox"], *self.arguments, "--", "tail", f"--pid={os.getpid()}", "-f", "/dev/null"]
        self.sandbox = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        self.processes.append(self.sandbox)
        self.lines = queue.Queue()
        threading.Thread(target=self.read_lines, daemon=True).start()
        while True:
            line = self.line(120)
            if match := re.match(r"starting .* of (mariadb|mysql)-\S+ \(([\d.]+)", line):
                self.flavor, self.version = match.group(1), document.numbers(match.group(2))
            elif match := re.match(r"(db\d+)  127\.0\.0\.1:(\d+) .* socket (\S+)", line):
                self.nodes[match.group(1)] = (int(match.group(2)), match.group(3))
            elif match := re.match(r"exporter configuration: (.*)", line):
                self.configuration = pathlib.Path(match.group(1))
                break
        self.folder = self.configuration.parent
        if self.has_channels:
            for node in self.nodes:
                self.sql(node, f"SET sql_log_bin = 0; ALTER USER replicator@127.0.0.1 IDENTIFIED BY '{PASSWORD}';")
            self.give_replicas_the_password()

    def give_replicas_the_password(self):
        """So that the statements of a runbook that name a password have one to name."""
        for node in self.nodes:
            for channel in self.channels(node):
                if self.flavor == "mariadb":
                    self.sql(node, f"STOP SLAVE '{channel}'; CHANGE MASTER '{channel}' TO MASTER_PASSWORD = '{PASSWORD}',"
                             f" MASTER_HEARTBEAT_PERIOD = 1;"
                             f"START SLAVE '{channel}';")
                else:
                    self.sql(node, f"STOP REPLICA FOR CHANNEL '{channel}'; CHANGE REPLICATION SOURCE TO "
                             f"SOURCE_PASSWORD = '{PASSWORD}' FOR CHANNEL '{channel}'; START REPLICA FOR CHANNEL '{channel}';")

    def read_lines(self):
        for line in self.sandbox.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def line(self, seconds):
        try:
            line = self.lines.get(timeout=seconds * PATIENCE)
        except queue.Empty:
            raise Failure("the sandbox says nothing") from None
        if line is None:
            raise Failure("the sandbox has ended")
        return line

    def fault(self, command):
        """A command of the sandbox's console, such as "kill db1"."""
        self.say(f"    sandbox: {command}")
        self.sandbox.stdin.write(command + "\n")
        self.sandbox.stdin.flush()
        line = self.line(90)
        while line.startswith("write load: "):
            line = self.line(90)
        if not line.endswith(": done"):
            raise Failure(f"{command}: {line}")

    # Servers that the sandbox's console cannot start as a situation needs them

    def command(self, node):
        """The command with which the sandbox has started the server that runs now."""
        root = self.root()
        pid = pathlib.Path(f"{root}{self.value(node, '@@pid_file')}").read_text().strip()
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
        return [*(["chroot", root] if root else []), *arguments]

    def root(self):
        """The root of a server of another release, or "" for one of this machine."""
        root = self.folder.parent.parent
        return str(root) if (root / "usr/sbin").exists() and str(root) != "/" else ""

    def start_watching(self):
        self.own = self.folder / "runbooks"
        self.own.mkdir()
        self.configuration = self.own / "config.yml"
        text = (self.folder / "exporter.yml").read_text()
        self.configuration.write_text(text + "".join(f"    {line}\n" for line in self.extra))
        self.exporter, self.prometheus = free_port(), free_port()
        self.start_exporter()
        for name in ("rules", "alerts"):
            rules = (ROOT / f"deploy/prometheus/mysql-replication.{name}.yml").read_text()
            (self.own / f"{name}.yml").write_text(accelerated(rules))
        self.watched = self.own / "prometheus.yml"
        self.watched.write_text(
            f"global: {{scrape_interval: {self.scrapes}s, scrape_timeout: {self.scrapes}s, evaluation_interval: 1s}}\n"
            "rule_files: [rules.yml, alerts.yml]\n"
            "scrape_configs:\n"
            f"  - {{job_name: mysql-replication, static_configs: [{{targets: ['127.0.0.1:{self.exporter}']}}]}}\n")
        with (self.own / "prometheus.log").open("w") as log:
            self.processes.append(subprocess.Popen(
                ["prometheus", f"--config.file={self.watched}", f"--storage.tsdb.path={self.own}/data",
                 f"--web.listen-address=127.0.0.1:{self.prometheus}", "--web.enable-lifecycle"], stdout=log, stderr=log))
        self.until("the exporter is scraped", lambda: self.query("mysql_replication_up"), 60)

    def start_exporter(self):
        with (self.own / "exporter.log").open("a") as log:
            self.exporting = subprocess.Popen(
                [self.programs["exporter"], "--config.file", self.configuration, "--web.listen-address",
                 f"127.0.0.1:{self.exporter}", "--web.enable-lifecycle"], stdout=log, stderr=log)
        self.processes.append(self.exporting)

    def stop_exporter(self):
        """Also if it is stopped by a signal, or has ended."""
        self.exporting.send_signal(signal.SIGCONT)
        self.exporting.terminate()
        self.exporting.wait(60)
        self.processes.remove(self.exporting)

    # Servers

    def sql(self, node, text):
        """Runs statements in a session of their own, and returns what the client prints."""
        done = self.client(node, text)
        if done.returncode:
            raise Failure(f"{node}: {done.stderr.strip()}\n{text.strip()}\n{done.stdout.strip()}")
        return done.stdout

    def client(self, node, text, seconds=90):
        seconds *= PATIENCE
        # --no-auto-rehash: the completion of names needs a lock that a situation may hold.
        command = ["mariadb", "--no-defaults", "--no-auto-rehash", "--user=root", f"--socket={self.nodes[node][1]}"]
        try:
            return subprocess.run(command, input=text, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", f"no answer in {seconds} s")

    def value(self, node, expression):
        """One value of a server."""
        return self.sql(node, f"SELECT {expression};").split("\n")[1].replace("\\n", "").strip()

    def column(self, node, name, channel=None):
        """A column of a replica's status, by MariaDB's name of it."""
        channel = self.channel if channel is None else channel
        if self.flavor == "mariadb":
            rows = self.sql(node, "SHOW ALL SLAVES STATUS\\G")
        else:
            rows = self.sql(node, "SHOW REPLICA STATUS\\G")
            name = name.replace("Master", "Source").replace("Slave", "Replica")
        for row in re.split(r"(?m)^\*+ \d+\. row \*+$", rows):
            names = re.search(r"(?m)^ *(?:Connection_name|Channel_Name): (.*)$", row)
            if names and names.group(1).strip() == channel:
                # MySQL breaks a set of GTIDs into lines.
                found = re.search(rf"(?m)^ *{name}: (.*(?:\n[0-9a-f]{{8}}-.*)*)$", row)
                return found.group(1).replace("\n", "").strip() if found else ""
        return ""

    def channels(self, node):
        rows = self.sql(node, "SHOW ALL SLAVES STATUS\\G" if self.flavor == "mariadb" else "SHOW REPLICA STATUS\\G")
        return [name.strip() for name in re.findall(r"(?m)^ *(?:Connection_name|Channel_Name): (.*)$", rows)]

    def write(self, node="db1", note="runbook"):
        self.sql(node, f"INSERT INTO sandbox.entries (note) VALUES ('{note}');")

    def arrives(self, primary="db1", replicas=None):
        """A row that is written now on the primary reaches the replicas."""
        note = f"arrives-{time.monotonic_ns()}"
        self.write(primary, note)
        for node in replicas or [name for name in self.nodes if name != primary]:
            self.until(f"a row arrives on {node}", lambda n=node: "1" in self.client(
                n, f"SELECT COUNT(*) FROM sandbox.entries WHERE note = '{note}';").stdout.split("\n")[1:2], 40)

    def until(self, what, condition, seconds=40):
        seconds *= PATIENCE
        deadline = time.monotonic() + seconds
        while True:
            answer = condition()
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise Failure(f"not seen in {seconds} s: {what}")
            time.sleep(0.1)

    # Alerts

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.prometheus}{path}", timeout=10) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            # While it starts.
            if error.code == 503:
                return None
            raise Failure(f"{urllib.parse.unquote(path)}: {error.read().decode()}") from None
        except OSError:
            return None

    def query(self, expression):
        data = self.ask("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return data["result"] if data else []

    def alert(self, name, **labels):
        """The firing alert of that name with these labels, or None."""
        for alert in (self.ask("/api/v1/alerts") or {"alerts": []})["alerts"]:
            wanted = {"alertname": f"MySQLReplication{name}", **labels}
            # Prometheus leaves out a label that is empty.
            if alert["state"] == "firing" and all(alert["labels"].get(label, "") == value for label, value in wanted.items()):
                return alert
        return None

    def fires(self, name, **labels):
        alert = self.until(f"{name} fires {labels or ''}", lambda: self.alert(name, **labels))
        for text in alert["annotations"].values():
            if "<error" in text or "<no value>" in text or "error expanding" in text:
                raise Failure(f"{name}: an annotation cannot be made: {text}")
        self.say(f"    fires: {alert['annotations']['summary']}\n           {alert['annotations']['description']}")
        return alert

    def resolves(self, name, **labels):
        # While a scrape fails, no alert fires.
        self.until(f"{name} resolves {labels or ''}", lambda: not self.alert(name, **labels) and self.query("up == 1"), 60)
        self.say(f"    resolved: {name}")

    def reload(self, old, new):
        """Changes the exporter's configuration, and has it loaded."""
        text = self.configuration.read_text()
        if old not in text:
            raise Failure(f"the exporter's configuration does not contain {old!r}")
        self.configuration.write_text(text.replace(old, new))
        request = urllib.request.Request(f"http://127.0.0.1:{self.exporter}/-/reload", method="POST")
        with urllib.request.urlopen(request, timeout=30):
            pass

    def reload_prometheus(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.prometheus}/-/reload", method="POST")
        with urllib.request.urlopen(request, timeout=30):
            pass

    # Runbooks

    def do(self, runbook, section="Do", steps=None, roles=None, note="", values=None):
        """Executes the blocks of a section as printed, in order; returns what they print.

        Of the blocks that have a note, only those with this one. The values are those of placeholders."""
        places = {**self.roles, **(roles or {})}
        filling = {"channel": self.channel, **self.values, **(values or {})}
        outputs = []
        for block in self.chosen(runbook, section, steps, note):
            if block.language == "promql":
                text = block.filled(filling)
                outputs.append(self.until(f"{block.place} has an answer: {text}", lambda t=text: self.query(t), 10))
            else:
                nodes = places.get(block.role)
                if nodes is None:
                    raise document.Malformed(f"{block.place}: the situation has no server called {block.role!r}")
                for node in [nodes] if isinstance(nodes, str) else nodes:
                    text = block.filled(filling)
                    self.say(f"    {block.place} on {node}: {' '.join(text.split())}")
                    outputs.append(self.shell(node, block, text) if block.language == "sh" else self.run(node, block, text))
            block.executed_on.add(self.software)
        return outputs

    def chosen(self, runbook, section="Do", steps=None, note=""):
        """The blocks of a section that are to be executed here."""
        name = runbook if runbook == "README" else f"MySQLReplication{runbook}"
        chosen = [block for block in self.runbooks[name] if block.section.startswith(section)
                  and (steps is None or block.step in steps) and block.note in ("", note)
                  and block.is_for(self.flavor, self.version)]
        if not chosen:
            raise Failure(f"{runbook} has no block under {section!r} {steps or ''} for {self.flavor}")
        return chosen

    def run(self, node, block, text):
        done = self.client(node, text)
        if done.returncode:
            raise Failure(f"{block.place}: {done.stderr.strip()}\n{text}")
        return done.stdout

    def shell(self, node, block, text):
        done = self.sh(node, text)
        if done.returncode:
            raise Failure(f"{block.place}: exit {done.returncode}: {done.stdout.strip()} {done.stderr.strip()}\n{text}")
        return done.stdout

    def sh(self, node, text):
        """In the server's data directory, with the vendor's programs connecting to this server; or in a folder of its own, with
        the exporter's program."""
        if node in self.nodes:
            folder, environment = self.folder / node / "data", self.environment(node)
        else:
            folder, environment = self.own, {"PATH": f"{self.programs['exporter'].parent}:{os.environ['PATH']}"}
        return subprocess.run(
            ["sh", "-euc", text], cwd=folder, env={**os.environ, **environment},
            capture_output=True, text=True, timeout=120, check=False)

    def environment(self, node):
        """A PATH in which the clients are those of the server's release, and connect to this server without a password."""
        bin_folder = self.own / f"bin-{node}"
        if not bin_folder.exists():
            bin_folder.mkdir()
            root = self.folder.parent.parent
            data = self.folder / node / "data"
            wrappers = {name: f'exec /usr/bin/{name} --no-defaults --user=root --socket={self.nodes[node][1]} "$@"'
                        for name in ("mariadb", "mysql", "mariadb-dump")}
            inside = root / "usr/bin/mysqlbinlog"
            if self.flavor == "mysql" and inside.exists():
                wrappers["mysqlbinlog"] = f'exec chroot {root} sh -c \'cd "$0" && exec mysqlbinlog "$@"\' /{data.relative_to(root)} "$@"'
            for name, command in wrappers.items():
                path = bin_folder / name
                path.write_text(f"#!/bin/sh\n{command}\n")
                path.chmod(0o755)
        return {"PATH": f"{bin_folder}:{os.environ['PATH']}"}

    def wrap(self, node, name, command, end):
        """Gives a program to the PATH of a server's machine: it runs a command with the arguments it is given."""
        path = pathlib.Path(self.environment(node)["PATH"].split(":")[0]) / name
        path.write_text(f'#!/bin/sh\n{shlex.join(command)} "$@" {end}\n')
        path.chmod(0o755)

    def report(self):
        """What the replicas and the exporter say, for a failure."""
        lines = []
        for node in self.nodes:
            done = self.client(node, "SHOW ALL SLAVES STATUS\\G" if self.flavor == "mariadb" else "SHOW REPLICA STATUS\\G", 10)
            for name in ("Connection_name", "Channel_Name", "(?:Slave|Replica)_(?:IO|SQL)_Running", "Last_(?:IO|SQL)_Error",
                         "Gtid_IO_Pos", "Gtid_Slave_Pos", "(?:Retrieved|Executed)_Gtid_Set"):
                lines += [f"{node} {line.strip()}" for line in re.findall(rf"(?m)^ *{name}: .+$", done.stdout)]
            if done.returncode:
                lines.append(f"{node} {done.stderr.strip()}")
        firing = (self.ask("/api/v1/alerts") or {"alerts": []})["alerts"] if hasattr(self, "prometheus") else []
        return "\n".join(lines + [f"firing: {alert['labels'].get('alertname')} {alert['labels'].get('node', '')}"
                                  for alert in firing])
