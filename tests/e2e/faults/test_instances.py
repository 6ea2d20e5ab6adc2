"""Two instances of one channel: one replicates, the other waits; who has lost the channel ends and says so."""
import random
import re
import signal

import pytest

from harness import Load, wait_until


def two(p, **options):
    """Two state directories with the same channel and target, as on two machines."""
    first = p.changeling
    second = p.another(channel=first.channel)
    first.change_master(p.source.position(), **options)
    second.state.mkdir(mode=0o700)
    for path in first.state.glob("*.cnf"):
        copy = second.state / path.name
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o600)
    return first, second


def insert(p, number):
    p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")


def arrived(p, number, seconds=30):
    wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.journal WHERE n = %s", number) == 1, seconds,
               f"row {number}")


def prepared(pairing):
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT)")
    return p


def test_standby_takes_over_from_a_dead_owner(pairing):
    p = prepared(pairing)
    first, second = two(p)
    first.run()
    insert(p, 1)
    arrived(p, 1)
    second.run(wait=False)
    second.wait_state("waiting")
    first.kill9()
    insert(p, 2)
    arrived(p, 2, 15)
    assert p.compare() == 2


@pytest.mark.parametrize("heal", ["plain", "connections-lost"])
def test_stalled_owner_wakes_up_fenced(pairing, heal):
    p = prepared(pairing)
    proxy = pairing.proxy(p.target)
    first, second = two(p, target_port=proxy.port)
    first.run()
    insert(p, 1)
    arrived(p, 1)
    second.run(wait=False)
    second.wait_state("waiting")
    first.freeze()
    insert(p, 2)
    arrived(p, 2, 30)
    if heal == "connections-lost":
        # what it notices first is that its connections are gone, not that the epoch is another's
        proxy.reset()
        second.wait_state("connecting", "running")
    first.process.send_signal(signal.SIGCONT)
    insert(p, 3)
    assert first.wait_exit(30) == 1
    assert "kind=fenced" in first.log_text(this_run=True)
    arrived(p, 3)
    assert second.running()
    assert p.compare() == 3


def test_connections_are_listed_before_they_write(pairing, pool):
    """Whoever takes over from a silent owner ends the connections that it finds listed: there must be none that writes unlisted."""
    p = pairing("maria1011", pool.fresh("maria1011", "rds"))
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; " +
               "".join(f"CREATE TABLE t{i} (id INT PRIMARY KEY, n INT); INSERT INTO t{i} VALUES (1, 0);" for i in range(4)))
    p.changeling.change_master(p.source.position(), replica_parallel_workers=4, merge_transactions=1)
    for number in range(40):
        p.source.sql(f"UPDATE `{p.db}`.t{number % 4} SET n = n + 1")
    p.target.sql("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
    p.changeling.run_until("now")
    p.target.sql("SET GLOBAL general_log = 0")
    # in the order in which they were written (the table is a file); a packet of several statements is one row
    calls = p.target.query("SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query'")
    first = {}
    for thread, text in calls:
        if "START TRANSACTION" in text and f"`{p.db}`.`t" in text:
            first.setdefault(thread, text)
    assert first
    for thread, text in first.items():
        assert re.match(rf"UPDATE \S+\.instance SET connections = CONCAT\(connections, ',{thread}'\)", text), text
    assert p.compare() == 4


@pytest.mark.slow
def test_both_are_stopped_and_killed_at_random(pairing, seed):
    p = pairing()
    rng = random.Random(seed)
    first, second = two(p, replica_parallel_workers=3)
    load = Load(p.source, p.db, seed, clients=2).prepare()
    both = [first, second]
    done = []
    with load:
        for one in both:
            one.run(wait=False)
        for _ in range(12):
            one = rng.choice(both)
            what, seconds = rng.choice(("stop", "stop", "kill", "term")), rng.uniform(0.2, 5)
            done.append(f"{both.index(one)} {what} {seconds:.1f}")
            if one.running():
                one.process.send_signal({"stop": signal.SIGSTOP, "kill": signal.SIGKILL, "term": signal.SIGTERM}[what])
            one.pause(seconds)
            if what == "stop" and one.running():
                one.process.send_signal(signal.SIGCONT)
            for each in both:
                if not each.running() or (each is one and what != "stop"):
                    if each.process is not None:
                        code = each.wait_exit()
                        fenced = "kind=fenced" in each.log_text(this_run=True)
                        assert code in (0, -9, -15) or (code == 1 and fenced), f"{code} {done}\n{each.log_tail()}"
                    each.run(wait=False)
    print("; ".join(done))
    for each in both:
        if not each.running():
            each.process = None
            each.run(wait=False)
    number = p.source.value(f"SELECT COUNT(*) FROM `{p.db}`.journal") + 1
    p.source.sql(f"CREATE TABLE `{p.db}`.finish (n INT)")
    p.source.sql(f"INSERT INTO `{p.db}`.finish VALUES ({number})")
    wait_until(lambda: p.target.query("SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND "
                                      "table_name = 'finish'", p.db)
               and p.target.value(f"SELECT n FROM `{p.db}`.finish") == number, 90,
               lambda: "the end\n" + first.log_tail() + "\n" + second.log_tail())
    assert p.compare() > 0
