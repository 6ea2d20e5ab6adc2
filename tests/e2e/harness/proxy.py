"""A TCP proxy that can record what passes and do what networks do."""
import contextlib
import random
import socket
import struct
import threading
import time

from .relay import Relay

UP, DOWN = "up", "down"         # from the client to the server; from the server to the client


class TcpProxy(Relay):
    """Hands every connection on to the server.

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
        self.random = random.Random(seed)
        self.recorded = {UP: bytearray(), DOWN: bytearray()}
        self.recording = True
        self.cuts = 0                   # times that cut_after came true
        self._cut = {UP: None, DOWN: None}
        self._corrupt = {UP: None, DOWN: None}
        self._delay = 0.0
        self._rate = 0
        self._refuse = False
        self._flowing = threading.Event()
        self._flowing.set()
        super().__init__(host, port)

    def close(self):
        self._flowing.set()
        super().close()

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

    # --- how it is done

    @staticmethod
    def _end(ends):
        for end in ends:
            with contextlib.suppress(OSError):
                # RST rather than FIN: what a firewall or a dead host looks like
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        Relay._end(ends)

    def _admits(self):
        return not self._refuse

    def _begin(self, number, client, server):
        pair = (client, server)
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
        self._done(pair)

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
