"""A TCP relay on loopback whose connections can fall silent, as behind a firewall that drops packets."""

import contextlib
import socket
import threading
import time


class Relay:
    """Use it in a `with` statement. New connections work, also after a cut."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets, self.cut_off = [], set()
        self.is_down, self.pace = False, None
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for each in [self.listener, *self.sockets]:
            each.close()

    def cut(self):
        """The connections there are stay open, and pass nothing on."""
        self.cut_off.update(self.sockets)

    def slow(self, bytes_a_second):
        """From now on, no more than this passes in each direction of a connection."""
        self.pace = bytes_a_second

    @contextlib.contextmanager
    def flapping(self, seconds):
        """Ends all connections and refuses new ones, every other so many seconds."""
        is_over = threading.Event()

        def flap():
            while not is_over.wait(seconds):
                self.is_down = not self.is_down
                for each in self.sockets if self.is_down else ():
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
            self.is_down = False

        flapper = threading.Thread(target=flap, daemon=True)
        flapper.start()
        try:
            yield
        finally:
            is_over.set()
            flapper.join()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                if self.is_down:
                    near.close()
                    continue
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def pass_on(self, one, other):
        try:
            while data := one.recv(65536):
                if self.pace:
                    time.sleep(len(data) / self.pace)
                if one not in self.cut_off:
                    other.sendall(data)
            if one not in self.cut_off:
                other.shutdown(socket.SHUT_WR)
        except OSError:
            pass
