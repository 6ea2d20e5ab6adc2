"""A bank whose money is constant: whatever is merged, however many connections apply, and however often the program is
killed, a reader of the target never sees a sum that the master never had."""
import random
import threading

import pymysql
import pytest

ACCOUNTS, TABLES, START = 40, 3, 1000


class Bank:
    """Clients that move money between accounts of several tables, a transaction a move."""

    def __init__(self, server, database, seed, clients=3):
        self.server, self.database, self.seed, self.clients = server, database, seed, clients
        self.ended, self.moves, self.errors = threading.Event(), 0, []
        self.threads = []

    def prepare(self):
        values = ", ".join(f"({n}, {START}, '')" for n in range(ACCOUNTS))
        self.server.sql(f"CREATE DATABASE `{self.database}`")
        for table in range(TABLES):
            key = ", UNIQUE (tag)" if table == 1 else ""
            self.server.sql(f"CREATE TABLE a{table} (id INT PRIMARY KEY, money INT NOT NULL, note VARCHAR(40), "
                            f"tag INT AUTO_INCREMENT, KEY (tag){key}) ENGINE=InnoDB; "
                            f"INSERT INTO a{table} (id, money, note) VALUES {values}", self.database)
        return self

    def _client(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        connection = self.server.connect(self.database)
        try:
            while not self.ended.is_set():
                try:
                    with connection.cursor() as cursor:
                        self._move(rng, cursor)
                    connection.commit()
                    self.moves += 1
                except pymysql.OperationalError as error:
                    if error.args[0] not in (1205, 1213, 1020):
                        raise
                    connection.rollback()
        except Exception as error:              # seen by the test, not swallowed
            self.errors.append(error)
        finally:
            connection.close()

    def _move(self, rng, cursor):
        cursor.execute("BEGIN")
        for _ in range(rng.choice((1, 1, 2, 5))):
            amount = rng.randrange(1, 50)
            for sign in (-1, 1):
                table, account = rng.randrange(TABLES), rng.randrange(ACCOUNTS)
                if rng.random() < 0.1:          # an account that is closed and opened again
                    cursor.execute(f"SELECT money FROM a{table} WHERE id = {account} FOR UPDATE")
                    money = cursor.fetchone()[0]
                    cursor.execute(f"DELETE FROM a{table} WHERE id = {account}")
                    cursor.execute(f"INSERT INTO a{table} (id, money, note) VALUES ({account}, {money + sign * amount}, 'new')")
                else:
                    cursor.execute(f"UPDATE a{table} SET money = money + {sign * amount}, note = '{rng.random()}' "
                                   f"WHERE id = {account}")

    def __enter__(self):
        self.threads = [threading.Thread(target=self._client, args=(n,)) for n in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors


class Auditor:
    """Reads all tables in one snapshot, over and over."""

    def __init__(self, server, database):
        self.server, self.database = server, database
        self.ended, self.sums, self.reads = threading.Event(), set(), 0
        self.thread = threading.Thread(target=self._read)

    def _read(self):
        union = " UNION ALL ".join(f"SELECT money FROM a{table}" for table in range(TABLES))
        connection = self.server.connect(self.database)
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            while not self.ended.is_set():
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
                cursor.execute(f"SELECT SUM(money), COUNT(*) FROM ({union}) AS bank")
                self.sums.add(cursor.fetchone())
                cursor.execute("COMMIT")
                self.reads += 1
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


@pytest.mark.parametrize("source,target", [("maria1011", "maria1011"), ("mysql97", "mysql97")])
def test_a_reader_sees_only_states_of_the_master(pairing, seed, source, target):
    p = pairing(source, target)
    rng = random.Random(seed)
    start = p.source.position()
    bank = Bank(p.source, p.db, seed).prepare()
    p.changeling.change_master(start)
    p.changeling.run()
    p.changeling.wait_caught_up()
    with bank, Auditor(p.target, p.db) as auditor:
        for _ in range(6):
            p.changeling.kill9()
            p.changeling.change_master(None, replica_parallel_workers=rng.choice((1, 2, 4, 8)),
                                       merge_transactions=rng.choice((1, 3, 50, 1000)),
                                       merge_rows=rng.choice((1, 20, 5000)))
            p.changeling.run()
            p.changeling.pause(rng.uniform(0.5, 1.5))
    p.changeling.wait_caught_up(120)
    print(f"{bank.moves} moves, {auditor.reads} reads")
    assert auditor.reads > 20 and bank.moves > 50
    assert {(int(money), count) for money, count in auditor.sums} == {(ACCOUNTS * TABLES * START, ACCOUNTS * TABLES)}
    assert p.compare() == ACCOUNTS * TABLES


def test_commits_out_of_order_end_alike(pairing, seed):
    """Without the master's order: what a reader sees may differ, the end may not, nor may anything happen twice."""
    p = pairing()
    rng = random.Random(seed)
    start = p.source.position()
    bank = Bank(p.source, p.db, seed, clients=4).prepare()
    p.source.sql("CREATE TABLE journal (n INT AUTO_INCREMENT, KEY (n))", p.db)
    p.changeling.change_master(start, replica_preserve_commit_order="off", replica_parallel_workers=8,
                               merge_transactions=4)
    with bank:
        for _ in range(10):
            p.changeling.run()
            p.source.sql("INSERT INTO journal VALUES (), (), ()", p.db)
            p.changeling.pause(rng.uniform(0.2, 0.8))
            p.changeling.kill9()
    p.changeling.run()
    p.changeling.wait_caught_up(120)
    assert p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.journal") == 30
    assert p.compare() == ACCOUNTS * TABLES + 30
