"""To the master it is a replica like any other."""
import struct

import pytest

from harness import wait_until


@pytest.mark.parametrize("kind", ["maria1011", "maria118", "mysql97", "mysql56"])
def test_the_master_lists_us_among_its_replicas(pairing, kind):
    p = pairing(kind)
    p.replicate("now", report_host="changeling.example.test", report_port=4406)
    listed = wait_until(lambda: [row for row in p.source.replicas() if row["server_id"] == p.changeling.server_id],
                        what="our line in SHOW REPLICAS")[0]
    assert listed["host"] == "changeling.example.test"
    assert listed["port"] == 4406
    if p.source.family == "mysql":
        assert listed["replica_uuid"] == p.changeling.row()["replica_uuid"]
    assert len(p.source.dump_threads()) == 1
    p.changeling.stop()
    # it leaves as soon as the master notices: the next event or heartbeat
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    wait_until(lambda: not [row for row in p.source.replicas() if row["server_id"] == p.changeling.server_id], 15,
               "our leaving SHOW REPLICAS", 0.1)


@pytest.mark.parametrize("kind, form", [("mysql97", 41), ("mysql56", 27), ("maria1011", 27)])
def test_heartbeats_of_the_form_that_the_master_has(pairing, kind, form):
    """Version 2 (41) has room for offsets above 4 GiB; whoever does not know it is not asked."""
    p = pairing(kind)
    proxy = pairing.proxy(p.source)
    p.replicate("now", master_port=proxy.port)
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.changeling.wait_caught_up()
    # a packet that is in order, no time, the type
    heartbeats = {kind: b"\0\0\0\0\0" + bytes([kind]) + struct.pack("<I", p.source.value("SELECT @@server_id"))
                  for kind in (27, 41)}
    proxy.clear()
    wait_until(lambda: heartbeats[form] in proxy.everything(), 30, "a heartbeat")
    assert heartbeats[68 - form] not in proxy.everything()
    # and it is understood: what follows is placed behind it
    p.source.sql(f"CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.wait_caught_up()
    assert p.compare() == 0


def test_the_uuid_stays_and_is_one_of_its_own(pairing):
    p = pairing("mysql97")
    other = p.another()
    p.replicate("now")
    uuid = p.changeling.row()["replica_uuid"]
    p.changeling.stop()
    p.changeling.run()
    assert p.changeling.row()["replica_uuid"] == uuid
    other.change_master("now")
    other.run()
    assert other.row()["replica_uuid"] != uuid


@pytest.mark.parametrize("kind", ["maria1011", "mysql97"])
def test_a_duplicate_server_id_stops_with_that_explanation(pairing, kind):
    """A second one of the same identity takes the connection of the first, which must not take it back."""
    p = pairing(kind)
    p.replicate("now")
    uuid = p.changeling.row()["replica_uuid"]
    twin = p.another(server_id=p.changeling.server_id)
    # on MySQL the uuid makes the identity, on MariaDB the server-id
    result = twin.change_master("now", expect=None, server_uuid=uuid)
    if result.code:
        # seen already at set-up: that is as good
        assert "server-id" in result.err or "server_id" in result.err
        return
    twin.run(wait=False)
    stopped = wait_until(lambda: not p.changeling.running() and p.changeling or not twin.running() and twin, 30,
                         lambda: f"one of the two to stop:\n{p.changeling.log_tail()}\n{twin.log_tail()}", 0.05)
    row = stopped.row()
    assert row["state"] == "error", row
    assert "server-id" in row["error"] or "server_id" in row["error"] or "server-uuid" in row["error"], row["error"]
    assert stopped.wait_exit() == 1
    # and the other one goes on undisturbed
    survivor = twin if stopped is p.changeling else p.changeling
    survivor.wait_state("running")
    survivor.wait_caught_up()


def test_a_server_id_that_the_master_has_is_refused(pairing):
    p = pairing()
    server_id = p.source.value("SELECT @@server_id")
    result = p.changeling.change_master("now", expect=None, server_id=server_id)
    if result.code == 0:
        assert p.changeling.run_to_end() in (1, 2)
        text = p.changeling.log_text()
    else:
        text = result.err
    assert "server-id" in text and str(server_id) in text


def test_the_number_of_a_run_that_has_just_ended(pairing):
    """MySQL lists a replica until it notices that it is gone: whoever sets up anew meanwhile is told so."""
    p = pairing("mysql97")
    p.replicate("now")
    twin = p.another(server_id=p.changeling.server_id)
    assert p.changeling.stop() == 0
    refused = twin.change_master("now", expect=None)
    if refused.code:        # else it has noticed already
        assert "is taken by the replica" in refused.err
        assert "try again in some seconds" in refused.err
    wait_until(lambda: twin.change_master("now", expect=None).code == 0, 30, "the number to be free", 0.1)


def test_caching_sha2_password_with_a_cold_cache(pairing):
    """The account's first login since the server forgot it: full authentication."""
    p = pairing("mysql97", "mysql97")
    for server in (p.source, p.target):
        assert server.value("SELECT plugin FROM mysql.user WHERE user IN ('repl', 'admin')") == "caching_sha2_password"
        server.sql("FLUSH PRIVILEGES")
    p.changeling.change_master("now")
    for server in (p.source, p.target):
        server.sql("FLUSH PRIVILEGES")
    p.changeling.run()
    p.changeling.wait_caught_up()


def test_heartbeats_keep_an_idle_connection(pairing):
    """Longer than the read time-out without an event: heartbeats are enough, no reconnect."""
    p = pairing()
    proxy = pairing.proxy(p.source)
    p.replicate("now", master_port=proxy.port, heartbeat_period="500ms", master_read_timeout=2)
    p.changeling.wait_caught_up()
    connections, count = proxy.connections, proxy.count("down")
    wait_until(lambda: (p.changeling.row()["seconds_since_source_time"] or 0) > 5, 30, "five idle seconds", 0.2)
    assert proxy.connections == connections
    assert proxy.count("down") > count
    assert p.changeling.row()["state"] == "running"
