"""A TCP relay on loopback whose connections can fall silent, as behind a firewall that drops packets."""

import socket
import threading


class Relay:
    """Use it in a `with` statement. New connections work, also after a cut."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets, self.cut_off = [], set()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for each in [self.listener, *self.sockets]:
            each.close()

    def cut(self):
        """The connections there are stay open, and pass nothing on."""
        self.cut_off.update(self.sockets)

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def pass_on(self, one, other):
        try:
            while data := one.recv(65536):
                if one not in self.cut_off:
                    other.sendall(data)
            if one not in self.cut_off:
                other.shutdown(socket.SHUT_WR)
        except OSError:
            pass
