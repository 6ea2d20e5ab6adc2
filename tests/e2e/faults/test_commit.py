"""A connection that is lost around a COMMIT: before it arrived, or before its answer came back."""
import pytest

from harness import wait_until

from .proxy import proxies


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("when", ["before", "after"])
def test_commit_is_cut(pairing, when, workers):
    p = pairing(target=pairing.pool.get("maria1011", "plain"))
    p.both_sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.journal (n INT)")
    p.target.sql("CREATE USER IF NOT EXISTS 'admin'@'%' IDENTIFIED BY 'adminpw'; GRANT ALL ON *.* TO 'admin'@'%'")
    with proxies(p.target) as (proxy,):
        p.changeling.change_master(p.source.position(), target_port=proxy.port, target_ssl_mode="off",
                                   target_ssl_ca=None, replica_parallel_workers=workers)
        p.changeling.run()
        for number in range(15):
            before = proxy.commits_cut
            proxy.cut_commit(when)
            p.source.sql(f"INSERT INTO `{p.db}`.journal VALUES ({number})")
            wait_until(lambda: proxy.commits_cut > before, 20, "a COMMIT that is cut")
            wait_until(lambda: p.target.value(f"SELECT COUNT(*) FROM `{p.db}`.journal WHERE n = %s", number) == 1, 20,
                       f"row {number}")
        p.changeling.wait_caught_up()
        assert p.compare() == 15
        assert "whether it took place" in p.changeling.log_text()
