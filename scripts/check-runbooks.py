#!/usr/bin/env python3
"""Executes the runbooks on real servers.

For each situation in runbooks/: start a sandbox, the exporter and a Prometheus with the shipped alerts; make the situation; wait
until the alert fires; run the blocks of the runbook as printed, with the placeholders filled in; wait until the alert is gone and
a row written on the primary arrives on all replicas. Fails if a block of a runbook is never executed on a server that it is for,
unless its first line says "not tried".
"""
import argparse
import pathlib
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
# They register their situations.
from runbooks import (  # noqa: E402, F401
    applier, bench, cases, clusters, document, exporting, membership, receiver, sets, watching)

SOFTWARE = {"mariadb": "mariadb", "mariadb-11.8": "mariadb", "mysql-9": "mysql"}


def run(case, software, arguments, runbooks):
    """Whether it went well."""
    began = time.monotonic()
    said = []

    def say(text):
        said.append(text)
        if arguments.verbose:
            print(text, flush=True)

    try:
        programs = {"sandbox": arguments.sandbox, "exporter": arguments.exporter}
        with bench.Bench(programs, software, case.wiring, case.options, case.configuration, runbooks, say,
                         case.scrapes) as servers:
            try:
                case.act(servers)
            except Exception:
                say(servers.report())
                raise
    except Exception as error:
        if not arguments.verbose:
            print("\n".join(said))
        kind = "" if isinstance(error, (bench.Failure, document.Malformed, AssertionError)) else traceback.format_exc()
        print(f"FAILED  {software}  {case.name}: {error}\n{kind}", flush=True)
        return False
    print(f"ok      {software}  {case.name}  ({time.monotonic() - began:.0f} s)", flush=True)
    return True


def unexecuted(runbooks, softwares, versions):
    for blocks in runbooks.values():
        for block in blocks:
            for software in softwares:
                if software in cases.WITHOUT_CLUSTERS and block.runbook.startswith("MySQLReplicationCluster"):
                    continue
                if block.is_for(SOFTWARE[software], versions[software]) and software not in block.executed_on:
                    yield f"{block.place}: no situation executes this block on {software}"


def inspect(software, arguments, runbooks):
    """Runs each statement of the tables "Look at" on a healthy replica; returns those that fail."""
    programs = {"sandbox": arguments.sandbox, "exporter": arguments.exporter}
    failed = []
    with bench.Bench(programs, software, cases.PRIMARY, (), (), runbooks, lambda text: None) as servers:
        for place, vendor, _, statement in document.inspections():
            if vendor.lower() == servers.flavor:
                statement = statement.replace("<the exporter's account>", "exporter@127.0.0.1")
                done = servers.client("db2", statement if statement.endswith("\\G") else statement + ";")
                # 1146: a table that only a set with probes or checksums has.
                if done.returncode and "ERROR 1146 " not in done.stderr:
                    failed.append(f"{place}: {statement}: {done.stderr.strip()}")
        version = servers.version
    return failed, version


def main():
    build = pathlib.Path(".build/debug")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--software", action="append", choices=SOFTWARE, help="by default all; repeatable")
    parser.add_argument("--only", default="", help="situations whose name contains this; then blocks may stay unexecuted")
    parser.add_argument("--exporter", default=(build / "mysql-replication-exporter").absolute(), type=pathlib.Path)
    parser.add_argument("--sandbox", default=(build / "replication-sandbox").absolute(), type=pathlib.Path)
    parser.add_argument("--patience", type=int, default=1, help="for a busy machine: all deadlines are so many times longer")
    parser.add_argument("--verbose", action="store_true", help="show each step")
    parser.add_argument("--list", action="store_true", help="only read the runbooks, and list the situations")
    arguments = parser.parse_args()
    bench.PATIENCE = arguments.patience
    chosen = [case for case in cases.ALL if arguments.only in case.name]
    try:
        runbooks = document.runbooks()
        for block in (block for blocks in runbooks.values() for block in blocks):
            block.is_for("mariadb", (0,))
    except document.Malformed as error:
        sys.exit(str(error))
    if arguments.list:
        print(*(case.name for case in chosen), sep="\n")
        return
    if not chosen:
        sys.exit(f"no situation is called {arguments.only}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    softwares = arguments.software or list(SOFTWARE)
    problems, versions, failures = [], {}, 0
    for software in softwares:
        if not arguments.only:
            failed, versions[software] = inspect(software, arguments, runbooks)
            problems += failed
        for case in chosen:
            if case.flavor in ("", SOFTWARE[software]) and not (case.is_cluster and software in cases.WITHOUT_CLUSTERS):
                failures += not run(case, software, arguments, runbooks)
    if not arguments.only:
        problems += unexecuted(runbooks, softwares, versions)
    for problem in problems:
        print(problem, file=sys.stderr)
    executed = sum(bool(block.executed_on) for blocks in runbooks.values() for block in blocks)
    print(f"runbooks: {len(chosen)} situations on {', '.join(softwares)}, {executed} blocks executed: "
          f"{failures} failed, {len(problems)} problems")
    sys.exit(1 if failures or problems else 0)


main()
