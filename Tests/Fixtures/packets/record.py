#!/usr/bin/env python3
"""record.py SERVER-PORT OUTPUT: listens on a loopback port (printed), passes one conversation on to the server, and
writes what the server said, turn by turn, as lines of hexadecimal: the greeting, then its answer to each packet of the client.
Point the exporter at that port for one scrape, with `tls: {mode: disabled}` and a long timeout."""

import socket
import sys


def packet(stream):
    """One packet with its header, or nothing at the end."""
    header = stream.read(4)
    if len(header) < 4:
        return b""
    return header + stream.read(int.from_bytes(header[:3], "little"))


def main():
    port, output = int(sys.argv[1]), sys.argv[2]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", port))
    requests = client.makefile("rb")
    with open(output, "w", encoding="ascii") as turns:
        while True:
            # A turn of the server ends when it has been silent for a moment: all that it says to a batch comes at once.
            answer = b""
            server.settimeout(2)
            try:
                while True:
                    piece = server.recv(1 << 16)
                    if not piece:
                        break
                    answer += piece
                    server.settimeout(0.5)
            except TimeoutError:
                pass
            if answer:
                client.sendall(answer)
                turns.write(answer.hex() + "\n")
                turns.flush()
            request = packet(requests)
            if not request:
                return
            server.sendall(request)


main()
