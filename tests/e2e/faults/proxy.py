"""A proxy that knows where it cuts: inside a TLS record, or before or behind the answer to a COMMIT."""
import contextlib
import struct
import threading

from harness.proxy import DOWN, UP, TcpProxy

COMMIT = b"COMMIT; SET @changeling_flight"


class FaultProxy(TcpProxy):
    """What TcpProxy can do, and further:

      cut_in_record(n, direction)   inside the n-th TLS record from now, after its header and one byte
      cut_commit("before"|"after")  the next COMMIT that is sent in the clear does not reach the server, or does so
                                    and its answer does not come back
    """

    def __init__(self, host, port, seed=0):
        self._record = {UP: None, DOWN: None}
        self._commit = None
        self._answer_of = None      # the connection whose COMMIT is on its way
        self._mine = threading.local()
        self.commits_cut = 0
        super().__init__(host, port, seed)
        # these run for a long time
        self.recording = False

    def cut_in_record(self, count, direction=UP):
        with self.lock:
            self._record[direction] = count

    def cut_commit(self, when):
        with self.lock:
            self._commit = when

    def heal(self):
        """No fault any more; those that were asked for and have not come true are forgotten."""
        with self.lock:
            for wishes in (self._cut, self._corrupt, self._record):
                wishes.update({UP: None, DOWN: None})
            self._commit = self._answer_of = None
        self.delay(0)
        self.throttle(0)
        self.accept()
        self.go_on()

    def _carry(self, pair, *rest):
        self._mine.pair = pair
        super()._carry(pair, *rest)

    def _bend(self, chunk, direction):
        chunk, cut = super()._bend(chunk, direction)
        if cut:
            return chunk, cut
        with self.lock:
            at = self._inside_record(chunk, direction)
            if at is None and direction == UP and self._commit:
                at = self._at_commit(chunk)
            elif at is None and direction == DOWN and self._answer_of and self._answer_of is self._mine.pair:
                self._answer_of, at = None, 0
                self.commits_cut += 1
            if at is None:
                return chunk, False
            self.cuts += 1
            return chunk[:at], True

    def _inside_record(self, chunk, direction):
        """Where to cut, when the record that is wanted begins in this chunk. Chunks mostly begin with a record."""
        left = self._record[direction]
        if left is None:
            return None
        at = 0
        while at + 5 <= len(chunk) and 20 <= chunk[at] <= 23 and chunk[at + 1] == 3:
            length = struct.unpack(">H", chunk[at + 3:at + 5])[0]
            if left <= 0:
                self._record[direction] = None
                return at + 6
            left -= 1
            at += 5 + length
        self._record[direction] = left
        return None

    def _at_commit(self, chunk):
        at = chunk.find(COMMIT)
        if at < 0:
            return None
        if self._commit == "before":
            self._commit = None
            self.commits_cut += 1
            return at
        # what comes back next on this connection is not delivered
        self._commit, self._answer_of = None, self._mine.pair
        return None


@contextlib.contextmanager
def proxies(*servers):
    """One in front of each server."""
    opened = [FaultProxy(server.host, server.port) for server in servers]
    try:
        yield opened
    finally:
        for proxy in opened:
            proxy.heal()
            proxy.close()
