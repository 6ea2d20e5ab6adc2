"""Stopped and started by the operator while there is work: nothing is lost, and nothing is done twice."""
from harness import wait_until


def pause(p):
    assert p.changeling.command("stop").code == 0
    p.changeling.wait_state("paused")


def go_on(p):
    assert p.changeling.command("start").code == 0
    p.changeling.wait_state("running")


def count(p, table):
    return p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.`{table}`")


def blocked(p):
    """Does a statement on the target wait for a lock?"""
    return p.target.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%'") or \
        p.target.value("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")


def stop_and_start_while_blocked(p, holder):
    # InnoDB's view stays as it is while it is looked at more often than each tenth of a second
    wait_until(lambda: blocked(p), 20, "a lock to be waited for", pause=0.2)
    pause(p)
    assert p.changeling.command("start").code == 0
    # it reads again behind what is under way, which has time to begin anew here if it were to
    p.changeling.pause(0.7)
    holder.close()
    p.changeling.wait_state("running")
    p.changeling.wait_caught_up()
    assert p.compare()


def test_in_a_backlog(pairing):
    """By file, where nothing but the position tells what has been applied; rows that no key makes one of."""
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.k (n INT)")
    p.changeling.change_master(p.source.position())
    rows = 12000
    p.source.sql("BEGIN NOT ATOMIC DECLARE i INT DEFAULT 0; "
                 f"WHILE i < {rows} DO INSERT INTO `{p.db}`.k VALUES (i); SET i = i + 1; END WHILE; END")
    p.changeling.run()
    for share in (1, 2, 3):
        wait_until(lambda share=share: count(p, "k") >= rows * share // 5, 30, "a part of the backlog")
        pause(p)
        go_on(p)
    p.changeling.wait_caught_up()
    assert p.compare()
    assert count(p, "k") == rows


def holder_of(p, statement):
    """Somebody on the target whose transaction keeps its locks."""
    connection = p.target.connect(database=p.db)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(statement)
        cursor.fetchall()
    return connection


def test_while_a_definition_waits(pairing):
    p = pairing()
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY)")
    p.changeling.wait_caught_up()
    holder = holder_of(p, "SELECT COUNT(*) FROM t")
    p.source.sql(f"ALTER TABLE `{p.db}`.t ADD COLUMN v INT; INSERT INTO `{p.db}`.t VALUES (1, 2)")
    stop_and_start_while_blocked(p, holder)


def test_while_a_transaction_that_runs_alone_waits(pairing):
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY); "
               f"CREATE TABLE `{p.db}`.k (n INT)")
    p.replicate("now")
    p.changeling.wait_caught_up()
    holder = holder_of(p, "INSERT INTO t VALUES (1)")
    p.source.sql(f"XA START '{p.db}'; INSERT INTO `{p.db}`.k VALUES (1), (2); INSERT INTO `{p.db}`.t VALUES (1); "
                 f"XA END '{p.db}'; XA PREPARE '{p.db}'; XA COMMIT '{p.db}'; INSERT INTO `{p.db}`.k VALUES (3)")
    stop_and_start_while_blocked(p, holder)


def test_amid_a_large_transaction(pairing):
    """Its parts on the target are rolled back, and come again from the first."""
    p = pairing()
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.k (n INT, v VARCHAR(1000))")
    p.changeling.change_master(p.source.position(), large_transaction_bytes="64K")
    with p.source.connect(database=p.db) as client, client.cursor() as cursor:
        cursor.execute("BEGIN")
        for first in range(0, 20000, 500):
            cursor.execute("INSERT INTO k VALUES " + ", ".join(f"({n}, REPEAT('x', 500))" for n in range(first, first + 500)))
        cursor.execute("COMMIT")
        cursor.execute("INSERT INTO k VALUES (-1, 'behind')")
    p.changeling.run()
    with p.target.connect(database=p.db) as reader, reader.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")

        def there(number):
            cursor.execute("SELECT COUNT(*) FROM k")
            return cursor.fetchone()[0] >= number

        wait_until(lambda: there(2000), 30, "parts of the transaction")
        pause(p)
        # nothing stays open on the target while paused
        wait_until(lambda: count(p, "k") == 0 and not there(1), 20, "the parts to be rolled back")
    go_on(p)
    p.changeling.wait_caught_up()
    assert p.compare()
    assert count(p, "k") == 20001


def test_while_the_target_is_away(pairing, pool):
    """Tried again at intervals, not in a loop without a pause."""
    target = pool.fresh("maria1011", "rds")
    p = pairing("maria1011", target)
    p.replicate("now")
    p.changeling.wait_caught_up()
    pause(p)
    target.kill9()
    wait_until(lambda: p.changeling.row()["retries"] >= 2, 30, "attempts")
    before = p.changeling.row()["retries"]
    p.changeling.pause(3)
    assert p.changeling.row()["retries"] - before < 20
    target.start()
    go_on(p)
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    p.changeling.wait_caught_up()
    assert p.db in target.databases()


def test_before_anything_is_read(pairing):
    """Paused while the source cannot be reached, so that nothing has been applied yet."""
    p = pairing()
    proxy = p.maker.proxy(p.source)
    p.changeling.change_master("now", master_port=proxy.port)
    proxy.refuse()
    p.changeling.run("--wait", wait=False)
    p.changeling.wait_state("connecting")
    wait_until(lambda: p.changeling.row()["retries"] >= 1, 20, "an attempt")
    pause(p)
    proxy.accept()
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    go_on(p)
    p.changeling.wait_caught_up()
    assert p.db in p.target.databases()
