"""Statements about accounts across the families, policies, passwords, and a stopped stream set going again."""
import pytest

from harness import binary

SECRET = "Zebra-Cross-91"
PAIRS = [("mysql56", "mysql97"), ("mysql56", "maria1011"), ("maria1011", "mysql97"), ("maria1011", "maria118"),
         ("mysql97", "mysql97"), ("mysql97", "maria118")]


def statements(kind, user):
    lines = [f"CREATE USER '{user}'@'%' IDENTIFIED BY '{SECRET}'", f"GRANT SELECT, INSERT ON `{user}`.* TO '{user}'@'%'",
             f"CREATE USER '{user}_b'@'10.%'", f"RENAME USER '{user}_b'@'10.%' TO '{user}_c'@'10.%'",
             f"GRANT ALL ON *.* TO '{user}_c'@'10.%' WITH GRANT OPTION",
             f"REVOKE INSERT ON `{user}`.* FROM '{user}'@'%'"]
    if kind == "mysql56":
        lines += [f"SET PASSWORD FOR '{user}'@'%' = PASSWORD('{SECRET}x')",
                  f"GRANT USAGE ON *.* TO '{user}_d'@'%' IDENTIFIED BY '{SECRET}y'"]
    elif kind == "maria1011":
        lines += [f"SET PASSWORD FOR '{user}'@'%' = PASSWORD('{SECRET}x')",
                  f"GRANT USAGE ON *.* TO '{user}_d'@'%' IDENTIFIED BY '{SECRET}y'",
                  f"ALTER USER '{user}'@'%' IDENTIFIED BY '{SECRET}z'", f"CREATE ROLE {user}_r", f"GRANT {user}_r TO '{user}'@'%'"]
    else:
        lines += [f"ALTER USER '{user}'@'%' IDENTIFIED BY '{SECRET}x'", f"SET PASSWORD FOR '{user}'@'%' = '{SECRET}z'",
                  f"CREATE ROLE {user}_r", f"GRANT {user}_r TO '{user}'@'%'", f"CREATE USER '{user}_d'@'%'"]
    return lines + [f"DROP USER '{user}_d'@'%'"]


def forget(p):
    p.changeling.stop()
    for server in (p.source, p.target):
        for user, host in server.query("SELECT user, host FROM mysql.user WHERE user LIKE %s", p.db + "%"):
            role = server.family == "mariadb" and not host
            server.sql(f"DROP ROLE `{_text(user)}`" if role else f"DROP USER '{_text(user)}'@'{_text(host)}'")


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def no_secret(p):
    for path in p.changeling.folder.rglob("*"):
        if path.is_file() and not path.name.endswith(".password"):
            assert SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("source,target", PAIRS, ids=lambda value: value)
def test_accounts_are_translated(pairing, source, target):
    p = pairing(source, target)
    p.replicate("now", accounts="translate")
    try:
        p.source.sql(f"CREATE DATABASE `{p.db}`")
        for statement in statements(source, p.db):
            p.source.sql(statement)
        p.changeling.wait_caught_up()
        there = {(_text(user), _text(host)) for user, host in p.target.query(
            "SELECT user, host FROM mysql.user WHERE user LIKE %s AND user NOT LIKE %s", p.db + "%", "%\\_r")}
        assert there == {(p.db, "%"), (f"{p.db}_c", "10.%")}
        grants = " ".join(row[0] for row in p.target.query(f"SHOW GRANTS FOR '{p.db}'@'%'"))
        assert "SELECT ON" in grants and "INSERT" not in grants
        many = " ".join(row[0] for row in p.target.query(f"SHOW GRANTS FOR '{p.db}_c'@'10.%'"))
        assert "INSERT" in many and "SUPER" not in many and "SHUTDOWN" not in many
        no_secret(p)
    finally:
        forget(p)


@pytest.mark.parametrize("policy", ["skip", "stop"])
def test_accounts_by_policy(pairing, policy):
    p = pairing("maria1011", "maria1011")
    p.replicate("now", accounts=policy)
    try:
        p.source.sql(f"CREATE USER '{p.db}'@'%' IDENTIFIED BY '{SECRET}'")
        if policy == "stop":
            row = p.changeling.wait_error()
            assert "CREATE USER" in row["error"] and SECRET not in row["error"]
            done = p.changeling.execute([binary(), "replace", f"--state={p.changeling.state}"],
                                        text=f"CREATE DATABASE `{p.db}_instead`")
            assert done.code == 0, done
            p.changeling.run()
        p.changeling.wait_caught_up()
        assert p.target.query("SELECT user FROM mysql.user WHERE user = %s", p.db) == []
        assert (f"{p.db}_instead" in p.target.databases()) == (policy == "stop")
        assert len(p.changeling.look("skipped")) == 1
        no_secret(p)
    finally:
        forget(p)


def test_a_stop_is_retried_once_the_target_has_changed(pairing):
    p = pairing("maria1011", "maria1011")
    p.replicate("now")
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (a INT)")
    p.changeling.wait_caught_up()
    p.target.sql(f"RENAME TABLE `{p.db}`.t TO `{p.db}`.away")
    p.source.sql(f"SET SESSION binlog_format = STATEMENT; INSERT INTO `{p.db}`.t VALUES (1)")
    row = p.changeling.wait_error()
    assert "1146" in row["error"]
    p.target.sql(f"RENAME TABLE `{p.db}`.away TO `{p.db}`.t")
    p.changeling.after_error("retry")
    p.changeling.wait_caught_up()
    assert p.compare() == 1
