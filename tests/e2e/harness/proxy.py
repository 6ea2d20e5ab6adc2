"""A TCP proxy that can record what passes and do what networks do."""
import contextlib
import random
import socket
import struct
import threading
import time

UP, DOWN = "up", "down"         # from the client to the server; from the server to the client


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and hands every connection on to the server.

    recorded[UP] and recorded[DOWN] hold the bytes of all connections since clear(). The faults apply to bytes that
    arrive after they were set:
      cut_after(n, direction)  ends the connection once n more bytes have passed: the n-th byte is the last one
      corrupt_after(n, …)      the n-th byte from now is changed
      delay(seconds)           every chunk waits so long
      throttle(bytes_a_second)
      stall()                  nothing passes any more, and nobody is told; go_on() ends it
      reset()                  ends all connections at once, with RST
      refuse() / accept()      new connections are reset
    """

    def __init__(self, host, port, seed=0):
        self.target = (host, port)
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.recorded = {UP: bytearray(), DOWN: bytearray()}
        self.recording = True
        self.connections = 0            # ever accepted
        self.cuts = 0                   # times that cut_after came true
        self._open = []
        self._cut = {UP: None, DOWN: None}
        self._corrupt = {UP: None, DOWN: None}
        self._delay = 0.0
        self._rate = 0
        self._refuse = False
        self._flowing = threading.Event()
        self._flowing.set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.host = "127.0.0.1"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closed = True
        self._flowing.set()
        # wakes the accepting thread, which a close alone does not
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    # --- what a test asks for

    def clear(self):
        with self.lock:
            for direction in self.recorded:
                self.recorded[direction].clear()

    def everything(self):
        with self.lock:
            return bytes(self.recorded[UP]) + bytes(self.recorded[DOWN])

    def count(self, direction):
        with self.lock:
            return len(self.recorded[direction])

    def cut_after(self, count, direction=DOWN):
        with self.lock:
            self._cut[direction] = count

    def corrupt_after(self, count, direction=DOWN):
        with self.lock:
            self._corrupt[direction] = count

    def delay(self, seconds):
        self._delay = seconds

    def throttle(self, bytes_a_second):
        self._rate = bytes_a_second

    def stall(self):
        self._flowing.clear()

    def go_on(self):
        self._flowing.set()

    def refuse(self):
        self._refuse = True
        self.reset()

    def accept(self):
        self._refuse = False

    def reset(self):
        with self.lock:
            pairs, self._open = self._open, []
        for pair in pairs:
            self._end(pair)

    # --- how it is done

    @staticmethod
    def _end(pair):
        for end in pair:
            with contextlib.suppress(OSError):
                # RST rather than FIN: what a firewall or a dead host looks like
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._refuse:
                self._end((client,))
                continue
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                self._end((client,))
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self.lock:
                self._open.append(pair)
            threading.Thread(target=self._carry, args=(pair, client, server, UP), daemon=True).start()
            threading.Thread(target=self._carry, args=(pair, server, client, DOWN), daemon=True).start()

    def _carry(self, pair, source, sink, direction):
        try:
            while True:
                chunk = source.recv(65536)
                if not chunk:
                    break
                self._flowing.wait()
                if self._delay:
                    time.sleep(self._delay)
                if self._rate:
                    time.sleep(len(chunk) / self._rate)
                chunk, cut = self._bend(chunk, direction)
                sink.sendall(chunk)
                if cut:
                    break
        except OSError:
            pass
        with self.lock:
            if pair in self._open:
                self._open.remove(pair)
        self._end(pair)

    def _bend(self, chunk, direction):
        """The chunk as it goes on, and whether the connection ends after it."""
        with self.lock:
            wrong = self._corrupt[direction]
            if wrong is not None:
                if wrong < len(chunk):
                    chunk = chunk[:wrong] + bytes([chunk[wrong] ^ 0x55]) + chunk[wrong + 1:]
                    self._corrupt[direction] = None
                else:
                    self._corrupt[direction] = wrong - len(chunk)
            left, cut = self._cut[direction], False
            if left is not None:
                cut = left <= len(chunk)
                chunk = chunk[:left] if cut else chunk
                self._cut[direction] = None if cut else left - len(chunk)
                self.cuts += cut
            if self.recording:
                self.recorded[direction] += chunk
            return chunk, cut
