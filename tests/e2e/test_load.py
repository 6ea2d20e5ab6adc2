"""A mixed load leaves source and target identical, on each pair."""
from harness import Load


def test_mixed_load_with_definitions(pairing, pair, seed):
    p = pairing(*pair)
    start = p.source.position()
    p.changeling.change_master(start)
    load = Load(p.source, p.db, seed).prepare()
    p.changeling.run()
    load.run(4)
    p.changeling.wait_caught_up(120)
    rows = p.compare()
    print(f"{rows} rows are the same")
    assert load.transactions > 20 and load.ddl_statements > 2, "the load did next to nothing"
    assert p.changeling.stop() == 0


def test_a_backlog_is_caught_up_by_gtid(pairing, seed):
    """The load is over before the program starts: everything comes at once."""
    p = pairing("maria118", "maria118")
    start = ("gtid", p.source.gtid())
    if not start[1]:
        p.source.sql(f"CREATE DATABASE `{p.db}_first`")
        start = ("gtid", p.source.gtid())
    load = Load(p.source, p.db, seed).prepare()
    load.run(3)
    p.replicate(start)
    p.changeling.wait_caught_up(120)
    assert p.compare() > 0


def test_one_large_transaction(pairing):
    """Larger than what is kept in memory: it goes to the target as it arrives and commits at its end."""
    p = pairing()
    p.replicate("now", large_transaction_bytes="1M")
    p.source.sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
                 "CREATE TABLE big (id INT PRIMARY KEY, a VARCHAR(300), b INT, KEY (b)); "
                 "INSERT INTO big SELECT seq, REPEAT(CHAR(65 + seq % 26), 250), seq % 97 FROM seq_1_to_20000; "
                 "UPDATE big SET b = b + 1000; DELETE FROM big WHERE id % 3 = 0")
    p.changeling.wait_caught_up(120)
    assert p.compare() == 13334
