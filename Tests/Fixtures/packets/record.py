#!/usr/bin/env python3
"""Records one conversation between the exporter and a replica of the sandbox: run by `replication-sandbox … -- record.py`.

Writes what the server said, turn by turn, as lines of hexadecimal, next to this file: the greeting, then its answer to each
packet of the client."""

import os
import pathlib
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
EXPORTER = HERE.parents[2] / ".build/debug/mysql-replication-exporter"


def packet(stream):
    """One packet with its header, or nothing at the end."""
    header = stream.read(4)
    if len(header) < 4:
        return b""
    return header + stream.read(int.from_bytes(header[:3], "little"))


def converse(listener, port, turns):
    """Passes one conversation on to the server, and notes the server's turns."""
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", port))
    requests = client.makefile("rb")
    while True:
        # A turn of the server ends when it has been silent for a moment: all that it says to a batch comes at once.
        answer = b""
        server.settimeout(2)
        try:
            while piece := server.recv(1 << 16):
                answer += piece
                server.settimeout(0.5)
        except TimeoutError:
            pass
        if answer:
            client.sendall(answer)
            turns.append(answer)
        request = packet(requests)
        if not request:
            return
        server.sendall(request)


def series(greeting):
    """Such as mysql-9.7, from the version in a greeting."""
    version = greeting[5:greeting.index(b"\0", 5)].decode()
    number = re.match(r"(?:5\.5\.5-)?(\d+\.\d+)", version).group(1)
    return ("mariadb-" if "MariaDB" in version else "mysql-") + number


def main():
    configuration = pathlib.Path(os.environ["SANDBOX_CONFIG"])
    text = configuration.read_text()
    port = int(re.search(r'name: db2, address: "127\.0\.0\.1:(\d+)"', text).group(1))
    listener = socket.create_server(("127.0.0.1", 0))
    turns = []
    passing = threading.Thread(target=converse, args=(listener, port, turns))
    passing.start()
    # The replica by itself, without TLS, and with time for the pauses that end the turns.
    nodes = f'[{{name: db2, address: "127.0.0.1:{listener.getsockname()[1]}"}}]'
    alone = configuration.with_name("packets.yml")
    alone.write_text(
        re.sub(r"timeout: \S+", "timeout: 60s\n  tls: {mode: disabled}", text[:text.index("replication_sets:")])
        + f"replication_sets: [{{name: recorded, nodes: {nodes}}}]\n")
    # A scrape: the commands that end after a round ask first what an earlier run has left hanging.
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    exporter = subprocess.Popen([EXPORTER, "--config.file", alone, "--web.listen-address", address])
    try:
        while exporter.poll() is None:
            try:
                urllib.request.urlopen(f"http://{address}/metrics", timeout=60).close()
                break
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
                time.sleep(0.05)
    finally:
        exporter.terminate()
        exporter.wait()
    passing.join()
    output = HERE / f"{series(turns[0])}-replica.hex"
    output.write_text("".join(turn.hex() + "\n" for turn in turns))
    print(output)


main()
