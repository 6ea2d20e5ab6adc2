"""Servers that go away and networks that break: it comes back by itself, and source and target are identical."""
import random

import pytest

from harness import Load, wait_until


def wait_cut(p, proxy, before, number):
    wait_until(lambda: proxy.cuts > before or not p.changeling.running(), 30, f"cut {number}")
    p.changeling.expect_alive(f"cut {number}")


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_master_restarts_and_rotates_under_load(pairing, seed, kind):
    p = pairing(kind, "maria1011")
    p.changeling.change_master(p.source.position())
    load = Load(p.source, p.db, seed).prepare()
    p.changeling.run()
    with load:
        for _ in range(3):
            p.changeling.pause(0.4)
            p.source.sql("FLUSH LOGS")
            p.source.sql("FLUSH BINARY LOGS")
        p.source.restart()
        p.changeling.pause(0.5)
        p.source.kill9()
        p.source.start()
        p.changeling.pause(0.5)
    p.changeling.wait_caught_up(120)
    assert p.compare() > 0
    assert p.changeling.row()["reconnects_total"] >= 1


@pytest.mark.parametrize("by", ["position", "gtid"])
@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_connection_to_the_master_is_cut_inside_events(pairing, seed, kind, by):
    p = pairing(kind, "maria1011")
    rng = random.Random(seed)
    proxy = pairing.proxy(p.source)
    p.source.sql(f"CREATE DATABASE `{p.db}_first`")
    start = p.source.position() if by == "position" else ("gtid", p.source.gtid())
    p.changeling.change_master(start, master_port=proxy.port)
    load = Load(p.source, p.db, seed).prepare()
    p.changeling.run()
    with load:
        for number in range(8):
            before = proxy.cuts
            proxy.cut_after(rng.randrange(1, 60000))
            wait_cut(p, proxy, before, number)
    p.changeling.wait_caught_up(120)
    assert p.compare() > 0


def test_a_byte_is_changed_on_the_way(pairing, seed):
    """The checksum finds it; nothing wrong is applied, and a new connection gets it right."""
    p = pairing()
    proxy = pairing.proxy(p.source)
    p.changeling.change_master(p.source.position(), master_port=proxy.port)
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v TEXT)")
    p.changeling.run()
    p.changeling.wait_caught_up()
    connections = proxy.connections
    # far enough behind the packet's header to hit the row's text
    proxy.corrupt_after(600)
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (1, REPEAT('x', 2000))")
    p.changeling.wait_caught_up()
    assert p.compare() == 1
    assert proxy.connections > connections


def test_connection_to_the_target_is_cut(pairing, seed):
    """In the middle of a flight, and also between a commit and its answer: applied once."""
    p = pairing()
    rng = random.Random(seed)
    proxy = pairing.proxy(p.target)
    p.changeling.change_master(p.source.position(), target_port=proxy.port)
    load = Load(p.source, p.db, seed).prepare()
    p.changeling.run()
    with load:
        for number in range(10):
            before = proxy.cuts
            proxy.cut_after(rng.randrange(1, 30000), rng.choice(("up", "down")))
            wait_cut(p, proxy, before, number)
    p.changeling.wait_caught_up(120)
    assert p.compare() > 0


def test_target_restarts_under_load(pairing, seed):
    p = pairing("maria1011", "maria118")
    p.changeling.change_master(p.source.position())
    load = Load(p.source, p.db, seed).prepare()
    p.changeling.run()
    with load:
        p.changeling.pause(0.5)
        p.target.restart()
        p.changeling.pause(0.5)
        p.target.kill9()
        p.target.start()
    p.changeling.wait_caught_up(120)
    assert p.compare() > 0


def test_a_silent_network_is_noticed(pairing):
    """Nothing arrives, not even heartbeats, and nobody closes the connection."""
    p = pairing()
    proxy = pairing.proxy(p.source)
    p.replicate("now", master_port=proxy.port, master_read_timeout=3)
    p.changeling.wait_caught_up()
    connections = proxy.connections
    proxy.stall()
    wait_until(lambda: proxy.connections > connections, 20, "a new connection")
    proxy.go_on()
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.wait_caught_up()
    assert p.compare() == 0


def test_the_master_is_away_for_a_while(pairing):
    p = pairing()
    proxy = pairing.proxy(p.source)
    p.replicate("now", master_port=proxy.port)
    p.changeling.wait_caught_up()
    proxy.refuse()
    row = p.changeling.wait_state("connecting")
    assert row["source_state"] != "connected"
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY); "
                 f"INSERT INTO `{p.db}`.t VALUES (1)")
    proxy.accept()
    p.changeling.wait_caught_up()
    assert p.compare() == 1
    assert p.changeling.wait_state("running")


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_reconnect_to_the_target_is_cut_at_every_stage(pairing, seed, direction):
    """Greeting, TLS, login, probing, taking the channel: whatever was done unheard of, the next attempt goes on."""
    p = pairing()
    rng = random.Random(seed)
    proxy = pairing.proxy(p.target)
    p.replicate("now", target_port=proxy.port)
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.wait_caught_up()
    # one whole connection, from its start until it applies
    proxy.clear()
    proxy.reset()
    p.source.sql(f"INSERT INTO `{p.db}`.t VALUES (0)")
    p.changeling.wait_caught_up()
    length = proxy.count(direction)
    stages = 16
    for number in range(stages):
        before = proxy.cuts
        proxy.reset()
        proxy.cut_after(max(1, length * number // stages + rng.randrange(length // stages)), direction)
        p.source.sql(f"INSERT INTO `{p.db}`.t VALUES ({number + 1})")
        wait_cut(p, proxy, before, number)
    p.changeling.wait_caught_up()
    assert p.compare() == stages + 1
    assert p.changeling.stop() == 0
