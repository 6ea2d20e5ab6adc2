"""What a far target costs: how often a connection waits for an answer before the next question is sent."""
import threading
import time

import pytest

from harness import wait_until
from harness.proxy import UP, TcpProxy

QUIET_SECONDS = 0.25    # whoever has sent nothing for so long waits for an answer


class TurnsProxy(TcpProxy):
    """Answers pass when the client has stopped asking: turns[n] counts how often that was so on the n-th connection."""

    def __init__(self, host, port):
        self.turns = []
        self._numbers = {}
        self._asked = {}
        self._mine = threading.local()
        super().__init__(host, port)

    def _carry(self, pair, *rest):
        with self.lock:
            if pair not in self._numbers:
                self._numbers[pair] = len(self.turns)
                self.turns.append(0)
        self._mine.pair = pair
        super()._carry(pair, *rest)

    def _bend(self, chunk, direction):
        pair = self._mine.pair
        if direction == UP:
            self._asked[pair] = time.monotonic()
            return super()._bend(chunk, direction)
        while True:
            asked = self._asked.get(pair)
            left = asked + QUIET_SECONDS - time.monotonic() if asked else 0
            if left <= 0:
                break
            time.sleep(left)
        if self._asked.pop(pair, None):
            self.turns[self._numbers[pair]] += 1
        return super()._bend(chunk, direction)


@pytest.mark.parametrize("kind, login", [("maria1011", 2), ("mysql97", 3)])
def test_a_start_and_the_first_tables(pairing, kind, login):
    """TLS and login (of MySQL's accounts one turn more), four turns of the connection that takes the channel; then one for the
    first table, and one for all the others of the schema."""
    p = pairing(kind, kind)
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; " + "".join(f"CREATE TABLE t{i} (id INT PRIMARY KEY);" for i in range(12)))
    proxy = TurnsProxy(p.target.host, p.target.port)
    try:
        p.changeling.change_master("now", target_port=proxy.port)
        proxy.turns.clear()
        proxy._numbers.clear()
        p.changeling.run()
        start = list(proxy.turns)
        # one more, as a machine under load may fall silent in the middle of its questions
        assert start[0] <= login + 4 + 1 and max(start) == start[0], start
        for i in range(12):
            p.source.sql(f"INSERT INTO `{p.db}`.t{i} VALUES (1)")
        wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.t11") == 1, 30, p.changeling.log_tail)
        assert proxy.turns[0] - start[0] <= 2 + 1, (start, proxy.turns)
        assert p.compare() == 12
    finally:
        proxy.close()
