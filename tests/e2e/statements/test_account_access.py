"""Nobody gets into an account of the target that is shut on the source, and MySQL's roles keep their privileges on MariaDB."""
import pymysql
import pytest

A, B, M, O = "maria1011", "maria118", "mysql97", "mysql56"        # noqa: E741
HASH = "*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9"


def replicate(pool, pairing, source, target, statements, **options):
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.replicate("now", **options)
    with p.source.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(db=p.db, HASH=HASH))
    return p


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def grants(p, account):
    return " ".join(text(row[0]) for row in p.target.query(f"SHOW GRANTS FOR {account}"))


def enters(p, user):
    """Does an empty password let anybody in?"""
    try:
        pymysql.connect(host=p.target.host, port=p.target.port, user=user, password="", ssl={"check_hostname": False}).close()
    except pymysql.err.OperationalError as error:
        assert error.args[0] == 1045, error
        return False
    return True


def forget(p):
    p.changeling.stop()
    for user, host in p.target.query("SELECT user, host FROM mysql.user WHERE user LIKE %s", p.db + "%"):
        role = p.target.family == "mariadb" and not text(host)
        p.target.sql(f"DROP ROLE `{text(user)}`" if role else f"DROP USER '{text(user)}'@'{text(host)}'")


@pytest.mark.parametrize("source,target,create", [
    (A, M, "CREATE USER '{db}'@'%' IDENTIFIED BY PASSWORD '{HASH}'"),
    (M, A, "CREATE USER '{db}'@'%' IDENTIFIED BY 'x'"), (M, B, "CREATE USER '{db}'@'%' IDENTIFIED BY 'x'")])
def test_unlocking_opens_no_account_without_its_password(pool, pairing, source, target, create):
    p = replicate(pool, pairing, source, target,
                  [create, "ALTER USER '{db}'@'%' ACCOUNT LOCK", "ALTER USER '{db}'@'%' ACCOUNT UNLOCK"])
    try:
        p.changeling.wait_caught_up()
        assert not enters(p, p.db)
        p.target.sql(f"ALTER USER '{p.db}'@'%' IDENTIFIED BY ''")
        assert enters(p, p.db)
    finally:
        forget(p)


@pytest.mark.parametrize("source,target", [(O, A), (A, A), (A, M)])
def test_a_grant_opens_no_account(pool, pairing, source, target):
    """The target has not the account, which has a password on the source."""
    p = pairing(pool.fresh(source, "master", format="STATEMENT", gtid=False), target)
    p.source.sql(f"CREATE USER '{p.db}'@'%' IDENTIFIED BY 'x'; CREATE DATABASE `{p.db}`")
    p.replicate("now")
    try:
        p.source.sql(f"SET SESSION sql_mode = ''; GRANT SELECT ON `{p.db}`.* TO '{p.db}'@'%'")
        p.changeling.wait_caught_up()
        assert "SELECT ON" in grants(p, f"'{p.db}'@'%'") and not enters(p, p.db)
    finally:
        forget(p)


@pytest.mark.parametrize("target", [A, B])
def test_roles_of_mysql_are_roles_of_mariadb(pool, pairing, target):
    p = replicate(pool, pairing, M, target, [
        "CREATE DATABASE {db}", "CREATE USER '{db}_u'@'%'", "CREATE ROLE {db}_r, '{db}_s'@'%'",
        "GRANT INSERT ON {db}.* TO '{db}_r'@'%'", "GRANT '{db}_r'@'%', {db}_s TO '{db}_u'@'%'",
        "SET DEFAULT ROLE '{db}_r'@'%' TO '{db}_u'@'%'", "REVOKE '{db}_s'@'%' FROM '{db}_u'@'%'",
        "REVOKE IF EXISTS UPDATE ON {db}.* FROM '{db}_u'@'%' IGNORE UNKNOWN USER",
        "REVOKE IF EXISTS {db}_r FROM '{db}_nobody'@'%' IGNORE UNKNOWN USER",
        "ALTER USER '{db}_u'@'%' DISCARD OLD PASSWORD", "DROP ROLE '{db}_s'@'%'"])
    try:
        p.changeling.wait_caught_up()
        there = {(text(user), text(host)) for user, host in p.target.query(
            "SELECT user, host FROM mysql.user WHERE user LIKE %s", p.db + "%")}
        assert there == {(f"{p.db}_u", "%"), (f"{p.db}_r", "")}
        assert "INSERT ON" in grants(p, f"{p.db}_r") and "INSERT" not in grants(p, f"'{p.db}_u'@'%'").split("SET DEFAULT")[0]
        assert f"SET DEFAULT ROLE `{p.db}_r`" in grants(p, f"'{p.db}_u'@'%'")
        assert [row["rule"] for row in p.changeling.look("skipped")] == ["passwords"]
    finally:
        forget(p)


def test_a_grant_with_options_and_a_revoke_of_the_admin_option(pool, pairing):
    p = replicate(pool, pairing, A, M, [
        "CREATE DATABASE {db}", "CREATE TABLE {db}.t (a INT)", "CREATE USER '{db}'@'%'",
        "GRANT SELECT ON {db}.t TO '{db}'@'%' REQUIRE SSL", "CREATE ROLE {db}_r", "GRANT {db}_r TO '{db}'@'%' WITH ADMIN OPTION",
        "REVOKE ADMIN OPTION FOR {db}_r FROM '{db}'@'%'"])
    try:
        assert "takes back a role as a whole" in p.changeling.wait_error()["error"]
        assert "SELECT ON" in grants(p, f"'{p.db}'@'%'")
        assert "REQUIRE SSL" in text(p.target.query(f"SHOW CREATE USER '{p.db}'@'%'")[0][0])
    finally:
        forget(p)
