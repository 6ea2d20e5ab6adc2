"""Stands between the program and a server: accepts, connects on, and ends both."""
import contextlib
import socket
import threading


class Relay:
    """Listens on a free port of 127.0.0.1 and opens a connection to the server for each that comes. What passes between the
    two is the matter of `_begin(number, client, server)`, which starts threads and returns; they call `_done` at their end.

    Connections are accepted as soon as __init__ has run: a class derived from this one has its own state ready before it."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.lock = threading.Lock()
        self.connections = 0            # ever accepted
        self._open = []                 # (client, server)
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host, self.port = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with self.lock:
            self._closed = True
        # wakes the accepting thread, which a close alone does not
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def reset(self):
        """Ends all connections at once."""
        with self.lock:
            pairs, self._open = self._open, []
        for pair in pairs:
            self._end(pair)

    # --- what a derived class says

    def _admits(self):
        """Whether new connections are taken."""
        return True

    def _begin(self, number, client, server):
        raise NotImplementedError

    @staticmethod
    def _end(ends):
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    # --- how it is done

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = self._connect() if self._admits() else None
            if not server:
                self._end((client,))
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._keep((client, server)):
                self._begin(self.connections, client, server)

    def _connect(self):
        try:
            server = socket.create_connection(self.target, timeout=10)
        except OSError:
            return None
        server.settimeout(None)
        return server

    def _keep(self, pair, instead_of=None):
        """Notes a pair to be ended by close and reset; one that comes behind close is ended at once."""
        with self.lock:
            self._forget(instead_of)
            if not self._closed:
                self._open.append(pair)
                return True
        self._end(pair)
        return False

    def _done(self, pair):
        with self.lock:
            self._forget(pair)
        self._end(pair)

    def _forget(self, pair):
        if pair in self._open:
            self._open.remove(pair)
